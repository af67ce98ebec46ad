// A comparison: citations, votes, suggestions, earlier rounds. Sends "cite", "decide", "suggest" and "choose"; keeps the round in the address.
const focusSource = (card) => {
  document.querySelectorAll("#cm-side-right .cm-source.on").forEach((other) => other.classList.remove("on"));
  card.classList.add("on");
  card.scrollIntoView({ block: "nearest", behavior: "smooth" });
  card.focus({ preventScroll: true });
};
const address = () => {
  const listing = element.querySelector("[data-round]");
  if (!listing) return;
  const url = new URL(location.href);
  const { round } = listing.dataset;
  if (round) url.searchParams.set("m", round);
  else url.searchParams.delete("m");
  if (url.href !== location.href) history.replaceState(history.state, "", url);
};
watch("value", () => {
  address();
  if (element.querySelector(".cm-q") && window.coursemate.narrow()) setTimeout(() => element.scrollIntoView({ behavior: "smooth" }), 200);
});

element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act]");
  if (!button) return;
  const { act } = button.dataset;
  if (act === "cite") {
    const card = document.querySelector(`#cm-side-right [data-n="${Number(button.dataset.n)}"]`);
    if (card) focusSource(card);
    const place = Number(button.closest(".cm-rival").dataset.place);
    trigger("cite", { place, n: Number(button.dataset.n) });
  }
  if (act === "decide") trigger("decide", { verdict: button.dataset.verdict });
  if (act === "suggest") trigger("suggest", { text: button.dataset.text });
  if (act === "choose") trigger("choose", { id: button.dataset.id });
});
