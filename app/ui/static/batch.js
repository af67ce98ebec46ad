// Batches. Sends "stop", "resume", "open" and "delete" with the batch's id; the second click on "delete" means it.
element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act]");
  const card = event.target.closest("[data-id]");
  if (!button || !card) return;
  const { act } = button.dataset;
  if (act === "delete" && !button.dataset.sure) {
    button.dataset.sure = "yes";
    button.textContent = `${button.textContent}?`;
    return;
  }
  trigger(act, { id: card.dataset.id });
  if (act === "open" && window.coursemate.narrow()) {
    setTimeout(() => document.querySelector("#cm-batch-right")?.scrollIntoView({ behavior: "smooth" }), 300);
  }
});
