// Lessons. Sends "choose", "guess", "run" and "stop"; a slider stands for a row of values.
const shown = (slider) => {
  slider.closest("label").querySelector("output").textContent = slider.dataset.shown.split("|")[slider.value];
};
element.addEventListener("input", (event) => {
  if (event.target.type === "range") shown(event.target);
});
element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act]");
  if (!button) return;
  const { act, lesson, guess } = button.dataset;
  if (act === "choose") {
    trigger("choose", { lesson });
    if (window.coursemate.narrow()) document.querySelector("#cm-lesson-middle")?.scrollIntoView({ behavior: "smooth" });
  }
  if (act === "guess") trigger("guess", { guess: Number(guess) });
  if (act === "stop") {
    button.disabled = true;
    trigger("stop", {});
  }
});
element.addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target;
  const values = Object.fromEntries(new FormData(form));
  for (const slider of form.querySelectorAll("input[type=range]")) {
    values[slider.dataset.name] = slider.dataset.values.split("|")[slider.value];
  }
  trigger("run", { lesson: form.dataset.lesson, values });
});
