// page.js -- the page: from what is dropped to what the program prints.
import { chosen, dropped } from "./files.js";
import { Pulse } from "./pulse.js";
import { run } from "./run.js";

const $ = (id) => document.getElementById(id);
const output = $("output"), status = $("status"), progress = $("progress"), workers = $("workers");
const pulse = new Pulse(document.querySelector("#pulse canvas"), $("rate"));
let current = null; // the run
let drops = 0;

function print(text, kind) {
  const line = document.createElement("span");
  line.className = kind;
  line.textContent = `${text}\n`;
  output.append(line);
}

function element(tag, className) {
  return Object.assign(document.createElement(tag), { className });
}

// A line that shows what a worker does.
function lane(name) {
  const item = element("li", "worker"), title = element("span", "name");
  const job = element("span", "job"), path = element("span", "path");
  const bar = Object.assign(element("progress", "read"), { max: 1, value: 0 }), count = element("span", "count");
  let done = 0;
  bar.setAttribute("aria-hidden", "true");
  title.textContent = `worker ${name.match(/\d+$/)?.[0] ?? name}`;
  path.textContent = "starting";
  job.append(path, bar);
  item.append(title, job, count);
  workers.append(item);
  return {
    news({ path: what, read, size, closed }) {
      path.textContent = what;
      bar.value = size ? read / size : 1;
      if (closed) count.textContent = `${++done} ${done === 1 ? "file" : "files"}`;
    },
    ended() {
      path.textContent = "ended";
      bar.value = 0;
    },
  };
}

// The program says "3 of 14 files", and clears that in the end.
function showProgress(text) {
  $("changing").textContent = text;
  const [, done, all] = text.match(/^(\d+) of (\d+) /) ?? [];
  if (all) Object.assign(progress, { max: all, value: done });
}

async function count(found) {
  current?.cancel(); // what comes later counts
  const limit = $("limit").valueAsNumber;
  const begun = performance.now(), drop = ++drops;
  output.replaceChildren();
  workers.replaceChildren();
  showProgress("");
  progress.value = 0;
  $("run").hidden = false;
  document.body.dataset.state = "running";
  status.textContent = "Looking for files";
  const tree = await found;
  if (drop !== drops) return;
  const args = [...(limit > 0 ? ["--timeout", String(limit)] : []), "--", ...tree.names];
  for (const problem of tree.problems) print(problem, "error");
  if (tree.names.length === 0) return end("There was no file in it.");
  print(`$ wordcount ${args.join(" ")}`, "command");
  status.textContent = "Counting";
  pulse.longest = 0;
  const mine = current = run(tree.entries, args, {
    out: (line) => print(line, "out"),
    err: (line) => print(line, "error"),
    changing: showProgress,
    worker: lane,
  });
  const seconds = () => `${((performance.now() - begun) / 1000).toFixed(1)} s`;
  let text;
  try {
    const code = await mine.ended;
    text = `${code ? `Ended with status ${code}` : "Done"} in ${seconds()}. ` +
      `This page's longest pause meanwhile: ${Math.ceil(pulse.longest)} ms.`;
  } catch (error) {
    text = error.name === "AbortError" ? `Cancelled after ${seconds()}.` : "The program could not go on.";
    if (error.name !== "AbortError" && drop === drops) print(error.message ?? String(error), "error");
  }
  if (drop !== drops) return;
  current = null;
  end(text);
}

function end(text) {
  showProgress("");
  status.textContent = text;
  document.body.dataset.state = "ended";
}

for (const input of [$("files"), $("folder")]) {
  input.addEventListener("change", () => {
    if (input.files.length) count(chosen(input.files));
    input.value = ""; // so that the same can be chosen again
  });
}
$("cancel").addEventListener("click", () => {
  if (current) return current.cancel();
  drops++; // it was still looking for files
  end("Cancelled.");
});

// The whole page takes a drop: beside the frame the browser would go to the file.
const over = (event, is) => {
  event.preventDefault();
  document.body.toggleAttribute("data-over", is);
};
addEventListener("dragover", (event) => over(event, true));
addEventListener("dragleave", (event) => over(event, event.relatedTarget !== null));
addEventListener("drop", (event) => {
  over(event, false);
  count(dropped(event.dataTransfer));
});

// What nobody else has caught ends the run.
addEventListener("error", (event) => current?.fail(event.error ?? new Error(event.message)));
addEventListener("unhandledrejection", (event) => current?.fail(event.reason));
