// The list of conversations. Sends "choose", "rename" and "delete"; keeps the open one in the page's address.
const close = () => {
  element.querySelectorAll(".cm-menu, .cm-confirm, .cm-rename").forEach((part) => (part.hidden = true));
  element.querySelectorAll(".cm-open").forEach((part) => (part.hidden = false));
};
const address = () => {
  const id = element.querySelector(".cm-history")?.dataset.current;
  const url = new URL(location.href);
  if (id) url.searchParams.set("c", id);
  else url.searchParams.delete("c");
  if (url.href !== location.href) history.replaceState(history.state, "", url);
};
watch("value", () => {
  close();
  address();
});

element.addEventListener("click", (event) => {
  const row = event.target.closest(".cm-conversation");
  const act = event.target.closest("[data-act]")?.dataset.act;
  if (event.target.closest("a")) setTimeout(close);
  if (!row || !act) return;
  const { id } = row.dataset;
  const menu = row.querySelector(".cm-menu");
  const wasOpen = !menu.hidden;
  close();
  if (act === "menu") menu.hidden = wasOpen;
  if (act === "delete") row.querySelector(".cm-confirm").hidden = false;
  if (act === "delete-yes") trigger("delete", { id });
  if (act === "open") {
    window.coursemate.drawer("left", false);
    trigger("choose", { id });
  }
  if (act === "rename") {
    row.querySelector(".cm-open").hidden = true;
    row.querySelector(".cm-rename").hidden = false;
    row.querySelector(".cm-rename input").select();
  }
});
element.addEventListener("submit", (event) => {
  event.preventDefault();
  const row = event.target.closest(".cm-conversation");
  trigger("rename", { id: row.dataset.id, title: event.target.querySelector("input").value });
  close();
});
element.addEventListener("keydown", (event) => {
  if (event.key === "Escape") close();
});
document.addEventListener("click", (event) => {
  if (!element.contains(event.target)) close();
});
