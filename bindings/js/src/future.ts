// future.ts -- futures and tasks, and what can be awaited.
import { K } from "./abi.js";
import { callable, refuse } from "./checks.js";
import { CancelledError, errorOf, given, made, must } from "./errors.js";
import { type Callback, type Coroutine, lend, lendAgain, lendCoroutine, whatIsLent } from "./lent.js";
import { c, heap, room, textAt, withText } from "./module.js";
import type { Loop } from "./loop.js";
import { Owned } from "./owned.js";
import { loopOf, type OnLoop } from "./present.js";
import { fresh, read, readError, write, writeError } from "./value.js";
import { said } from "./words.js";

export type { Coroutine } from "./lent.js";
/** What a coroutine may await: tasks and operations are futures. */
export type Awaitable<T = unknown> = Future<T> | Coroutine<T> | PromiseLike<T>;

// What `yield*` goes through where the result is there already: no step.
class Ready<T> implements Iterator<never, T, unknown> {
  readonly done = true;

  constructor(readonly value: T) {}

  next(): this {
    return this;
  }
}

// What `yield*` goes through else: one step.
class Await<T> implements Iterator<Future<T>, T, unknown> {
  private asked = false;

  constructor(private future: Future<T>) {}

  next(value?: unknown): IteratorResult<Future<T>, T> {
    if (this.asked) return { done: true, value: this.future.became(value as T) };
    this.asked = true;
    return { done: false, value: this.future };
  }

  throw(error: any): never {
    // Here it has the lines of the coroutines.
    if (error && error === fresh?.deref()) (Error as any).captureStackTrace?.(error, this.throw);
    throw error;
  }

  return(value?: any): IteratorResult<Future<T>, T> {
    return { done: true, value };
  }
}

/** @internal The core's. */
export function bareFuture(loop: Loop): number {
  return made(c.anyloop_future_new(loop.pointer, room.out));
}

const DONE = "it is done already";

interface Known {
  number: number;
  call: Callback;
}

/** Something that will have a result. Await it by `yield*` in a coroutine, or as a promise. */
export class Future<T = unknown> extends Owned implements PromiseLike<T> {
  /** Whose turns complete what waits for it. */
  readonly loop: Loop;
  /** What it is once that was asked for: the core is not asked again. */
  private state: number = K.PENDING;
  private value: unknown;
  private callbacks: Map<unknown, Known> | undefined;

  /** A bare future. Whoever has it may complete it. */
  constructor(options?: OnLoop);
  /** @internal */
  constructor(loop: Loop, pointer: number);
  constructor(on?: OnLoop | Loop, pointer?: number) {
    const loop = pointer === undefined ? loopOf(on as OnLoop) : on as Loop;
    super(pointer ?? bareFuture(loop), c.anyloop_future_release);
    this.loop = loop;
  }

  /** How it came out, as the core says it; PENDING too. */
  private look(): number {
    if (this.state !== K.PENDING) return this.state;
    const pointer = this.open, state = c.anyloop_future_state(pointer);
    if (state === K.RESULT) this.became(read(c.anyloop_future_result(pointer)) as T);
    return state;
  }

  /** @internal It has this result, and the core's is needed no more. */
  became(value: T): T {
    if (this.state === K.PENDING) {
      this.state = K.RESULT;
      this.value = value;
      if (this.pointer !== 0) this.part();
    }
    return value;
  }

  /** @internal */
  protected part(): void {
    this.close();
  }

  /** Whether it has a result, failed or was cancelled. */
  done(): boolean {
    return this.state !== K.PENDING || c.anyloop_future_state(this.open) !== K.PENDING;
  }

  /** Whether it was cancelled. */
  cancelled(): boolean {
    return this.state === K.PENDING && c.anyloop_future_state(this.open) === K.CANCELLED;
  }

  /** The result; throws the error. */
  result(): T {
    if (this.look() === K.RESULT) return this.value as T;
    throw this.error();
  }

  /** The error, or undefined when there is a result. */
  exception(): any {
    return this.look() === K.RESULT ? undefined : this.error();
  }

  private error(): unknown {
    if (this.state === K.FAILED) return this.value;
    if (this.done()) return readError(c.anyloop_future_error(this.open));
    throw errorOf(K.E_STATE, "it is pending: await it first");
  }

  // The core's, which refuses to be completed by others if it is a task; but it is let go of once the result is known.
  private bare(): number {
    if (this instanceof Task) throw errorOf(K.E_TYPE, "its coroutine ends it");
    return this.borrow();
  }

  /** Completes it without a result. Throws as the other one. */
  setResult(this: Future<void>): void;
  /**
   * Completes it with a result, which is kept as it is. Throws ANYLOOP_E_STATE when it is done already; ANYLOOP_E_TYPE for a
   * task or operation; ANYLOOP_E_CLOSED when the loop is closed and somebody waited: then it is done, and they will not hear
   * of it.
   */
  setResult(value: T): void;
  setResult(value?: T): void {
    must(c.anyloop_future_set_result(this.bare(), write(value)), DONE);
  }

  /** Completes it with an error, which comes out as the same object. Throws as `setResult`. */
  setException(error: unknown): void {
    must(c.anyloop_future_set_error(this.bare(), writeError(error)), DONE);
    this.raised(error);
  }

  /**
   * Asks for a cancellation; false when it is done already.
   * @param reason  a text: the CancelledError's message. Anything else: its cause, and as text its message.
   */
  cancel(reason?: unknown): boolean {
    if (this.state !== K.PENDING) return false;
    const { open } = this;
    let written = 0;
    try {
      if (typeof reason === "string") written = write(reason.toWellFormed());
      else if (reason !== undefined) written = writeError(new CancelledError(said(reason), { cause: reason }));
    } catch {} // no memory for it
    return must(c.anyloop_future_cancel(open, written)) === 1;
  }

  /** Calls `callback` in a turn after this is done. */
  addDoneCallback(callback: (future: this) => void): void {
    const callbacks = (this.callbacks ??= new Map());
    let known = callbacks.get(callable(callback));
    if (!known) {
      const call = () => {
        callbacks.delete(callback);
        callback(this);
      };
      callbacks.set(callback, (known = { number: 0, call }));
    }
    const pointer = this.borrow();
    known.number = lendAgain(known.call, this.loop.pointer, known.number);
    must(c.guest_add_done_callback(pointer, known.number));
  }

  /** How many were removed. */
  removeDoneCallback(callback: (future: this) => void): number {
    const known = this.callbacks?.get(callback);
    if (!known || whatIsLent(known.number) !== known.call) return 0;
    return c.guest_remove_done_callback(this.borrow(), known.number);
  }

  /** @internal This was thrown for it, and if no cancellation came in between, that is how it ends. */
  raised(error: unknown): void {
    this.value = error;
    this.loop.futureFailed(this as Future);
  }

  /** @internal If it failed, and nobody has looked at that, the core reports it now. */
  lookAtError(): void {
    if (this.pointer === 0 || c.anyloop_future_state(this.pointer) !== K.FAILED) return;
    this.state = K.FAILED;
    this.part();
  }

  then<A = T, B = never>(
    fulfilled?: ((value: T) => A | PromiseLike<A>) | null, rejected?: ((reason: any) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return new Promise<T>((resolve, reject) => {
      const settle = () => {
        this.loop.letPromisesRun();
        try {
          resolve(this.result());
        } catch (error) {
          reject(error);
        }
      };
      const orphaned = () => reject(this.loop.isClosed() ? errorOf(K.E_CLOSED) : errorOf(K.E_STATE, "it is closed"));
      if (this.loop.isClosed()) (this.done() ? settle : orphaned)();
      else must(c.guest_add_done_callback(this.borrow(), lend(settle, this.loop.pointer, orphaned)));
    }).then(fulfilled, rejected);
  }

  /** As a promise's. */
  catch<B = never>(rejected?: ((reason: any) => B | PromiseLike<B>) | null): Promise<T | B> {
    return this.then(undefined, rejected);
  }

  /** As a promise's. */
  finally(settled?: (() => void) | null): Promise<T> {
    return this.then().finally(settled);
  }

  /** For people: what it is, and whether it is done. */
  override toString(): string {
    const kind = this instanceof Task ? "Task" : this instanceof Operation ? "Operation" : "Future";
    if (this.pointer === 0 && this.state === K.PENDING) return `<${kind}>`; // closed, or used up
    const state = this.cancelled() ? "cancelled" : this.done() ? "finished" : "pending";
    return `<${kind} ${state}${this instanceof Task ? ` name='${this.name}'` : ""}>`;
  }

  /** What `yield*` goes through. */
  [Symbol.iterator](): Iterator<Future<T>, T, unknown> {
    return this.look() === K.RESULT ? new Ready(this.value as T) : new Await<T>(this);
  }

  /** @internal The core's. One that it was needed no more for is made again. */
  borrow(): number {
    if (this.pointer !== 0 || this.state === K.PENDING) return this.open;
    const { state, value } = this, again = new Future(this.loop, bareFuture(this.loop));
    if (state === K.RESULT) again.setResult(value);
    else {
      again.setException(value);
      again.exception(); // which was looked at before
    }
    this.replace(again.giveAway());
    return this.pointer;
  }

  /** @internal For the core to take, or with bit 0 set: to hold. */
  lent(): number {
    return this.borrow() | 1;
  }
}

/** A coroutine that the loop runs. */
export class Task<T = unknown> extends Future<T> {
  private last: { name: string; cancelling: number } | undefined;

  /** @internal */
  constructor(loop: Loop, pointer: number) {
    if (pointer === undefined) throw new TypeError("a task is made by createTask");
    super(loop, pointer);
  }

  /** @internal */
  protected override part(): void {
    this.last = { name: this.name, cancelling: this.cancelling() };
    this.close();
  }

  /** By default the function's that it was made of, else "Task-" and a number. */
  get name(): string {
    return this.last ? this.last.name : textAt(c.anyloop_task_name(this.open));
  }

  /** May be set at any time. */
  set name(name: string) {
    if (this.last) this.last.name = name;
    else withText(name, (start) => must(c.anyloop_task_set_name(this.open, start)));
  }

  /** How often its cancellation was asked for and not taken back. */
  cancelling(): number {
    return this.last ? this.last.cancelling : c.anyloop_task_cancelling(this.open);
  }

  /** Takes one request for a cancellation back, for who has handled it; how many are left. */
  uncancel(): number {
    if (this.last) return (this.last.cancelling = Math.max(0, this.last.cancelling - 1));
    return c.anyloop_task_uncancel(this.open);
  }
}

/** What the core runs inside whoever awaits it, as a coroutine: so it is awaited once. */
export class Operation<T = unknown> extends Future<T> {
  /** @internal */
  override get open(): number {
    if (this.pointer === 0) throw errorOf(K.E_STATE, "it was awaited or closed: an operation is awaited once");
    return this.pointer;
  }

  /** @internal */
  override lent(): number {
    return this.pointer === 0 ? super.lent() : this.giveAway();
  }
}

// A coroutine of ours as an operation. `yield*` goes through it here; for anybody else it is the core's.
class Steps<T> extends Operation<T> {
  constructor(loop: Loop, private coroutine: Coroutine<T> | undefined) {
    super(loop, 0);
  }

  private begin(): Coroutine<T> | undefined {
    const { coroutine } = this;
    this.coroutine = undefined;
    return coroutine;
  }

  override close(): void {
    this.begin();
    super.close();
  }

  override get open(): number {
    const coroutine = this.begin();
    if (coroutine) this.replace(given(own(this.loop, coroutine)));
    return super.open;
  }

  override lent(): number {
    return this.coroutine ? (void this.open, this.giveAway()) : super.lent();
  }

  override [Symbol.iterator](): Iterator<Future<T>, T, unknown> {
    return (this.begin() ?? super[Symbol.iterator]()) as Iterator<Future<T>, T, unknown>;
  }
}

/** A coroutine of ours as what is awaited like the core's own, in an async function too. */
export function operation<T>(loop: Loop, coroutine: Coroutine<T>): Operation<T> {
  return new Steps(loop, coroutine);
}

export function isCoroutine(value: unknown): value is Coroutine {
  return typeof value === "object" && value !== null && typeof (value as any).next === "function" &&
    typeof (value as any).throw === "function" && typeof (value as any)[Symbol.iterator] === "function";
}

type Raised = (error: unknown) => void;

/** The core's own of what is awaited: for it to take, or with bit 0 set, to hold. `task`: in which it is. */
export function own(loop: Loop, awaitable: unknown, task = 0, raised?: Raised): number {
  if (awaitable instanceof Future) return awaitable.lent();
  if (isCoroutine(awaitable)) return c.guest_coroutine(loop.pointer, lendCoroutine(awaitable, loop.pointer), 0);
  if (typeof (awaitable as any)?.then === "function") return promised(loop, awaitable as PromiseLike<unknown>, raised);
  const where = task === 0 ? "" : ` in ${textAt(c.anyloop_task_name(task))}`; // the stack does not say
  refuse(awaitable, `cannot be awaited${where}: it is no future, coroutine or promise`);
}

/** The same with a reference, which the next call of the core takes. */
export function taken(loop: Loop, awaitable: unknown, raised?: Raised): number {
  const pointer = own(loop, awaitable, 0, raised);
  return pointer & 1 ? c.anyloop_future_retain(pointer - 1) : pointer;
}

/** A future of the core that a promise keeps. While it is open a run is no deadlock. `raised` hears of an error. */
export function promised(loop: Loop, promise: PromiseLike<unknown>, raised?: Raised): number {
  const kept = made(c.anyloop_promise_new(loop.pointer, room.out, room.out + 4)), future = heap()[(room.out >> 2) + 1]!;
  void keep(promise, kept, raised);
  return future;
}

// `await` takes anything, and once: a thenable may call back twice, or at once, or throw.
async function keep(promise: PromiseLike<unknown>, kept: number, raised: Raised | undefined): Promise<void> {
  try {
    const value = await promise;
    c.anyloop_promise_set_result(kept, write(value));
  } catch (error) {
    c.anyloop_promise_set_error(kept, writeError(error));
    raised?.(error);
  }
  c.anyloop_promise_release(kept);
}
