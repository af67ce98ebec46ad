// The questions of a set. Sends "filtered", "prove", "accept", "edit", "drop" and "accept_all" with what this window shows.
const root = () => element.querySelector(".cm-questions");
const view = (changes = {}) => ({ ...root().dataset, ...changes });
const card = (target) => target.closest(".cm-question");
const about = (target) => view({ id: card(target).dataset.id, seen: card(target).dataset.seen });

element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act]");
  const act = button?.dataset.act;
  if (!act) return;
  if (act === "show") trigger("filtered", view({ show: button.dataset.show, shown: 0 }));
  if (act === "more") trigger("filtered", view({ shown: Number(button.dataset.next) }));
  if (act === "accept-all") trigger("accept_all", view());
  if (act === "accept" || act === "drop") trigger(act, about(button));
  if (act === "prove") {
    element.querySelectorAll(".cm-question.on").forEach((other) => other.classList.remove("on"));
    card(button).classList.add("on");
    root().dataset.chosen = card(button).dataset.id;
    trigger("prove", about(button));
    if (window.coursemate.narrow()) document.querySelector("#cm-proof-box")?.scrollIntoView({ behavior: "smooth" });
  }
  if (act === "edit") {
    const form = card(button).querySelector(".cm-set-edit");
    form.hidden = !form.hidden;
    if (!form.hidden) form.querySelector("textarea").focus();
    trigger("prove", about(button));
  }
  if (act === "edit-no") card(button).querySelector(".cm-set-edit").hidden = true;
});
element.addEventListener("change", (event) => {
  if (event.target.dataset.act === "tag") trigger("filtered", view({ tag: event.target.value, shown: 0 }));
});
element.addEventListener("submit", (event) => {
  event.preventDefault();
  trigger("edit", { ...about(event.target), fields: Object.fromEntries(new FormData(event.target)) });
});
