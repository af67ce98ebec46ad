// A summary: citations, stop, go on, and the Markdown file. Sends "stop" and "resume".
const point = (card) => {
  document.querySelectorAll("#cm-summary-right .cm-source.on").forEach((other) => other.classList.remove("on"));
  card.classList.add("on");
  card.scrollIntoView({ block: "nearest", behavior: "smooth" });
  card.focus({ preventScroll: true });
};
const save = ({ markdown, name }) => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([markdown], { type: "text/markdown" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
};
document.getElementById("cm-summary-start")?.addEventListener("click", () => {
  if (window.innerWidth <= 1000) element.scrollIntoView({ block: "start", behavior: "smooth" });  // else it grows out of sight
});
element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act]");
  if (!button) return;
  const { act } = button.dataset;
  if (act === "cite") {
    const card = document.querySelector(`#cm-summary-right [data-n="${Number(button.dataset.n)}"]`);
    if (card) point(card);
  }
  if (act === "stop") trigger("stop");
  if (act === "resume") trigger("resume");
  if (act === "export") save(button.dataset);
});
