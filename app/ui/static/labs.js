// Labs. Sends "choose", "guess", "take", "changed", "run" and "stop"; has Plotly draw what a run shows; reads drawings and files.
const plots = (window.coursemate.plots ??= new Map()); // name of a figure -> where it is drawn, kept while the panel is written anew
const plotly = () =>
  (window.coursemate.plotly ??= new Promise((resolve, reject) => {
    const tag = document.createElement("script");
    tag.src = new URL("plotly.min.js", document.baseURI.replace(/[^/]*$/, ""));
    tag.onload = () => resolve(window.Plotly);
    tag.onerror = () => reject(new Error("plotly.min.js"));
    document.head.append(tag);
  }));
const CONFIG = { displayModeBar: false, responsive: true, doubleClick: "reset" };

const draw = async (place) => {
  if (!place.offsetParent) return;
  const library = await plotly();
  if (!place.isConnected) return;
  const { name, plot } = place.dataset;
  if (!plots.has(name)) plots.set(name, document.createElement("div"));
  const ground = plots.get(name);
  if (ground.parentElement !== place) place.replaceChildren(ground);
  if (ground.drawn === plot) return;
  ground.drawn = plot;
  const { data, layout, frames = [] } = JSON.parse(plot);
  await library.react(ground, data, { ...layout, uirevision: name }, CONFIG);
  if (!frames.length || ground.drawn !== plot) return;
  await library.deleteFrames(ground); // of the run before; a slider shows the frames by name
  library.addFrames(ground, frames);
};
const drawAll = () => element.querySelectorAll(".cm-lab-plot").forEach(draw);

// Seconds since the run began, however often the panel is written anew.
const clock = () => {
  const place = element.querySelector(".cm-lab-clock");
  if (!place) {
    element.began = 0;
    return;
  }
  element.began ||= performance.now();
  place.textContent = `${Math.floor((performance.now() - element.began) / 1000)}s`;
};

const number = (slider) => {
  const { log, low, high, whole } = slider.dataset;
  if (log !== "1") return Number(slider.value);
  const value = Number(low) * (high / low) ** (slider.value / slider.max);
  const short = whole === "1" ? Math.round(value) : Number(value.toPrecision(2));
  return Math.min(high, Math.max(low, short));
};
const shown = (value) =>
  Number.isInteger(value) ? value.toLocaleString("en") : Math.abs(value) < 1e-3 ? value.toExponential() : `${Number(value.toPrecision(4))}`;

const form = () => document.querySelector("#cm-lab-form form");
const values = () => {
  const given = Object.fromEntries([...new FormData(form())].filter(([, value]) => typeof value === "string"));
  for (const slider of form().querySelectorAll("input[type=range]")) given[slider.dataset.name] = slider.dataset.value;
  return given;
};
let waiting = 0;
const changed = () => {
  clearTimeout(waiting);
  waiting = setTimeout(() => form() && trigger("changed", { lab: form().dataset.lab, values: values() }), 250);
};

// A drawing: a thick soft pen on a large ground, read as size x size grey values.
const read = (canvas) => {
  const box = canvas.closest(".cm-lab-drawing");
  const size = Number(box.dataset.size);
  const small = new OffscreenCanvas(size, size).getContext("2d");
  small.imageSmoothingQuality = "high";
  small.drawImage(canvas, 0, 0, size, size);
  const { data } = small.getImageData(0, 0, size, size);
  const greys = Array.from({ length: size * size }, (_, at) => data[4 * at]);
  box.querySelector("input").value = greys.some(Boolean) ? greys.join(",") : "";
};
const ground = (canvas) => {
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.fillStyle = "#000";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  Object.assign(pen, { strokeStyle: "#fff", lineWidth: canvas.width / 14, lineCap: "round", lineJoin: "round" });
  const box = canvas.closest(".cm-lab-drawing");
  const given = box.querySelector("input").value.split(",");
  const size = Number(box.dataset.size);
  if (given.length === size * size) {
    const side = canvas.width / size;
    given.forEach((grey, at) => {
      pen.fillStyle = `rgb(${grey},${grey},${grey})`;
      pen.fillRect((at % size) * side, Math.floor(at / size) * side, side, side);
    });
  }
  canvas.ready = true;
  return pen;
};
const at = (canvas, event) => {
  const box = canvas.getBoundingClientRect();
  return [((event.clientX - box.left) * canvas.width) / box.width, ((event.clientY - box.top) * canvas.height) / box.height];
};
element.addEventListener("pointerdown", (event) => {
  if (event.target.tagName !== "CANVAS" || !event.isPrimary || !event.target.closest(".cm-lab-drawing")) return;
  const canvas = event.target;
  const pen = canvas.ready ? canvas.getContext("2d") : ground(canvas);
  canvas.setPointerCapture(event.pointerId);
  pen.beginPath();
  pen.moveTo(...at(canvas, event));
  const move = (next) => {
    pen.lineTo(...at(canvas, next));
    pen.stroke();
  };
  move(event);
  canvas.addEventListener("pointermove", move);
  canvas.addEventListener(
    "lostpointercapture", // after the pen is lifted, and where the browser takes a touch away
    () => {
      canvas.removeEventListener("pointermove", move);
      read(canvas);
      changed();
    },
    { once: true },
  );
});

// A file: uploaded at once, its place kept in the form.
const use = (box, path, words, file) => {
  box.querySelector("input[type=hidden]").value = path;
  const thumb = box.querySelector(".cm-lab-thumb");
  if (thumb.src) URL.revokeObjectURL(thumb.src);
  thumb.hidden = !file?.type.startsWith("image/");
  thumb.hidden ? thumb.removeAttribute("src") : (thumb.src = URL.createObjectURL(file));
  box.querySelector(".cm-lab-which").textContent = words;
  box.querySelector("[data-act=sample]").hidden = !path;
  changed();
};
const send = async (box, file) => {
  if (!file) return;
  try {
    const { path } = await upload(file);
    use(box, path, box.dataset.own.replace("\u0001", file.name), file);
  } catch {
    use(box, "", box.dataset.failed.replace("\u0001", file.name));
  }
};
// With weights that came along, who touches how to train means to train.
const meant = (target) => {
  const train = target.closest(".cm-lab-training") && form()?.querySelector("[name=weights][value=train]");
  if (train) train.checked = true;
};
element.addEventListener("change", (event) => {
  meant(event.target);
  if (event.target.type === "file") send(event.target.closest(".cm-lab-file"), event.target.files[0]);
  else if (event.target.form) changed();
});
const boxUnder = (event) => event.target.closest?.(".cm-lab-file") ?? element.querySelector(".cm-lab-file"); // anywhere on the form
for (const name of ["dragenter", "dragover"]) {
  element.addEventListener(name, (event) => {
    const box = boxUnder(event);
    if (!box) return;
    event.preventDefault();
    box.classList.add("over");
  });
}
element.addEventListener("dragleave", (event) => boxUnder(event)?.classList.remove("over"));
element.addEventListener("drop", (event) => {
  const box = boxUnder(event);
  if (!box) return;
  event.preventDefault();
  box.classList.remove("over");
  send(box, event.dataTransfer.files[0]);
});

element.addEventListener("input", (event) => {
  if (event.target.type !== "range") return;
  const value = number(event.target);
  event.target.dataset.value = value;
  event.target.closest("label").querySelector("output").textContent = shown(value);
});
element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act]");
  if (!button) return;
  const { act, lab, guess } = button.dataset;
  const box = button.closest(".cm-lab-file");
  if (act === "choose") {
    trigger("choose", { lab });
    if (window.coursemate.narrow()) document.querySelector("#cm-lab-middle")?.scrollIntoView({ behavior: "smooth" });
  }
  if (act === "guess") trigger("guess", { try: Number(button.dataset.try), guess: Number(guess) });
  if (act === "take") trigger("take", { try: Number(button.dataset.try) });
  if (act === "run" && form()) trigger("run", { lab: form().dataset.lab, values: values() });
  if (act === "stop") trigger("stop", {});
  if (["take", "run", "stop"].includes(act)) button.disabled = true;
  if (act === "pick") box.querySelector("input[type=file]").click();
  if (act === "sample") use(box, "", box.dataset.sample);
  if (act === "clear") {
    const canvas = button.closest(".cm-lab-drawing").querySelector("canvas");
    canvas.closest(".cm-lab-drawing").querySelector("input").value = "";
    ground(canvas);
    changed();
  }
});

const grounds = () => element.querySelectorAll(".cm-lab-drawing canvas").forEach((canvas) => canvas.ready || ground(canvas));
// On a narrow window the list scrolls by itself: the chosen lab stays in sight when it is written anew.
const keep = () => {
  const list = element.querySelector(".cm-lab-groups");
  const row = list?.querySelector(".on");
  if (row && list.scrollHeight > list.clientHeight) list.scrollTop = row.offsetTop - list.offsetTop - list.clientHeight / 3;
};
// The reader is taken to the results once, when a run begins.
const follow = () => {
  const going = element.querySelector(".cm-lab-run")?.dataset.state === "running";
  if (going && !element.followed) element.scrollIntoView({ behavior: "smooth", block: "start" });
  element.followed = going;
};
watch("value", () => {
  grounds();
  keep();
  follow();
  drawAll();
  clock();
});
setInterval(clock, 500);
new ResizeObserver(drawAll).observe(element); // what was written while the tab was hidden is drawn when it is seen
grounds();
drawAll();
