// What is refused has been given a value, a callback or a coroutine, and keeps none: what the core has is the same as
// before, to the last byte.
import assert from "node:assert/strict";
import { test } from "node:test";
import { abortable, asCompleted, copyContext, figures, Future, gather, job, load, Loop, Queue, shield, TaskGroup, Timeout,
  timeout, wait, waitFor, WorkerPool } from "anyloop";

await load();
const loop = new Loop({ hosted: false }), on = { loop }, shut = new Loop({ hosted: false }), onShut = { loop: shut };
const [done, looked, failed, closed, pending] = Array.from({ length: 5 }, () => new Future(on));
const task = loop.createTask((function* () { yield pending; })()), late = new Future(onShut);
const full = new Queue({ ...on, maxsize: 1 }), ended = new Queue(on), gone = new Queue(on), stranded = new Queue(onShut);
const context = copyContext(on), group = new TaskGroup(on), over = new TaskGroup(on), limit = new Timeout(null, on);
const endedPool = new WorkerPool(), add = job(new URL("./jobs/jobs.mjs", import.meta.url), "add");
const silent = { postMessage() {}, terminate() {} }; // a worker that is never done
const fullPool = new WorkerPool({ maxWorkers: 1, queueSize: 0, worker: () => silent });
const text = "x".repeat(5000), coroutine = () => (function* () {})(), promise = () => new Promise(() => {});

done.setResult({});
looked.setResult({});
looked.result();
failed.setException(new Error(text));
failed.exception();
closed.close();
context.close();
full.putNowait({});
ended.shutdown();
gone.close();
over.close();
limit.close();
await shut.close();
await endedPool.shutdown();
loop.runInExecutor(fullPool, add);

for (const [name, call] of Object.entries({
  setResult: () => done.setResult({}),
  "setResult of a text": () => done.setResult(text),
  "setResult after a look at the first one": () => looked.setResult({}),
  "setResult of what failed": () => failed.setResult({}),
  "setResult of a task": () => task.setResult({}),
  "setResult of what is closed": () => closed.setResult({}),
  setException: () => done.setException(new Error(text)),
  "setException after a look at the result": () => looked.setException(new Error()),
  "setException of a task": () => task.setException(new Error()),
  "setException of what is closed": () => closed.setException(new Error(text)),
  "cancel of what is closed": () => closed.cancel(text),
  "addDoneCallback of what is closed": () => closed.addDoneCallback(() => {}),
  putNowait: () => full.putNowait({}),
  "putNowait after the shutdown": () => ended.putNowait(text),
  "putNowait after the close": () => gone.putNowait({}),
  "putNowait with no priority": () => full.putNowait({}, "x"),
  "put after the close": () => gone.put({}),
  "put on a closed loop": () => stranded.put({}),
  "put with no priority": () => full.put({}, 0.5),
  callSoon: () => shut.callSoon(() => {}),
  callLater: () => loop.callLater(NaN, () => {}),
  createTask: () => shut.createTask(coroutine()),
  "createTask in a closed context": () => loop.createTask(coroutine(), { context }),
  "createTask of a closed group": () => over.createTask(coroutine()),
  "createTask of a group that does not run": () => group.createTask(coroutine()),
  ensureFuture: () => shut.ensureFuture(promise()),
  gather: () => gather([coroutine(), pending, 5], on),
  "gather on a closed loop": () => gather([coroutine()], onShut),
  asCompleted: () => asCompleted([pending], { loop, timeout: NaN }),
  wait: () => wait([pending], { loop, timeout: NaN }).next(),
  "wait in no known way": () => wait([pending], { loop, returnWhen: "never" }).next(),
  waitFor: () => waitFor(coroutine(), NaN, on),
  "waitFor of what cannot be awaited": () => waitFor(5, 1, on),
  timeout: () => timeout(NaN, coroutine(), on),
  "run in a closed timeout": () => limit.run(coroutine()),
  "run in a closed group": () => over.run(coroutine()),
  shield: () => shield(coroutine(), onShut),
  "shield of another loop's": () => shield(late, on),
  abortable: () => abortable(promise, onShut),
  runInExecutor: () => loop.runInExecutor(fullPool, add, {}),
  "runInExecutor of a pool that was shut down": () => loop.runInExecutor(endedPool, add, {}),
  "runInExecutor on a closed loop": () => shut.runInExecutor(fullPool, add, {}),
})) {
  test(name, () => {
    assert.throws(call);
    const before = figures();
    for (let i = 0; i < 100; i++) assert.throws(call);
    assert.deepEqual(figures(), before);
    assert.deepEqual([looked.result(), done.result(), full.qsize()], [{}, {}, 1]);
  });
}

test("the first setResult after a look", () => {
  const future = new Future(on);
  future.setResult({});
  future.result();
  const before = figures();
  assert.throws(() => future.setResult({}), { code: "ANYLOOP_E_STATE" });
  future.close();
  assert.deepEqual(figures(), before);
});
