// An answer in the prompt lab: a number in it points at the source below. Sends nothing.
element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act=cite]");
  const source = button && document.querySelector(`#cm-lab-sources [data-n="${Number(button.dataset.n)}"]`);
  if (!source) return;
  document.querySelectorAll("#cm-lab-sources .cm-source.on").forEach((other) => other.classList.remove("on"));
  source.classList.add("on");
  source.scrollIntoView({ block: "nearest", behavior: "smooth" });
});
