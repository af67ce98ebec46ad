// The drop zone. Uploads what is dropped or picked, one file after the other, then sends "dropped" with the places they arrived at.
const zone = () => element.querySelector(".cm-dropzone");
const say = (done, total) => {
  const line = element.querySelector(".cm-uploading");
  line.hidden = done === total;
  line.dataset.count = total > 1 ? ` ${done}/${total}` : "";
};
const send = async (files) => {
  const limit = Number(zone().dataset.limit);
  const sent = [];
  for (const [number, file] of files.entries()) {
    say(number, files.length);
    if (file.size > limit) sent.push({ name: file.name, reason: "large" });
    else {
      try {
        const { path } = await upload(file);
        sent.push({ name: file.name, at: path });
      } catch {
        sent.push({ name: file.name, reason: "failed" });
      }
    }
  }
  say(files.length, files.length);
  if (sent.length) trigger("dropped", { files: sent });
};

element.addEventListener("click", (event) => {
  if (event.target.closest("[data-act=pick]")) element.querySelector("input").click();
});
element.addEventListener("change", (event) => {
  const files = [...event.target.files];
  event.target.value = "";
  send(files);
});
for (const name of ["dragenter", "dragover"]) {
  element.addEventListener(name, (event) => {
    event.preventDefault();
    zone().classList.add("over");
  });
}
element.addEventListener("dragleave", () => zone().classList.remove("over"));
element.addEventListener("drop", (event) => {
  event.preventDefault();
  zone().classList.remove("over");
  send([...event.dataTransfer.files]);
});
// A file dropped beside the zone must not replace the page.
for (const name of ["dragover", "drop"]) window.addEventListener(name, (event) => event.preventDefault());
