// compose.ts -- awaiting many, limits of time, groups.
import { K } from "./abi.js";
import { refuse, time } from "./checks.js";
import { errorOf, given, made, must } from "./errors.js";
import { type Awaitable, type Coroutine, Future, isCoroutine, Operation, operation, taken, Task } from "./future.js";
import { type Loop, OF_TASK, type TaskOptions } from "./loop.js";
import { c, room, withPointers } from "./module.js";
import { Owned } from "./owned.js";
import { loopOf, type OnLoop } from "./present.js";
import { calling, type Main } from "./spawn.js";
import { Shared } from "./sync.js";
import { duration, instant, whenOf } from "./time.js";

// Of `any` it is `any`: only there 0 extends 1 and it.
type ResultOf<A> = 0 extends 1 & A ? any : A extends Awaitable<infer T> ? T : never;

/** Done after `ms` milliseconds, never early. */
export function sleep(ms: number, options?: OnLoop): Operation<void> {
  const loop = loopOf(options);
  return new Operation<void>(loop, given(c.guest_sleep(loop.pointer, time(ms))));
}

/** Makes a task of a coroutine or operation, a future of a promise; gives any other future back as it is. */
export function ensureFuture<T>(awaitable: Awaitable<T>, options?: OnLoop): Future<T> {
  return loopOf(options).ensureFuture(awaitable);
}

/** Makes a task, as `Loop.createTask` does: its first step runs in the next turn. The loop keeps it until it is done. */
export function createTask<T>(main: Main<T>, options: TaskOptions & OnLoop = {}): Task<T> {
  const on = loopOf(options, OF_TASK), { loop: _, ...ofTask } = options;
  return on.createTask(main, ofTask);
}

/** The task whose step runs; undefined in a callback, or outside of the loop's turns. */
export function currentTask(options?: OnLoop): Task | undefined {
  return loopOf(options).currentTask();
}

/** The tasks that are not done, in the order of their making. */
export function allTasks(options?: OnLoop): Task[] {
  return loopOf(options).allTasks();
}

// For a list of them. A coroutine or future alone is none, though it can be iterated.
function loopFor(awaitables: Iterable<Awaitable>, options: OnLoop | undefined, more: string): Loop {
  if (!awaitables?.[Symbol.iterator] || awaitables instanceof Future || isCoroutine(awaitables)) {
    throw new TypeError("a list of what is awaited is expected, as in gather([a(), b()])");
  }
  return loopOf(options, more);
}

// The futures of the core, for a call that takes them; all of them or none.
function withAll<T>(loop: Loop, awaitables: Iterable<Awaitable>, use: (array: number, count: number) => T): T {
  let futures: number[] = [];
  try {
    for (const awaitable of awaitables) futures.push(taken(loop, awaitable));
    return withPointers(futures, (array) => {
      const { length } = futures;
      futures = []; // they are the core's
      return use(array, length);
    });
  } catch (error) {
    for (const future of futures) c.anyloop_future_release(future);
    throw error;
  }
}

/**
 * How `gather` gathers.
 * @typeParam R  whether errors may be among the results.
 */
export interface GatherOptions<R extends boolean = boolean> extends OnLoop {
  /** Errors become items of the result. */
  returnExceptions?: R | undefined;
}

type Item<A, R> = ResultOf<A> | (R extends true ? Error : never);

/** Runs all of them together: the result is a list of theirs, in order; the first error fails it at once. */
export function gather<A extends readonly Awaitable<any>[] | [], R extends boolean = false>(
  awaitables: A, options?: GatherOptions<R>,
): Future<{ -readonly [I in keyof A]: Item<A[I], R> }>;
export function gather<A extends Awaitable<any>, R extends boolean = false>(
  awaitables: Iterable<A>, options?: GatherOptions<R>,
): Future<Item<A, R>[]>;
export function gather(awaitables: Iterable<Awaitable>, options?: GatherOptions): Future<any> {
  const loop = loopFor(awaitables, options, "returnExceptions"), flags = options?.returnExceptions ? K.RETURN_EXCEPTIONS : 0;
  return withAll(loop, awaitables, (array, count) =>
    new Future(loop, given(c.anyloop_gather(loop.pointer, array, count, flags))));
}

/** What `wait` waits for: the first that is done, the first that fails (else all), or all. */
export type ReturnWhen = "FIRST_COMPLETED" | "FIRST_EXCEPTION" | "ALL_COMPLETED";

const RETURN_WHEN: Record<ReturnWhen, number> = {
  FIRST_COMPLETED: K.FIRST_COMPLETED, FIRST_EXCEPTION: K.FIRST_EXCEPTION, ALL_COMPLETED: K.ALL_COMPLETED,
};

/** How `wait` waits. */
export interface WaitOptions extends OnLoop {
  /** ms; what is not done then is pending. */
  timeout?: number | null | undefined;
  /** By default "ALL_COMPLETED". */
  returnWhen?: ReturnWhen | undefined;
}

/** Waits for futures and tasks, and cancels none: `[done, pending]`. Of anything else `ensureFuture` makes one first. */
export function wait<F extends Future<any>>(futures: Iterable<F>, options: WaitOptions = {}): Operation<[Set<F>, Set<F>]> {
  const loop = loopFor(futures, options, "timeout returnWhen"), limit = duration(options.timeout ?? null);
  const byPointer = new Map<number, F>();
  const until = RETURN_WHEN[options.returnWhen ?? "ALL_COMPLETED"];
  if (until === undefined) refuse(options.returnWhen, `is none of ${Object.keys(RETURN_WHEN).join(", ")}`);
  for (const future of futures) {
    if (!(future instanceof Future) || future instanceof Operation) refuse(future, "is no future: make one by ensureFuture");
    byPointer.set(future.borrow(), future);
  }
  const waiting = withAll(loop, byPointer.values(), (array, count) =>
    given(c.anyloop_wait(loop.pointer, array, count, until, limit)));
  return operation(loop, sorted(new Operation<[number[], number[]]>(loop, waiting), byPointer));
}

function* sorted<F>(waiting: Operation<[number[], number[]]>, futures: Map<number, F>): Coroutine<[Set<F>, Set<F>]> {
  const [done, pending] = (yield* waiting).map((those) => new Set(those.map((pointer) => futures.get(pointer)!)));
  return [done!, pending!];
}

/** Awaits it for at most `ms` milliseconds, then cancels it and fails with a TimeoutError. */
export function waitFor<T>(awaitable: Awaitable<T>, ms: number | null, options?: OnLoop): Operation<T> {
  const loop = loopOf(options), limit = duration(ms);
  return new Operation<T>(loop, given(c.anyloop_wait_for(loop.pointer, taken(loop, awaitable), limit)));
}

/** As the awaitable, but a cancellation of this does not reach it. */
export function shield<T>(awaitable: Awaitable<T>, options?: OnLoop): Future<T> {
  const loop = loopOf(options);
  return new Future<T>(loop, given(c.anyloop_shield(loop.pointer, taken(loop, awaitable))));
}

/** How `asCompleted` waits. */
export interface CompletionsOptions extends OnLoop {
  /** ms; then what is not done yet fails with a TimeoutError. */
  timeout?: number | null | undefined;
}

/** The futures as they come to be done. */
export class Completions<T> extends Owned {
  /** Whose turns complete them. */
  readonly loop: Loop;
  readonly #futures = new Map<number, Future<T>>();

  /** Makes futures of them, and tasks of coroutines, which so begin. */
  constructor(awaitables: Iterable<Awaitable<T>>, options?: CompletionsOptions) {
    const loop = loopFor(awaitables, options, "timeout"), limit = duration(options?.timeout ?? null);
    const futures = Array.from(awaitables, (awaitable) => loop.ensureFuture(awaitable));
    super(withAll(loop, futures, (array, count) =>
      made(c.anyloop_as_completed(loop.pointer, array, count, limit, room.out))), c.anyloop_completions_release);
    this.loop = loop;
    for (const future of futures) this.#futures.set(future.borrow(), future);
  }

  /** A future that is done with the next one's result; undefined after the last. */
  next(): Future<T> | undefined {
    return this.#following(c.anyloop_completions_next(this.open));
  }

  /** The next that is done, itself, or in an async function its result; undefined after the last. */
  nextFuture(): Operation<Future<T> | undefined> {
    return operation(this.loop, this.#nextItself());
  }

  *#nextItself(): Coroutine<Future<T> | undefined> {
    const next = this.#following(c.anyloop_completions_next_future(this.open));
    return next && this.#futures.get((yield next) as number);
  }

  #following(pointer: number): Future<T> | undefined {
    const refusal = c.anyloop_future_loop(pointer) === 0 ? c.anyloop_future_error_code(pointer) : 0;
    if (refusal === K.E_END) return undefined;
    if (refusal < 0) throw errorOf(refusal);
    return new Operation<T>(this.loop, pointer);
  }

  /** In a coroutine: `for (const next of asCompleted(...)) yield* next`. */
  *[Symbol.iterator](): Generator<Future<T>, void, unknown> {
    for (let future; (future = this.next()); ) yield future;
  }

  /** In an async function: `for await (const result of asCompleted(...))`. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, unknown> {
    for (let future; (future = this.next()); ) yield await future;
  }
}

/** Awaitables in the order in which they come to be done. What is not done when the time is over is not cancelled. */
export function asCompleted<A extends Awaitable<any>>(
  awaitables: Iterable<A>, options?: CompletionsOptions,
): Completions<ResultOf<A>> {
  return new Completions(awaitables, options);
}

/** What is run in something: an awaitable, or a function that gives it or nothing, told what it runs in. */
export type Body<T, In = void> = Awaitable<T> | ((within: In) => Awaitable<T> | void);

function takenBody<T, In>(loop: Loop, body: Body<T, In>, within: In): number {
  return taken(loop, typeof body === "function" ? calling(body as (within: In) => Awaitable<T> | void, within) : body);
}

const NOT_NOW = "its run has not begun, or ends, or is over";

/** A limit of time for what is run in it, which can be moved. */
export class Timeout extends Shared {
  /** `deadline`: ms on the loop's clock; null: none. */
  constructor(deadline: number | null, options?: OnLoop) {
    super(loopOf(options), (loop, out) => c.anyloop_timeout_scope_new(loop, instant(deadline), out),
      c.anyloop_timeout_scope_release);
  }

  /** Runs the body in it: fails with a TimeoutError when the time is over. */
  run<T>(body: Body<T, this>): Operation<T> {
    return this.operation(c.anyloop_timeout_scope_run(this.open, takenBody(this.loop, body, this)));
  }

  /**
   * Moves the deadline: ms on the loop's clock; null: none. ANYLOOP_E_STATE before `run` began and after it ended or
   * expired.
   */
  reschedule(deadline: number | null): void {
    must(c.anyloop_timeout_scope_reschedule(this.open, instant(deadline)), NOT_NOW);
  }

  /** The deadline, also afterwards: ms on the loop's clock; null: none. */
  when(): number | null {
    return whenOf(c.anyloop_timeout_scope_when(this.open));
  }

  /** Whether the time was over, whatever became of that. */
  expired(): boolean {
    return c.anyloop_timeout_scope_expired(this.open) === 1;
  }
}

/** Runs the body for at most `ms` milliseconds; then it is cancelled, and this fails with a TimeoutError. */
export function timeout<T>(ms: number | null, body: Body<T>, options?: OnLoop): Operation<T> {
  const loop = loopOf(options);
  return new Operation<T>(loop, given(c.anyloop_timeout(loop.pointer, duration(ms), takenBody(loop, body, undefined))));
}

/** Tasks that end together: when one fails the others are cancelled. */
export class TaskGroup extends Shared {
  /** A group, for one `run`. */
  constructor(options?: OnLoop) {
    super(loopOf(options), c.anyloop_group_new, c.anyloop_group_release);
  }

  /** Runs the body, which makes tasks by `createTask`, and waits for all of them. */
  run<T>(body: Body<T, this>): Operation<T> {
    return this.operation(c.anyloop_group_run(this.open, takenBody(this.loop, body, this)));
  }

  /**
   * Makes a task of the group. ANYLOOP_E_STATE before `run` began its body, when the group is over, and once a task has
   * failed.
   */
  createTask<T>(main: Main<T>, options: TaskOptions = {}): Task<T> {
    const { open } = this;
    return this.loop.taskOf<T>(main, options, (own, made) => c.anyloop_group_create_task(open, own, made), NOT_NOW);
  }
}
