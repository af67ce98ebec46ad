// A study set: a quiz answered on the server, cards flipped here. Sends "answer", "again" and "source".
const root = () => element.querySelector(".cm-study");
const key = () => `coursemate-card-${root()?.dataset.set}`;
const cards = () => [...element.querySelectorAll(".cm-card")];
const at = () => Math.min(Math.max(0, Number(localStorage.getItem(key())) || 0), cards().length - 1);
const show = (number = at()) => {
  const sheets = cards();
  if (!sheets.length) return;
  localStorage.setItem(key(), number);
  sheets.forEach((sheet, index) => {
    sheet.hidden = index !== number;
    turn(sheet, false);
  });
  element.querySelector(".cm-deck-at").textContent = `${number + 1} / ${sheets.length}`;
  element.querySelector(".cm-deck-acts [data-act=previous]").disabled = number === 0;
  element.querySelector(".cm-deck-acts [data-act=next]").disabled = number === sheets.length - 1;
};
const turn = (sheet, back) => {
  sheet.querySelector(".cm-card-back").hidden = !back;
  sheet.classList.toggle("cm-card-turned", back);
};
watch("value", () => show());
show();

element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act]");
  const act = button?.dataset.act;
  if (!act) return;
  const set = root().dataset.set;
  if (act === "answer") {
    const item = button.closest(".cm-study-item");
    item.querySelectorAll("button").forEach((other) => (other.disabled = true));
    trigger("answer", { set, id: item.dataset.id, given: button.dataset.given });
  }
  if (act === "again") trigger("again", { set });
  if (act === "source") {
    trigger("source", { set, id: button.dataset.id });
    if (window.coursemate.narrow()) document.querySelector("#cm-study-source")?.scrollIntoView({ behavior: "smooth" });
  }
  if (act === "flip") {
    const sheet = cards()[at()];
    turn(sheet, sheet.querySelector(".cm-card-back").hidden);
  }
  if (act === "previous") show(Math.max(0, at() - 1));
  if (act === "next") show(Math.min(cards().length - 1, at() + 1));
});
element.addEventListener("submit", (event) => {
  event.preventDefault();
  const item = event.target.closest(".cm-study-item");
  const given = event.target.querySelector("input").value.trim();
  if (given) trigger("answer", { set: root().dataset.set, id: item.dataset.id, given });
});
