// What users write has the types that they expect, also without Node's. Each `is` is an error when the type is another one.
import {
  abortable, type AnyloopError, asCompleted, CancelledError, Condition, type Context, ContextVar, type Coroutine,
  createTask, ensureFuture, ExceptionGroup, type Foreign, Future, gather, getEventLoop, getRunningLoop, job, Lock, type Loop,
  native, newEventLoop, PriorityQueue, Queue, run, runInExecutor, Runner, shield, sleep, Task, TaskGroup, timeout, wait,
  waitFor, WorkerPool,
} from "anyloop";
import { progress, serve, transfer } from "anyloop/worker";
import type * as Jobs from "./jobs.js";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function is<Expected>() {
  return <Got>(_value: Got, ..._same: Same<Got, Expected> extends true ? [] : [never]): void => {};
}

function* seven(): Generator<unknown, number, any> {
  yield* sleep(1);
  return 7;
}

function* inferred() {
  const n = yield* seven();
  return n > 0 ? "some" : ("none" as const);
}

async function name() {
  return "a name";
}

export function* awaiting() {
  const future = new Future<Date>({ loop: getRunningLoop() });
  is<Date>()(yield* future);
  is<number>()(yield* createTask(seven));
  is<number>()(yield* createTask(seven()));
  is<string>()(yield* createTask(inferred));
  is<string>()(yield* createTask(name()));
  is<string>()(yield* ensureFuture(name()));
  is<number>()(yield* waitFor(seven(), 10));
  is<number>()(yield* shield(seven()));
  is<number>()(yield* timeout(10, seven()));
  is<[number, string]>()(yield* gather([seven(), name()]));
  is<number[]>()(yield* gather(new Set([seven()])));
  is<[number | Error, string | Error]>()(yield* gather([seven(), name()], { returnExceptions: true }));
  is<(number | Error)[]>()(yield* gather(new Set([seven()]), { returnExceptions: true }));
  is<[number | Error]>()(yield* gather([seven()], { returnExceptions: Math.random() > 0.5 }));
  is<[number]>()(yield* gather([seven()], { returnExceptions: false }));
  is<Response>()(yield* abortable((signal) => fetch("/", { signal })));
  const tasks = [createTask(seven), createTask(seven)];
  const [done, pending] = yield* wait(tasks, { returnWhen: "FIRST_COMPLETED" });
  is<Set<Task<number>>>()(done);
  is<Set<Task<number>>>()(pending);
  for (const next of asCompleted(tasks)) is<number>()(yield* next);
  for (const next of asCompleted([name(), createTask(seven)])) is<string | number>()(yield* next);
  for (const next of asCompleted(new Set([name(), seven()]))) is<string | number>()(yield* next);
  is<(string | number)[]>()(yield* gather(new Set([name(), seven()])));
  is<any[]>()(yield* gather([] as any[]));
  for (const next of asCompleted([] as any[])) is<any>()(yield* next);
  is<Future<string | number> | undefined>()(yield* asCompleted([name(), seven()]).nextFuture());
}

// A promise in a coroutine whose type is not given.
export function* ofPromises() {
  const text = yield* ensureFuture(name());
  is<string>()(text);
  yield name(); // its result is not used
  const annotated: string = yield name();
  return text.length + annotated.length;
}

// In one whose type is given.
export function* ofAny(): Coroutine<number> {
  const text = yield name();
  is<any>()(text);
  return text.length;
}

export async function promises(loop: Loop) {
  is<number>()(await loop.createTask(seven));
  is<number>()(await run(seven));
  is<number>()(await run(seven()));
  is<number>()(await run(ofPromises));
  is<string>()(await run(name));
  is<number>()(await loop.runUntilComplete(seven()));
  is<number | string>()(await loop.createTask(seven).then((n) => n, () => "failed"));
  for await (const n of asCompleted([seven()])) is<number>()(n);
  is<Loop>()(await getEventLoop());
  await using own = await newEventLoop({ virtualClock: true });
  await using runner = new Runner();
  is<number>()(await runner.run(seven));
  is<boolean>()(own.isClosed());
}

export function* shared() {
  const queue = new Queue<{ text: string }>({ maxsize: 3 }), lowest = new PriorityQueue<number>();
  is<{ text: string }>()(yield* queue.get());
  is<{ text: string }>()(queue.getNowait());
  is<void>()(yield* lowest.put(4, 1));
  lowest.putNowait(4);
  const anyOrder: Queue<number> = lowest;
  yield* anyOrder.put(4);
  const lock = new Lock(), condition = new Condition(lock);
  is<number>()(yield* lock.with(seven));
  is<true>()(yield* condition.waitFor(() => queue.full()));
  is<Date>()(yield* condition.waitFor(() => (queue.empty() ? undefined : new Date())));
  is<{ text: string }>()(yield* condition.waitFor(() => !queue.empty() && queue.getNowait()));
  const group = new TaskGroup();
  yield* group.run((function* () {
    is<Task<number>>()(group.createTask(seven));
  })());
}

export function variables(context: Context) {
  const depth = new ContextVar("depth", { default: 0 }), user = new ContextVar<string | undefined>("user");
  is<ContextVar<number>>()(depth);
  is<number>()(depth.get());
  depth.set(depth.get() + 1);
  is<number>()(context.get(depth));
  is<string | undefined>()(user.get());
  user.set(user.get());
  is<Date | null>()(new ContextVar<Date | null>("since", { default: null }).get());
  is<unknown>()(new ContextVar("anything").get());
}

export async function jobs() {
  const pool = new WorkerPool({ maxWorkers: 2, queueSize: 10 });
  const add = job<typeof Jobs, "add">(new URL("./jobs.js", import.meta.url), "add");
  const parse = job<typeof Jobs, "parse">(null, "parse");
  is<number>()(await runInExecutor(pool, add, 1, 2));
  is<Uint8Array>()(await runInExecutor(null, parse.with({ onProgress: (much) => console.log(much) }), "text"));
  const moved = new ArrayBuffer(1);
  add.with({ transfer: [moved, new MessageChannel().port1] });
  transfer(moved, [moved]);
  await pool.shutdown({ cancelQueued: true });
  serve({ double: (n: number) => 2 * n });
  progress(0.5);
}

export function natives(pointer: Foreign) {
  is<Future<string>>()(native<string>("a_function")([1, "two", pointer, new Uint8Array(3)]));
}

export function errors(error: unknown) {
  if (error instanceof CancelledError) is<string>()(error.name);
  if (error instanceof ExceptionGroup) is<any[]>()(error.errors);
  is<string>()((error as AnyloopError).code);
}
