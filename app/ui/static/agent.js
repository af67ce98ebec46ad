// The agent's tab: example tasks, steps, citations, conversations. Sends "suggest", "cite", "choose" and "delete".
const opened = new Set();
const right = () => document.querySelector("#cm-agent-right");
element.addEventListener(
  "toggle",
  (event) => {
    const { step } = event.target.dataset;
    if (!step || event.target.closest("[data-turn]")) return;
    if (event.target.open) opened.add(step);
    else opened.delete(step);
  },
  true,
);
watch("value", () => {
  const live = element.querySelector(".cm-turn:not([data-turn])");
  if (!live) opened.clear();
  live?.querySelectorAll("details[data-step]").forEach((one) => (one.open = opened.has(one.dataset.step)));
  const scroll = element.closest("#cm-agent-scroll");
  if (scroll) scroll.scrollTop = scroll.scrollHeight;
});
const pointAt = (turn, n) => {
  const shown = right()?.querySelector(".cm-evidence");
  const card = shown?.querySelector(`[data-n="${n}"]`);
  if (card && (!turn || Number(shown.dataset.turn) === turn)) {
    right().querySelectorAll(".cm-source.on").forEach((other) => other.classList.remove("on"));
    card.classList.add("on");
    card.scrollIntoView({ block: "nearest", behavior: "smooth" });
    card.focus({ preventScroll: true });
  } else if (turn) trigger("cite", { turn, n });
};
element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act]");
  if (!button) return;
  const { act } = button.dataset;
  if (act === "suggest") trigger("suggest", { text: button.dataset.text });
  if (act === "cite") {
    event.preventDefault();
    pointAt(Number(button.closest(".cm-turn")?.dataset.turn || 0), Number(button.dataset.n));
  }
  const id = button.closest(".cm-conversation")?.dataset.id;
  if (act === "open") trigger("choose", { id });
  if (act === "delete") trigger("delete", { id });
});
