// sync.ts -- locks, events, conditions, semaphores, barriers. All of them the core's.
import { K } from "./abi.js";
import { must } from "./errors.js";
import { type Awaitable, type Coroutine, Operation } from "./future.js";
import { loopOf, type OnLoop } from "./current.js";
import { given, type Loop } from "./loop.js";
import { c, heap, room } from "./module.js";
import { Owned } from "./owned.js";

/** Something of the core's that a loop's tasks share. */
abstract class Shared extends Owned {
  /** @internal */
  constructor(readonly loop: Loop, make: (loop: number, out: number) => number, release: (pointer: number) => void) {
    must(make(loop.pointer, room.out));
    super(heap()[room.out >> 2]!, release);
  }

  /** @internal */
  protected operation<T>(pointer: number): Operation<T> {
    return new Operation<T>(this.loop, given(pointer));
  }
}

// asyncio's `async with`.
function* holding<T>(what: { acquire(): Operation<void>; release(): void }, body: () => Awaitable<T>): Coroutine<T> {
  yield* what.acquire();
  try {
    return (yield body()) as T;
  } finally {
    what.release();
  }
}

// For the core, which would take -1 for four billion, and Infinity for none.
function count(value: number, least = 0): number {
  if (!(value >= least && value < 2 ** 32)) throw new RangeError(`${value} is no count from ${least} to 4294967295`);
  return value;
}

/** First come, first served. */
export class Lock extends Shared {
  constructor(options?: OnLoop) {
    super(loopOf(options), c.anyloop_lock_new, c.anyloop_lock_release);
  }

  acquire(): Operation<void> {
    return this.operation(c.anyloop_lock_acquire(this.open));
  }

  release(): void {
    must(c.anyloop_lock_unlock(this.open));
  }

  locked(): boolean {
    return c.anyloop_lock_locked(this.open) === 1;
  }

  /** Runs the body with the lock held. */
  with<T>(body: () => Awaitable<T>): Coroutine<T> {
    return holding(this, body);
  }
}

export class Event extends Shared {
  constructor(options?: OnLoop) {
    super(loopOf(options), c.anyloop_event_new, c.anyloop_event_release);
  }

  set(): void {
    must(c.anyloop_event_set(this.open));
  }

  clear(): void {
    must(c.anyloop_event_clear(this.open));
  }

  isSet(): boolean {
    return c.anyloop_event_is_set(this.open) === 1;
  }

  wait(): Operation<void> {
    return this.operation(c.anyloop_event_wait(this.open));
  }
}

export class Condition extends Shared {
  /** Without a lock it has one of its own. */
  constructor(lock?: Lock, options: OnLoop | undefined = lock && { loop: lock.loop }) {
    super(loopOf(options), (loop, out) => c.anyloop_condition_new(loop, lock ? lock.open : 0, out),
      c.anyloop_condition_release);
  }

  acquire(): Operation<void> {
    return this.operation(c.anyloop_lock_acquire(c.anyloop_condition_lock(this.open)));
  }

  release(): void {
    must(c.anyloop_lock_unlock(c.anyloop_condition_lock(this.open)));
  }

  /** Runs the body with the lock held. */
  with<T>(body: () => Awaitable<T>): Coroutine<T> {
    return holding(this, body);
  }

  locked(): boolean {
    return c.anyloop_lock_locked(c.anyloop_condition_lock(this.open)) === 1;
  }

  /** Releases the lock, waits to be notified, acquires it again. */
  wait(): Operation<void> {
    return this.operation(c.anyloop_condition_wait(this.open));
  }

  /** Waits until the predicate holds. */
  *waitFor(predicate: () => boolean): Coroutine<void> {
    while (!predicate()) yield* this.wait();
  }

  notify(waiters = 1): void {
    must(c.anyloop_condition_notify(this.open, count(waiters)));
  }

  notifyAll(): void {
    must(c.anyloop_condition_notify(this.open, 0xffffffff));
  }
}

export interface SemaphoreOptions extends OnLoop {
  /** A release that would lift it above where it began is refused with ANYLOOP_E_STATE. */
  bounded?: boolean;
}

export class Semaphore extends Shared {
  constructor(value = 1, options?: SemaphoreOptions) {
    const flags = options?.bounded ? K.SEMAPHORE_BOUNDED : 0;
    super(loopOf(options), (loop, out) => c.anyloop_semaphore_new(loop, count(value), flags, out),
      c.anyloop_semaphore_release);
  }

  acquire(): Operation<void> {
    return this.operation(c.anyloop_semaphore_acquire(this.open));
  }

  release(): void {
    must(c.anyloop_semaphore_post(this.open));
  }

  /** Runs the body as one of those that the semaphore lets in. */
  with<T>(body: () => Awaitable<T>): Coroutine<T> {
    return holding(this, body);
  }

  locked(): boolean {
    return c.anyloop_semaphore_locked(this.open) === 1;
  }
}

export class Barrier extends Shared {
  constructor(readonly parties: number, options?: OnLoop) {
    super(loopOf(options), (loop, out) => c.anyloop_barrier_new(loop, count(parties, 1), out), c.anyloop_barrier_release);
  }

  /** The result is how many were there before. */
  wait(): Operation<number> {
    return this.operation(c.anyloop_barrier_wait(this.open));
  }

  reset(): Operation<void> {
    return this.operation(c.anyloop_barrier_reset(this.open));
  }

  abort(): Operation<void> {
    return this.operation(c.anyloop_barrier_abort(this.open));
  }

  get nWaiting(): number {
    return c.anyloop_barrier_n_waiting(this.open);
  }

  get broken(): boolean {
    return c.anyloop_barrier_broken(this.open) === 1;
  }
}
