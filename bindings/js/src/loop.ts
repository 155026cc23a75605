/// <reference lib="esnext.disposable" preserve="true" />
// loop.ts -- the event loop: it pulls what is due from the core and runs it.
import { At, K, Size } from "./abi.js";
import { Context } from "./context.js";
import { abortSignal, callable, instance, plain, time } from "./checks.js";
import { errorOf, given, made, must } from "./errors.js";
import { type Job, submit } from "./executor.js";
import { type Awaitable, bareFuture, type Coroutine, Future, isCoroutine, Operation, taken, Task } from "./future.js";
import { stallReport } from "./inspect.js";
import { lend, lendCoroutine, orphan, runsAs, tasks } from "./lent.js";
import { c, floats, heap, hooks, room, turns, withPointers, withText, words64 } from "./module.js";
import { isNode } from "./node.js";
import { type Held, letGo, Owned } from "./owned.js";
import { WorkerPool } from "./pool.js";
import { known, present, running, within } from "./present.js";
import { coroutineOf, follow, type Main, waiting } from "./spawn.js";
import { look, taskAt } from "./step.js";
import { duration, whenOf } from "./time.js";
import { readError } from "./value.js";

const STRETCH = 8; // ms: half of a frame at 60 Hz
const DEEPEST = 100; // eager steps inside one another: what uses up the stack ends in the midst of the core
let eagerly = 0;
const loops = new Map<number, Loop>();
// Closed ones: their handles are let go of with them, and what is told of them later is told by their handlers.
const closedLoops = new Map<number, WeakRef<Loop>>();
const closed = new FinalizationRegistry<number>((pointer) => {
  closedLoops.delete(pointer);
  c.anyloop_loop_release(pointer);
});

/** What a loop is like. */
export interface LoopOptions {
  /** Time stands still while anything is ready, and jumps to the next timer when nothing is: tests take no time. */
  virtualClock?: boolean | undefined;
  /** Each task knows its age. */
  debug?: boolean | undefined;
  /**
   * false: nobody turns it but whoever calls `turn`, which is also to be called when something other than a turn may have
   * made something ready; so it has no runs.
   */
  hosted?: boolean | undefined;
  /** ms of the clock at the start, with virtualClock. */
  start?: number | undefined;
}

/** How a task is made. */
export interface TaskOptions {
  /** For people; by default the function's. */
  name?: string | undefined;
  /** Run the first step inside the call, when a step of the loop is running, and not 100 such steps inside one another. */
  eagerStart?: boolean | undefined;
  /** Cancels the task when it is aborted. */
  signal?: AbortSignal | undefined;
  /** Runs in a copy of it; by default of the current one. */
  context?: Context | undefined;
}

/** @internal Names of options. A runner's loop has the first ones, and `run` both. */
export const OF_LOOP = "virtualClock debug start", OF_TASK = "name eagerStart signal context";

/** What a turn came to. */
export interface Turn {
  /** When to turn again: ms on the loop's clock, 0 for now, Infinity for never. */
  deadline: number;
  /** `stop` was called. */
  stopped: boolean;
  /** Nothing is ready, and nothing that the loop knows of will be. */
  deadlock: boolean;
  /** It is not finished: turn again. */
  interrupted: boolean;
}

/** An error that has nowhere else to go. */
export interface ExceptionContext {
  /** What happened to it. */
  message: string;
  /** What was thrown. */
  exception: unknown;
  /** The name of the task that it was thrown in, of a task's. */
  task: string | undefined;
}

/** A callback that was scheduled. */
export class Handle extends Owned {
  /** @internal */
  constructor(pointer: number) {
    super(pointer, c.anyloop_handle_release);
  }

  /** It will not run. Too late or a second time this is nothing. */
  cancel(): void {
    must(c.anyloop_handle_cancel(this.open));
  }

  /** Whether it was cancelled before it ran. */
  cancelled(): boolean {
    return c.anyloop_handle_cancelled(this.open) === 1;
  }

  /** ms on the loop's clock; null of `callSoon`. */
  when(): number | null {
    return whenOf(c.anyloop_handle_when(this.open));
  }
}

interface Run {
  stop(): void;
  fail(error: unknown): void;
}

/**
 * The event loop. `run`, `Runner`, `getEventLoop` and `newEventLoop` make one.
 *
 * All that belongs to it, futures, tasks, locks and queues, is of the thread that made it, and of no other loop. Times are
 * milliseconds; its clock is its own, see `time`. Once it is closed what needs it throws ANYLOOP_E_CLOSED.
 */
export class Loop {
  /** @internal */
  readonly pointer: number;
  readonly #hosted: boolean;
  #going: boolean;
  readonly #virtual: boolean;
  #runs = new Set<Run>();
  // Those that failed, for a last look at the close: also at one that was collected, when nobody was told of that yet.
  #failed: [WeakRef<Future>, Held][] = [];
  #mostFailed = 64;
  #slow: ((ms: number, task: Task | undefined) => void) | undefined;
  /** @internal */
  hearsSlow = false;
  #handler: ((loop: Loop, context: ExceptionContext) => void) | undefined;
  #executor: WorkerPool | undefined;
  #pool: WorkerPool | undefined; // its own one
  #refusesJobs = false;

  /** After `load`. */
  constructor(options: LoopOptions = {}) {
    const start = duration(plain(options, `${OF_LOOP} hosted`).start ?? 0), words = heap(), at = room.options >> 2;
    words.fill(0, at, at + Size.LOOP_OPTIONS / 4);
    words[at] = Size.LOOP_OPTIONS;
    words[at + At.LOOP_OPTIONS_FLAGS] =
      (options.virtualClock ? K.LOOP_VIRTUAL_CLOCK : 0) | (options.debug ? K.LOOP_DEBUG : 0);
    const wide = words64(room.options, Size.LOOP_OPTIONS / 8);
    wide[At.LOOP_OPTIONS_VIRTUAL_START / 2] = start;
    this.pointer = made(c.anyloop_new_event_loop(room.options, room.out));
    loops.set(this.pointer, this);
    known.add(this);
    must(c.guest_handle_exceptions(this.pointer));
    this.#virtual = !!options.virtualClock;
    this.#going = this.#hosted = options.hosted !== false;
    if (!this.#hosted) return;
    watchForEnd();
    must(c.guest_host(this.pointer));
    turns.turn_at(this.pointer, 0, 0); // from then on it asks by itself
  }

  // ---- turning

  /** Runs what is due, once, without waiting; for `budget` ms, then it is interrupted. For a loop that is not hosted. */
  turn(budget = Infinity): Turn {
    this.#turns(0, time(budget));
    const words = heap(), at = room.turn >> 2;
    return {
      deadline: floats()[room.turn >> 3]!, // its first
      stopped: words[at + At.TURN_STOPPED] === 1,
      deadlock: words[at + At.TURN_DEADLOCK] === 1,
      interrupted: words[at + At.TURN_INTERRUPTED] === 1,
    };
  }

  #turns(many: number, budget: number): void {
    const { until } = present, now = performance.now();
    look(now);
    present.until = now + budget;
    try {
      must(within(this, () => c.guest_turn(this.pointer, many, room.turn)));
    } finally {
      present.until = until;
    }
  }

  /** Lets a virtual clock jump to a deadline that a turn gave. ANYLOOP_E_WOULD_BLOCK: a real one is not there yet. */
  wait(deadline: number): void {
    must(c.guest_wait(this.pointer, deadline));
  }

  /** @internal A host's macrotask: turns, until nothing is ready, or promises are to have theirs, or the time is over. */
  hosted(): void {
    if (!this.#going || this.isClosed()) return;
    try {
      this.#turns(1, STRETCH);
    } catch (error) { // a trap of a program's own C: this loop cannot go on
      this.#going = false;
      if (this.#runs.size === 0) throw error;
      this.#failRuns(error);
      return;
    }
    const words = heap(), at = room.turn >> 2, deadline = floats()[room.turn >> 3]!;
    if (words[at + At.TURN_STOPPED] === 1) {
      this.#going = false;
      this.#endRuns((run) => run.stop());
    } else {
      const jumps = this.#virtual && deadline !== Infinity;
      if (jumps && deadline !== 0) this.wait(deadline);
      turns.turn_at(this.pointer, deadline === Infinity ? -1 : jumps ? 0 : deadline, 0);
    }
  }

  /** @internal A promise was settled in this turn: what continues there comes before the next one. */
  letPromisesRun(): void {
    heap()[(room.turn >> 2) + At.TURN_PAUSE] = 1;
  }

  /** @internal Nothing is left that could end its runs, or look at an error. */
  end(): void {
    if (this.#runs.size > 0) {
      this.#failRuns(errorOf(K.E_DEADLOCK, `${errorOf(K.E_DEADLOCK).message}\n${stallReport({ loop: this })}`));
    }
    this.#lookAtErrors();
  }

  // Those that nobody has looked at are told.
  #lookAtErrors(): void {
    for (const [ref, held] of this.#failed.splice(0)) {
      const future = ref.deref();
      if (future) future.lookAtError();
      else letGo(held);
    }
  }

  #failRuns(error: unknown): void {
    this.#endRuns((run) => run.fail(error));
  }

  #endRuns(end: (run: Run) => void): void {
    for (const run of this.#runs) end(run);
    this.#runs.clear();
    running.delete(this);
  }

  #mayRun(): void {
    if (this.isClosed()) throw errorOf(K.E_CLOSED);
    if (present.loop === this) throw errorOf(K.E_RUNNING);
    if (!this.#hosted) throw errorOf(K.E_STATE, "with { hosted: false } it has turns, no runs");
  }

  #begin(run: Run): void {
    this.#mayRun();
    this.#runs.add(run);
    running.add(this);
    this.#going = true;
    turns.turn_at(this.pointer, 0, 0);
  }

  /** Settles when `stop` is called. */
  runForever(): Promise<void> {
    return new Promise((resolve, reject) => this.#begin({ stop: resolve, fail: reject }));
  }

  /** Settles as the awaitable does; fails when the loop is stopped or closed before, or when nothing can complete it. */
  async runUntilComplete<T>(awaitable: Awaitable<T>): Promise<T> {
    this.#mayRun(); // or a coroutine would begin
    const future = this.ensureFuture(awaitable);
    return new Promise((resolve, reject) => {
      const run = { stop: () => reject(errorOf(K.E_STOPPED)), fail: reject };
      future.addDoneCallback(() => {
        if (!this.#runs.delete(run)) return;
        if (this.#runs.size === 0) running.delete(this);
        this.letPromisesRun();
        try {
          resolve(future.result());
        } catch (error) {
          reject(error);
        }
      });
      this.#begin(run); // after what may be refused
    });
  }

  /**
   * Ends `runForever` and fails other runs with ANYLOOP_E_STOPPED, at the end of the turn. The loop rests until the next
   * run.
   */
  stop(): void {
    must(c.anyloop_loop_stop(this.pointer));
  }

  /** Whether one of its turns runs, and this in it. */
  isRunning(): boolean {
    return present.loop === this;
  }

  /** Whether it is closed, from the beginning of its close on. */
  isClosed(): boolean {
    return c.anyloop_loop_is_closed(this.pointer) === 1;
  }

  /**
   * Closes it for ever. Tasks that are not done run their `finally` and stay pending. Jobs that wait in its own pool are
   * cancelled, and those that run may take `timeout` ms: then they end with their workers.
   */
  async close(options: { timeout?: number | undefined } = {}): Promise<void> {
    const { timeout = 5000 } = plain(options, "timeout");
    time(timeout);
    this.#closeNow();
    this.#refusesJobs = true;
    await this.#pool?.shutdown({ cancelQueued: true, timeout });
  }

  #closeNow(): void {
    must(within(this, () => c.anyloop_loop_close(this.pointer)));
    this.#lookAtErrors();
    if (!loops.delete(this.pointer)) return;
    turns.turn_at(this.pointer, -1, 0);
    closed.register(this, this.pointer);
    closedLoops.set(this.pointer, new WeakRef(this));
    orphan(this.pointer);
    this.#failRuns(errorOf(K.E_CLOSED));
  }

  /** Closes it: `await using loop = await newEventLoop()`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  // ---- making

  /** ms of a clock that never goes back. */
  time(): number {
    return c.guest_time(this.pointer);
  }

  /** A bare future: whoever has it may complete it. */
  createFuture<T = unknown>(): Future<T> {
    return new Future<T>(this, bareFuture(this));
  }

  /**
   * Schedules a coroutine. Its first step runs in the next turn, after what is ready already. A function
   * is called in it, and one with a parameter is given a signal that aborts when the task is cancelled. (A parameter with a
   * default value is not counted.)
   */
  createTask<T>(main: Main<T>, options: TaskOptions = {}): Task<T> {
    return this.taskOf<T>(main, options, (own, made) => c.anyloop_create_task(this.pointer, own, made));
  }

  /** @internal `make` makes it, of a coroutine of the core and anyloop_task_options. */
  taskOf<T>(
    main: Main<T>, options: TaskOptions, make: (coroutine: number, options: number) => number, early?: string,
  ): Task<T> {
    const { name = typeof main === "function" ? main.name : "", context, signal } = plain(options, OF_TASK);
    const inContext = context ? instance(context, Context).open : 0;
    abortSignal(signal);
    const lent = coroutineOf(main);
    let number: number;
    const begin = (start: number) => c.guest_coroutine(this.pointer, (number = lendCoroutine(lent, this.pointer)), start);
    const coroutine = name === "" ? begin(0) : withText(name, begin);
    const words = heap(), at = room.options >> 2, eager = options.eagerStart && eagerly < DEEPEST;
    words[at] = Size.TASK_OPTIONS;
    words[at + At.TASK_OPTIONS_FLAGS] = eager ? K.TASK_EAGER : 0;
    words[at + At.TASK_OPTIONS_NAME] = 0; // it is the coroutine's
    words[at + At.TASK_OPTIONS_CONTEXT] = inContext;
    let pointer: number;
    if (eager) eagerly++;
    try {
      pointer = given(make(given(coroutine), room.options), early);
    } finally {
      if (eager) eagerly--;
    }
    const begun = eager ? tasks.get(pointer) : undefined;
    if (begun) c.anyloop_future_release(pointer); // its first step has asked for it
    const task = (begun as Task<T> | undefined) ?? new Task<T>(this, pointer);
    if (!task.done()) runsAs(number!, task);
    if (signal) follow(task, signal);
    return task;
  }

  /** Makes a task of a coroutine or operation, a future of a promise; gives any other future back as it is. */
  ensureFuture<T>(awaitable: Awaitable<T>): Future<T> {
    if (awaitable instanceof Operation) return this.createTask<T>(waiting(awaitable));
    if (awaitable instanceof Future) return awaitable;
    if (isCoroutine(awaitable)) return this.createTask<T>(awaitable as Coroutine<T>);
    let ref: WeakRef<Future> | undefined;
    const future = new Future<T>(this, taken(this, awaitable, (error) => ref?.deref()?.raised(error)));
    ref = new WeakRef<Future>(future);
    return future;
  }

  /** Runs `callback` in the next turn, after what is ready already. */
  callSoon(callback: () => void): Handle {
    return new Handle(made(c.guest_call_soon(this.pointer, lend(callable(callback), this.pointer), room.out)));
  }

  /** Runs `callback` once `ms` milliseconds have passed, never early. */
  callLater(ms: number, callback: () => void): Handle {
    return new Handle(made(c.guest_call_later(this.pointer, time(ms), lend(callable(callback), this.pointer), room.out)));
  }

  /** Runs `callback` at an instant of the loop's clock, in ms. */
  callAt(when: number, callback: () => void): Handle {
    return new Handle(made(c.guest_call_at(this.pointer, time(when), lend(callable(callback), this.pointer), room.out)));
  }

  // ---- jobs

  /** Runs a job in a worker. Null is the loop's own pool. Throws ANYLOOP_E_FULL when the queue is full. */
  runInExecutor<A extends unknown[], R>(executor: WorkerPool | null, job: Job<A, R>, ...parameters: A): Future<R> {
    return submit(this, executor, job, parameters, false);
  }

  /** What null means instead of the loop's own pool. The loop does not shut it down. */
  setDefaultExecutor(executor: WorkerPool): void {
    if (this.#executor || this.#refusesJobs) throw errorOf(K.E_STATE, "it was used or set already");
    this.#executor = instance(executor, WorkerPool);
  }

  /** @internal */
  defaultExecutor(): WorkerPool {
    if (this.#refusesJobs) throw errorOf(K.E_SHUTDOWN);
    return (this.#executor ??= this.#pool = new WorkerPool());
  }

  /**
   * Waits for the jobs of the loop's own pool, and ends it; those that take more than `timeout` ms end with their
   * workers.
   */
  async shutdownDefaultExecutor(timeout = Infinity): Promise<void> {
    this.#refusesJobs = true;
    await this.#pool?.shutdown({ timeout });
  }

  // ---- looking

  /** The tasks that are not done, in the order of their making. */
  allTasks(): Task[] {
    if (this.isClosed()) return [];
    const count = c.anyloop_all_tasks(this.pointer, 0, 0);
    return withPointers(new Array(count).fill(0), (array) => {
      c.anyloop_all_tasks(this.pointer, array, count);
      return Array.from(heap().slice(array >> 2, (array >> 2) + count), (pointer) => taskAt(this, pointer));
    });
  }

  /** The task whose step runs. */
  currentTask(): Task | undefined {
    const pointer = c.anyloop_current_task(this.pointer);
    return pointer === 0 ? undefined : taskAt(this, pointer);
  }

  // ---- errors that have nowhere else to go

  /**
   * Hears of errors that nobody else does: those of callbacks, and of futures that failed and were let go of before anybody
   * looked. undefined: they go to the console, as at first.
   */
  setExceptionHandler(handler: ((loop: Loop, context: ExceptionContext) => void) | undefined): void {
    this.#handler = handler && callable(handler);
  }

  /**
   * Hears of each step and callback that keeps the loop for `ms` or longer, right after it; of a callback without its task.
   * Infinity, as at first: of none. While it is on the clock is looked at in every step.
   */
  setSlowCallbackHandler(ms: number, handler: (ms: number, task: Task | undefined) => void): void {
    this.#slow = callable(handler);
    must(c.guest_handle_slow_callbacks(this.pointer, time(ms)));
    this.hearsSlow = ms !== Infinity;
  }

  /** @internal */
  tellSlow(task: number, ms: number): void {
    const { ended } = present;
    present.ended = undefined;
    try {
      this.#slow?.(ms, task === 0 ? undefined : ended?.pointer === task ? ended : taskAt(this, task));
    } catch (error) {
      this.unhandled("the handler of slow callbacks failed", error);
    }
  }

  /** @internal */
  futureFailed(future: Future): void {
    const held = future.register();
    if (!held || this.#failed.push([new WeakRef(future), held]) < this.#mostFailed) return;
    this.#failed = this.#failed.filter(([, held]) => held.pointer !== 0);
    this.#mostFailed = 64 + 2 * this.#failed.length;
  }

  /** @internal */
  unhandled(message: string, exception: unknown, task?: string): void {
    try {
      if (!this.#handler) report(message, exception, task);
      else this.#handler(this, { message, exception, task });
    } catch (error) {
      report("the exception handler failed", error);
    }
  }
}

let watching = false;

// Whatever the core waits for, anything else of the program may still complete a future. Only when Node has nothing else to
// do it is known that nobody will. A page always may.
function watchForEnd(): void {
  if (!isNode || watching) return;
  watching = true;
  process.on("beforeExit", () => {
    for (const loop of loops.values()) loop.end();
  });
}

function report(message: string, exception: unknown, task?: string): void {
  if (task) message += ` (task ${task})`;
  try {
    console.error(`anyloop: ${message}:`, exception);
  } catch { // it throws when it is shown, or the console does, but not into the core
    queueMicrotask(() => console.error(`anyloop: ${message}`));
  }
}

hooks.turn = (pointer) => loops.get(pointer)?.hosted();
hooks.slow = (pointer, task, ms) => loops.get(pointer)?.tellSlow(task, ms);
hooks.unhandled = (pointer, message, value, task) => {
  const loop = loops.get(pointer) ?? closedLoops.get(pointer)?.deref(), error = value === 0 ? undefined : readError(value);
  if (loop) loop.unhandled(message, error, task);
  else report(message, error, task);
};

