// The list of question sets, the form that makes one, and its progress. Sends "choose", "rename", "remove", "collect", "make" and "stop".
const counted = () => {
  const form = element.querySelector(".cm-make");
  if (!form) return;
  const boxes = [...form.querySelectorAll("input[name=document]")];
  const chosen = boxes.filter((box) => box.checked).length;
  const words = form.querySelector(".cm-chosen");
  words.textContent = chosen === boxes.length ? words.dataset.all : `${chosen}/${boxes.length}`;
  form.querySelector(".cm-primary").disabled = !chosen;
};
watch("value", counted);
counted();

element.addEventListener("change", counted);
element.addEventListener("click", (event) => {
  const act = event.target.closest("[data-act]")?.dataset.act;
  if (!act) return;
  const row = event.target.closest(".cm-set");
  const where = { set: row?.dataset.set, shipped: row?.dataset.shipped };
  const sure = (show) => {
    row.querySelector(".cm-sure").hidden = !show;
    row.querySelector(".cm-set-acts").hidden = show;
  };
  if (act === "choose") {
    trigger("choose", where);
    if (window.coursemate.narrow()) document.querySelector("#cm-questions-box")?.scrollIntoView({ behavior: "smooth" });
  }
  if (act === "collect") trigger("collect", {});
  if (act === "stop") trigger("stop", {});
  if (act === "delete") sure(true);
  if (act === "delete-no") sure(false);
  if (act === "delete-yes") trigger("remove", where);
  if (act === "rename") {
    const form = row.querySelector(".cm-set-rename");
    form.hidden = !form.hidden;
    if (!form.hidden) form.querySelector("input").select();
  }
  if (act === "all" || act === "none") {
    for (const box of element.querySelectorAll("input[name=document]")) box.checked = act === "all";
    counted();
  }
});
element.addEventListener("submit", (event) => {
  event.preventDefault();
  const row = event.target.closest(".cm-set");
  if (row) {
    trigger("rename", { set: row.dataset.set, title: event.target.querySelector("input").value });
    return;
  }
  const form = new FormData(event.target);
  trigger("make", { count: Number(form.get("count")), backend: form.get("backend"), documents: form.getAll("document") });
});
