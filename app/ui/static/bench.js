// The tab's lists, forms and boxes. A [data-act] sends the event of its name with the data around it; what has data-sure asks twice.
const ACTS = ["choose", "remove", "part", "turn", "tokens", "method", "stop", "resume", "to_adapter", "use", "unuse"];
const FORMS = ["make", "probe", "start", "rename", "ask", "evaluate"];
const counted = () => {
  const form = element.querySelector(".cm-make");
  const boxes = form ? [...form.querySelectorAll("input[name=document]")] : [];
  if (!boxes.length) return;
  const chosen = boxes.filter((box) => box.checked).length;
  const words = form.querySelector(".cm-chosen");
  words.textContent = chosen === boxes.length ? words.dataset.all : `${chosen}/${boxes.length}`;
  form.querySelector(".cm-primary").disabled = !chosen;
};
watch("value", counted);
counted();

const around = (button) => {
  const data = { ...button.dataset };
  for (const holder of [button.closest("[data-name]"), button.closest("article")]) {
    for (const [name, value] of Object.entries(holder?.dataset ?? {})) data[name] ??= value;
  }
  delete data.act;
  return data;
};
element.addEventListener("change", counted);
element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act]");
  if (!button) return;
  const { act, sure } = button.dataset;
  if (act === "all" || act === "none") {
    for (const box of element.querySelectorAll("input[name=document]")) box.checked = act === "all";
    counted();
    return;
  }
  if (sure && !button.dataset.asked) {
    button.dataset.asked = "yes";
    button.classList.add("cm-danger");
    button.insertAdjacentHTML("beforeend", `<span class="cm-ask">${sure}</span>`);
    setTimeout(() => {
      delete button.dataset.asked;
      button.classList.remove("cm-asked");
      button.querySelector(".cm-ask")?.remove();
    }, 4000);
    return;
  }
  if (!ACTS.includes(act)) return;
  trigger(act, around(button));
  const stage = button.closest(".cm-col-left")?.nextElementSibling;
  if (stage && window.coursemate.narrow()) stage.scrollIntoView({ behavior: "smooth" });
});
element.addEventListener("input", (event) => {
  if (event.target.type !== "range") return;
  const output = event.target.closest("label").querySelector("output");
  if (output) output.textContent = Number(event.target.value).toFixed(2);
});
element.addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target;
  const values = Object.fromEntries(new FormData(form));
  if (form.matches(".cm-make:not([data-event])")) {
    values.documents = new FormData(form).getAll("document");
    trigger("make", values);
  } else if (form.matches(".cm-recipe")) {
    trigger(event.submitter?.value === "probe" ? "probe" : "start", { method: form.dataset.method, values });
  } else if (FORMS.includes(form.dataset.event)) {
    trigger(form.dataset.event, { ...around(form), ...values });
  }
});
