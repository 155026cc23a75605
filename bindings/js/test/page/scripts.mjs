// Programs for pages: what each is, and what it prints. They import the package by its name, and modules beside themselves.
import { readFileSync } from "node:fs";

const sample = (name) => readFileSync(new URL(`../../samples/${name}`, import.meta.url), "utf8");

// In a worker.
export const jobs = `
export function add(a, b) { return a + b; }
export function fail() { throw new RangeError("too far"); }
export function crash() { queueMicrotask(() => { throw new Error("it fell"); }); return new Promise(() => {}); }
export function close() { self.close(); }
export function listen() { self.onmessage = null; return "listened"; }
export function busy(ms) { for (const end = Date.now() + ms; Date.now() < end;); return "slept"; }
`;

const tasks = `
import * as anyloop from "anyloop";
const { gather, getEventLoop, sleep, timeout, Lock, run } = anyloop;

const print = (...words) => console.log(words.join(" "));

function* worker(name, lock) {
  yield* lock.acquire();
  try {
    print(name, "has it");
    yield* sleep(5);
  } finally {
    lock.release();
  }
  return name;
}

function* main() {
  const lock = new Lock();
  print(yield* gather([worker("first", lock), worker("second", lock)]));
  try {
    yield* timeout(5, sleep(60_000));
  } catch (error) {
    print(error.name, error.code);
  }
  const promised = yield* gather([fetch(document.URL).then((answer) => answer.status), Promise.resolve(3)]);
  print(promised);
  return "done";
}

print(await run(main));
const loop = await getEventLoop(), frozen = Object.freeze({ any: "object" });
const future = loop.createFuture();
loop.callSoon(() => future.setResult(frozen));
print((await future) === frozen);
await loop.close();
`;

const cancelled = `
import { abortable, CancelledError, createTask, run, sleep } from "anyloop";

await run(function* main() {
  const inTask = createTask(function* () { yield* abortable((signal) => fetch("/never?1", { signal })); });
  const inFunction = createTask((signal) => fetch("/never?2", { signal }), { signal: AbortSignal.timeout(60) });
  yield* sleep(50);
  inTask.cancel("too slow");
  for (const task of [inTask, inFunction]) {
    try {
      yield* task;
    } catch (error) {
      console.log(error.name, error instanceof CancelledError, error.message !== "");
    }
  }
  yield* sleep(20);
});
`;

const job = `
import { getEventLoop, job, runInExecutor, gather, WorkerPool } from "anyloop";

const at = new URL("./jobs.js", import.meta.url);
const [add, fail, crash, busy, close, listen] = ["add", "fail", "crash", "busy", "close", "listen"]
  .map((name) => job(at, name));
const loop = await getEventLoop();
const caught = (error) => error.name + " " + (error.code ?? error.message);

console.log(await runInExecutor(null, add, 3, 4));
console.log(await runInExecutor(null, fail).catch(caught));
const pool = new WorkerPool({ maxWorkers: 2 });
console.log((await gather([1, 2, 3, 4].map((n) => runInExecutor(pool, add, n, n)))).join(" "));
console.log(await runInExecutor(pool, crash).catch(caught));
console.log(await runInExecutor(pool, add, 1, 1));
const long = runInExecutor(pool, busy, 60_000);
setTimeout(() => long.cancel(), 50);
console.log(await long.catch(caught));
console.log(await runInExecutor(pool, busy, 1));
console.log((await gather([1, 2, 3].map(() => runInExecutor(pool, close)), { returnExceptions: true })).map(caught).join());
console.log((await gather([1, 2, 3].map(() => runInExecutor(pool, listen)))).join());
await pool.shutdown();
await loop.close();
`;

// What can be wrong with a job's module, and what a job says on its way.
export const trouble = {
  errors: [/request failed: .*none\.js/],
  prints: "ANYLOOP_E_NOT_FOUND true\nANYLOOP_E_NOT_FOUND true\nANYLOOP_E_NOT_FOUND true\nprogress 0.5\nprogress 1\nboth\n",
  script: `
import { getEventLoop, job, runInExecutor } from "anyloop";

const loop = await getEventLoop(), at = new URL("./jobs.js", import.meta.url);
const caught = (error) => console.log(error.code, /no function nothing|none\\.js|too early/.test(error.message));

await runInExecutor(null, job(new URL("/none.js", import.meta.url), "add"), 1, 2).catch(caught);
await runInExecutor(null, job(at, "nothing")).catch(caught);
await runInExecutor(null, job(new URL("./early.js", import.meta.url), "add")).catch(caught);
const halves = job(new URL("./halves.js", import.meta.url), "halves")
  .with({ onProgress: (part) => console.log("progress", part) });
console.log(await runInExecutor(null, halves));
await loop.close();
`,
};

// A job's module that has a copy of anyloop/worker of its own.
export const heard = {
  prints: "progress 0.5\nprogress 1\nboth\n",
  script: `
import { job, run, runInExecutor } from "anyloop";

const halves = job(new URL("./halves.js", import.meta.url), "halves")
  .with({ onProgress: (part) => console.log("progress", part) });
console.log(await run(() => runInExecutor(null, halves)));
`,
};

// A page whose policy forbids workers.
export const forbidden = {
  script: `
import { getEventLoop, job, runInExecutor } from "anyloop";

const loop = await getEventLoop();
await runInExecutor(null, job(new URL("./jobs.js", import.meta.url), "add"), 1, 2).catch((error) => console.log(error.code));
await loop.close();
`,
  prints: "ANYLOOP_E_OS\n", errors: [/worker-src 'none'/],
};

// Workers of the program's own, which a bundler follows.
const own = `
import { getEventLoop, job, runInExecutor, WorkerPool } from "anyloop";

const pool = new WorkerPool({
  maxWorkers: 1, worker: () => new Worker(new URL("./own.js", import.meta.url), { type: "module" }),
});
await getEventLoop();
console.log(await runInExecutor(pool, job(null, "add"), 20, 22));
await pool.shutdown();
`;

export const programs = {
  quickstart: { script: sample("quickstart.mjs"), prints: sample("quickstart.txt"), inAnyOrder: true }, // by the clock
  tasks: {
    script: tasks,
    prints: "first has it\nsecond has it\nfirst,second\nTimeoutError ANYLOOP_E_TIMED_OUT\n200,3\ndone\ntrue\n",
  },
  cancelled: {
    script: cancelled, prints: "AbortError true true\nAbortError true true\n", silent: ["/never"],
    errors: [/request failed: .*\/never\?1: net::ERR_ABORTED/, /request failed: .*\/never\?2: net::ERR_ABORTED/],
  },
  job: {
    script: job,
    prints: "7\nRangeError too far\n2 4 6 8\nAnyloopError ANYLOOP_E_ABANDONED\n2\nAbortError ANYLOOP_E_CANCELLED\nslept\n" +
      Array(3).fill("Error anyloop: a job cannot close its worker").join() + "\nlistened,listened,listened\n",
  },
  own: { script: own, prints: "42\n" },
};
// What the programs import.
export const beside = {
  "blocking.mjs": sample("blocking.mjs"),
  "jobs.js": jobs,
  "early.js": "throw new Error('too early');\n",
  "halves.js": `import { progress } from "anyloop/worker";
export function halves() { progress(0.5); progress(1); return "both"; }
`,
  "own.js": `import { serve } from "anyloop/worker";\nimport { add } from "./jobs.js";\nserve({ add });\n`,
};
