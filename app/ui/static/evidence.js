// The evidence panel: points at one source, by a click on its number in the answer or when the server says so.
window.coursemate.focusSource = (card) => {
  document.querySelectorAll("#cm-right .cm-source.on").forEach((other) => other.classList.remove("on"));
  card.classList.add("on");
  card.scrollIntoView({ block: "nearest", behavior: "smooth" });
  card.focus({ preventScroll: true });
};
watch("value", () => {
  const card = element.querySelector(".cm-source.on");
  if (card) window.coursemate.focusSource(card);
});
