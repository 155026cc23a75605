// compose.ts -- awaiting many, limits of time, groups.
import { K } from "./abi.js";
import { errorOf, must } from "./errors.js";
import { type Awaitable, type Coroutine, Future, Operation, taken, Task } from "./future.js";
import { getRunningLoop } from "./current.js";
import { duration, given, type Loop, type TaskOptions, time } from "./loop.js";
import { c, heap, room, withPointers } from "./module.js";
import { Owned } from "./owned.js";
import type { Main } from "./spawn.js";
import { shown } from "./value.js";

type Awaited_<A> = A extends Awaitable<infer T> ? T : never;

export interface OnLoop {
  /** By default the loop that runs. */
  loop?: Loop;
}

/** Done after `ms` milliseconds, never early. */
export function sleep(ms: number, { loop = getRunningLoop() }: OnLoop = {}): Operation<void> {
  return new Operation<void>(loop, given(c.guest_sleep(loop.pointer, time(ms))));
}

/** Makes a task of a coroutine, a future of a promise; gives a future back as it is. */
export function ensureFuture<T>(awaitable: Awaitable<T>, { loop = getRunningLoop() }: OnLoop = {}): Future<T> {
  return loop.ensureFuture(awaitable);
}

export function createTask<T>(main: Main<T>, options: TaskOptions & OnLoop = {}): Task<T> {
  return (options.loop ?? getRunningLoop()).createTask(main, options);
}

export function currentTask(loop: Loop = getRunningLoop()): Task | undefined {
  return loop.currentTask();
}

export function allTasks(loop: Loop = getRunningLoop()): Task[] {
  return loop.allTasks();
}

// The futures of the core, which the call takes none of.
function withAll<T>(loop: Loop, awaitables: Iterable<Awaitable>, use: (array: number, count: number) => T): T {
  const futures = Array.from(awaitables, (awaitable) => taken(loop, awaitable));
  return withPointers(futures, (array) => use(array, futures.length));
}

export interface GatherOptions extends OnLoop {
  /** Errors become items of the result. */
  returnExceptions?: boolean;
}

/** Runs all of them together: the result is a list of theirs, in order; the first error fails it at once. */
export function gather<A extends readonly Awaitable<any>[] | []>(
  awaitables: A, options?: GatherOptions,
): Future<{ -readonly [I in keyof A]: Awaited_<A[I]> }>;
export function gather<T>(awaitables: Iterable<Awaitable<T>>, options?: GatherOptions): Future<T[]>;
export function gather(
  awaitables: Iterable<Awaitable>, { loop = getRunningLoop(), returnExceptions = false }: GatherOptions = {},
): Future<any> {
  const flags = returnExceptions ? K.RETURN_EXCEPTIONS : 0;
  return withAll(loop, awaitables, (array, count) =>
    new Future(loop, given(c.anyloop_gather(loop.pointer, array, count, flags))));
}

const RETURN_WHEN = {
  FIRST_COMPLETED: K.FIRST_COMPLETED, FIRST_EXCEPTION: K.FIRST_EXCEPTION, ALL_COMPLETED: K.ALL_COMPLETED,
} as const;
export type ReturnWhen = keyof typeof RETURN_WHEN;

export interface WaitOptions extends OnLoop {
  /** ms; what is not done then is pending. */
  timeout?: number | null;
  returnWhen?: ReturnWhen;
}

/** Waits for futures and tasks, and cancels none: `[done, pending]`. Of anything else `ensureFuture` makes one first. */
export function* wait<F extends Future<any>>(futures: Iterable<F>, options: WaitOptions = {}): Coroutine<[Set<F>, Set<F>]> {
  const loop = options.loop ?? getRunningLoop(), byPointer = new Map<number, F>();
  for (const future of futures) {
    if (!(future instanceof Future)) throw new TypeError(`${shown(future)} is no future: make one by ensureFuture`);
    byPointer.set(future.borrow(), future);
  }
  const waiting = withAll(loop, byPointer.values(), (array, count) =>
    given(c.anyloop_wait(loop.pointer, array, count, RETURN_WHEN[options.returnWhen ?? "ALL_COMPLETED"],
      duration(options.timeout))));
  const [done, pending] = (yield* new Operation<[number[], number[]]>(loop, waiting));
  return [new Set(done.map((p) => byPointer.get(p)!)), new Set(pending.map((p) => byPointer.get(p)!))];
}

/** Awaits it for at most `ms` milliseconds, then cancels it and fails with a TimeoutError. */
export function waitFor<T>(
  awaitable: Awaitable<T>, ms: number | null, { loop = getRunningLoop() }: OnLoop = {},
): Operation<T> {
  return new Operation<T>(loop, given(c.anyloop_wait_for(loop.pointer, taken(loop, awaitable), duration(ms))));
}

/** As the awaitable, but a cancellation of this does not reach it. */
export function shield<T>(awaitable: Awaitable<T>, { loop = getRunningLoop() }: OnLoop = {}): Future<T> {
  return new Future<T>(loop, given(c.anyloop_shield(loop.pointer, taken(loop, awaitable))));
}

/** The futures as they come to be done. */
export class Completions<T> extends Owned {
  readonly loop: Loop;
  private futures = new Map<number, Future<T>>();

  constructor(
    awaitables: Iterable<Awaitable<T>>, { loop = getRunningLoop(), timeout = null }: OnLoop & { timeout?: number | null } = {},
  ) {
    const futures = Array.from(awaitables, (awaitable) => loop.ensureFuture(awaitable));
    super(withAll(loop, futures, (array, count) => {
      must(c.anyloop_as_completed(loop.pointer, array, count, duration(timeout), room.out));
      return heap()[room.out >> 2]!;
    }));
    this.loop = loop;
    for (const future of futures) this.futures.set(future.borrow(), future);
  }

  protected releaser(): (pointer: number) => void {
    return c.anyloop_completions_release;
  }

  /** A future that is done with the next one's result; undefined after the last. */
  next(): Future<T> | undefined {
    return this.following(c.anyloop_completions_next(this.open));
  }

  /** In a coroutine: the next that is done, itself; undefined after the last. */
  *nextFuture(): Coroutine<Future<T> | undefined> {
    const next = this.following(c.anyloop_completions_next_future(this.open));
    return next && this.futures.get((yield next) as number);
  }

  private following(pointer: number): Future<T> | undefined {
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

export function asCompleted<T>(
  awaitables: Iterable<Awaitable<T>>, options?: OnLoop & { timeout?: number | null },
): Completions<T> {
  return new Completions(awaitables, options);
}

/** What is run in something: an awaitable, or a function that gives it, told what it runs in. */
export type Body<T, In = void> = Awaitable<T> | ((within: In) => Awaitable<T>);

function takenBody<T, In>(loop: Loop, body: Body<T, In>, within: In): number {
  return taken(loop, typeof body === "function" ? (body as (within: In) => Awaitable<T>)(within) : body);
}

/** A limit of time for what is run in it, which can be moved. */
export class Timeout extends Owned {
  /** `deadline`: ms on the loop's clock; null: none. */
  constructor(deadline: number | null, private loop: Loop = getRunningLoop()) {
    must(c.anyloop_timeout_scope_new(loop.pointer, instant(deadline), room.out));
    super(heap()[room.out >> 2]!);
  }

  protected releaser(): (pointer: number) => void {
    return c.anyloop_timeout_scope_release;
  }

  /** Runs the body in it: fails with a TimeoutError when the time is over. */
  run<T>(body: Body<T, this>): Operation<T> {
    return new Operation<T>(this.loop, given(c.anyloop_timeout_scope_run(this.open, takenBody(this.loop, body, this))));
  }

  reschedule(deadline: number | null): void {
    must(c.anyloop_timeout_scope_reschedule(this.open, instant(deadline)));
  }

  when(): number | null {
    const deadline = BigInt.asUintN(64, c.anyloop_timeout_scope_when(this.open));
    return deadline === NEVER ? null : Number(deadline) / 1e6;
  }

  expired(): boolean {
    return c.anyloop_timeout_scope_expired(this.open) === 1;
  }
}

const NEVER = 0xffffffffffffffffn;

function instant(deadline: number | null): bigint {
  return deadline === null || time(deadline) > 1.8e13 ? NEVER : BigInt(Math.round(Math.max(deadline, 0) * 1e6));
}

/** Runs the body for at most `ms` milliseconds; then it is cancelled, and this fails with a TimeoutError. */
export function timeout<T>(ms: number | null, body: Body<T>, { loop = getRunningLoop() }: OnLoop = {}): Operation<T> {
  return new Operation<T>(loop, given(c.anyloop_timeout(loop.pointer, duration(ms), takenBody(loop, body, undefined))));
}

/** Tasks that end together: when one fails the others are cancelled. */
export class TaskGroup extends Owned {
  constructor(private loop: Loop = getRunningLoop()) {
    must(c.anyloop_group_new(loop.pointer, room.out));
    super(heap()[room.out >> 2]!);
  }

  protected releaser(): (pointer: number) => void {
    return c.anyloop_group_release;
  }

  /** Runs the body, which makes tasks by `createTask`, and waits for all of them. */
  run<T>(body: Body<T, this>): Operation<T> {
    return new Operation<T>(this.loop, given(c.anyloop_group_run(this.open, takenBody(this.loop, body, this))));
  }

  createTask<T>(main: Main<T>, options: TaskOptions = {}): Task<T> {
    return this.loop.taskOf<T>(main, options, (own, made) => c.anyloop_group_create_task(this.open, own, made));
  }
}
