// Wrong uses: each is an error, and a line that says so without one is an error too.
import {
  Condition, ContextVar, createTask, Future, gather, getEventLoop, getRunningLoop, job, LifoQueue, native, PriorityQueue, Queue,
  run, runInExecutor, Semaphore, sleep, wait, waitFor, WorkerPool,
} from "anyloop";
import type * as Jobs from "./jobs.js";

declare const url: URL;
const loop = getRunningLoop();
function* seven() {
  yield* sleep(1);
  return 7;
}

// @ts-expect-error: it is asynchronous
getEventLoop().createTask(seven);
// @ts-expect-error: a number of ms
sleep("1");
// @ts-expect-error: neither coroutine nor promise
createTask(7);
// @ts-expect-error: a function that gives neither
createTask(() => 7);
// @ts-expect-error: what is called is a callback without arguments
loop.callSoon((n: number) => n);
// @ts-expect-error: the delay is first
loop.callLater(() => {}, 5);
// @ts-expect-error: a list, not arguments
gather(seven(), seven());
// @ts-expect-error: there is no such way to wait
wait([createTask(seven)], { returnWhen: "FIRST_DONE" });
// @ts-expect-error: coroutines have no sets of their own
wait([seven()]);
// @ts-expect-error: a limit is needed, if only null
waitFor(seven());
export function* unannotated() {
  // @ts-expect-error: of what type is the promise's result here? `yield* ensureFuture(...)` says it
  const result = yield Promise.resolve(7);
  return result;
}
// @ts-expect-error: a string is no number
new Future<number>(loop).setResult("seven");
// @ts-expect-error: a string is no number
new Queue<number>().putNowait("seven");
// @ts-expect-error: only the items of a PriorityQueue have one
new Queue<number>().put(7, 1);
// @ts-expect-error: nor here
new LifoQueue<number>().putNowait(7, 1);
// @ts-expect-error: a priority is a number
new PriorityQueue<number>().put(7, "first");
// @ts-expect-error: a semaphore is no lock
new Condition(new Semaphore(1));
// @ts-expect-error: nor is a condition
new Condition(new Condition());
// @ts-expect-error: errors may be among them
gather([seven()], { returnExceptions: Math.random() > 0.5 }).then(([n]: [number]) => n);
// @ts-expect-error: a promise always holds
new Condition().waitFor(async () => false);
// @ts-expect-error: without a default it may also be undefined
new ContextVar<number>("depth");
// @ts-expect-error: a variable has a name
new ContextVar();
// @ts-expect-error: its value is a number
new ContextVar("depth", { default: 0 }).set("deep");
// @ts-expect-error: text is no number
run(seven).then((text: string) => text);
// @ts-expect-error: no such function there
job<typeof Jobs, "subtract">(url, "subtract");
// @ts-expect-error: no function
job<typeof Jobs, "version">(url, "version");
// @ts-expect-error: two numbers
runInExecutor(null, job<typeof Jobs, "add">(url, "add"), 1);
// @ts-expect-error: numbers
runInExecutor(null, job<typeof Jobs, "add">(url, "add"), "1", "2");
// @ts-expect-error: a closure cannot go to a worker
runInExecutor(null, () => 7);
// @ts-expect-error: an executor is not a loop
runInExecutor(loop, job<typeof Jobs, "add">(url, "add"), 1, 2);
// @ts-expect-error: C reads no objects
native("a_function")({ a: 1 });
// @ts-expect-error: a number of them
new WorkerPool({ maxWorkers: "2" });
// @ts-expect-error: the core's own is not for users
loop.pointer;
