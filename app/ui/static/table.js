// Documents and weights in tables. Sends "view", "more", "remove", "pull" and "cancel" with the row's id.
element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act]");
  if (!button) return;
  const row = button.closest("tr");
  const id = button.dataset.id || row?.dataset.id;
  const { act } = button.dataset;
  const sure = (show) => {
    row.querySelector(".cm-sure").hidden = !show;
    row.querySelector("[data-act=remove]").hidden = show;
  };
  if (act === "view") trigger("view", { id });
  if (act === "more") trigger("more", { id, shown: Number(button.dataset.shown) });
  if (act === "remove") sure(true);
  if (act === "remove-no") sure(false);
  if (act === "remove-yes") trigger("remove", { id });
  if (act === "pull") trigger("pull", { id });
  if (act === "cancel") trigger("cancel", { id });
});
