// Batches and trials. Sends "stop", "resume", "open" and "delete" with the batch's id; the second click on "delete" means it.
// A number in an answer points at the source below.
element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act]");
  const source = button?.dataset.act === "cite" && element.querySelector(`.cm-source[data-n="${Number(button.dataset.n)}"]`);
  if (source) {
    element.querySelectorAll(".cm-source.on").forEach((other) => other.classList.remove("on"));
    source.classList.add("on");
    source.scrollIntoView({ block: "nearest", behavior: "smooth" });
    return;
  }
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
