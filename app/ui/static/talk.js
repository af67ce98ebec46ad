// Questions and answers: chips, copying, repeating, editing, rating. Sends "suggest", "again", "cite" and "rate".
const turnOf = (node) => Number(node.closest(".cm-turn")?.dataset.turn || 0);
if (element.closest("#cm-thread")) {
  element.setAttribute("role", "log");
  element.setAttribute("aria-live", "polite");
}

const pointAt = (turn, n) => {
  const shown = document.querySelector("#cm-right .cm-evidence");
  if (window.coursemate.narrow()) window.coursemate.drawer("right", true);
  const card = shown?.querySelector(`[data-n="${n}"]`);
  if (card && (!turn || Number(shown.dataset.turn) === turn)) window.coursemate.focusSource(card);
  else if (turn) trigger("cite", { turn, n });
};

const copy = async (article) => {
  const clone = article.querySelector(".cm-body, p").cloneNode(true);
  clone.querySelectorAll(".cm-chip").forEach((chip) => (chip.textContent = `[${chip.textContent}]`));
  const text = clone.innerText.trim();
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = Object.assign(document.createElement("textarea"), { value: text });
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
};

const edit = (row) => {
  const bubble = row.querySelector(".cm-q");
  const area = Object.assign(document.createElement("textarea"), { value: bubble.innerText.trim(), className: "cm-edit" });
  area.setAttribute("aria-label", row.querySelector("[data-act=edit]").getAttribute("aria-label"));
  const close = () => {
    area.remove();
    bubble.hidden = false;
  };
  area.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    const text = area.value.trim();
    const turn = turnOf(row);
    close();
    if (text) trigger("again", { turn, text });
  });
  bubble.hidden = true;
  bubble.after(area);
  area.focus();
};

const vote = (button) => {
  const on = button.getAttribute("aria-pressed") !== "true";
  const article = button.closest("article");
  article.querySelectorAll("[data-act=vote]").forEach((b) => b.setAttribute("aria-pressed", String(b === button && on)));
  article.querySelector(".cm-reason").hidden = !on;
  trigger("rate", { turn: turnOf(button), vote: on ? Number(button.dataset.vote) : 0, reason: "" });
};

const giveReason = (form, reason) => {
  const pressed = form.closest("article").querySelector("[data-act=vote][aria-pressed=true]");
  form.querySelector("input").value = reason;
  form.hidden = true;
  if (pressed) trigger("rate", { turn: turnOf(form), vote: Number(pressed.dataset.vote), reason });
};

element.addEventListener("submit", (event) => {
  event.preventDefault();
  giveReason(event.target, event.target.querySelector("input").value);
});
element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act]");
  if (!button) return;
  const { act } = button.dataset;
  if (act === "cite") pointAt(turnOf(button), Number(button.dataset.n));
  if (act === "suggest") trigger("suggest", { text: button.dataset.text });
  if (act === "retry") trigger("again", { turn: turnOf(button), text: "" });
  if (act === "edit") edit(button.closest(".cm-q-row"));
  if (act === "vote") vote(button);
  if (act === "reason") giveReason(button.closest("form"), button.textContent);
  if (act === "copy") {
    copy(button.closest("article"));
    button.classList.add("done");
    setTimeout(() => button.classList.remove("done"), 1200);
  }
});
