// What study aids are made from, their progress and the kept sets. Sends "make", "stop", "choose" and "remove".
const counted = () => {
  const form = element.querySelector(".cm-study-form");
  if (!form) return;
  const boxes = [...form.querySelectorAll("input[name=document]")];
  const chosen = boxes.filter((box) => box.checked).length;
  const words = form.querySelector(".cm-chosen");
  words.textContent = chosen === boxes.length ? words.dataset.all : `${chosen}/${boxes.length}`;
  form.querySelector(".cm-primary").disabled = !chosen;
  const kind = form.querySelector("[name=kind]");
  form.querySelector(".cm-weeks-hint").hidden = kind.value !== "guide";
  form.querySelector(".cm-with").hidden = kind.value !== "quiz";
};
watch("value", counted);
counted();

element.addEventListener("change", (event) => {
  if (event.target.name === "kind") {
    element.querySelector("[name=count]").value = event.target.selectedOptions[0].dataset.count;
  }
  counted();
});
element.addEventListener("click", (event) => {
  const act = event.target.closest("[data-act]")?.dataset.act;
  const set = event.target.closest(".cm-set")?.dataset.set;
  if (act === "choose") {
    trigger("choose", { set });
    if (window.coursemate.narrow()) document.querySelector("#cm-study-box")?.scrollIntoView({ behavior: "smooth" });
  }
  if (act === "delete") trigger("remove", { set });
  if (act === "stop") trigger("stop", {});
  if (act === "all" || act === "none") {
    for (const box of element.querySelectorAll("input[name=document]")) box.checked = act === "all";
    counted();
  }
});
element.addEventListener("submit", (event) => {
  event.preventDefault();
  const form = new FormData(event.target);
  trigger("make", {
    kind: form.get("kind"),
    count: Number(form.get("count")),
    backend: form.get("kind") === "quiz" ? form.get("backend") : "",
    documents: form.getAll("document"),
    seed: Math.floor(Math.random() * 1e6),
  });
});
