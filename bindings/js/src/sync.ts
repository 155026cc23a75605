// sync.ts -- locks, events, conditions, semaphores, barriers. All of them the core's.
import { K } from "./abi.js";
import { callable, instance, integer } from "./checks.js";
import { given, made, must } from "./errors.js";
import { type Awaitable, type Coroutine, Operation, operation } from "./future.js";
import type { Loop } from "./loop.js";
import { c, room } from "./module.js";
import { Owned } from "./owned.js";
import { loopOf, type OnLoop } from "./present.js";
import { calling } from "./spawn.js";

/** Something of the core's that a loop's tasks share. */
export abstract class Shared extends Owned {
  /**
   * @internal
   * @param loop  Whose tasks share it.
   */
  constructor(readonly loop: Loop, make: (loop: number, out: number) => number, release: (pointer: number) => void) {
    super(made(make(loop.pointer, room.out)), release);
  }

  /** @internal */
  protected operation<T>(pointer: number): Operation<T> {
    return new Operation<T>(this.loop, given(pointer));
  }
}

/** What tasks hold for a while. */
abstract class Holdable extends Shared {
  /** Waits for this one's turn. */
  abstract acquire(): Operation<void>;
  /** Ends it. */
  abstract release(): void;

  /** Acquires it, runs the body, and releases it whatever came of that: asyncio's `async with`. */
  with<T>(body: () => Awaitable<T> | void): Operation<T> {
    return operation(this.loop, this.#holding(callable(body)));
  }

  *#holding<T>(body: () => Awaitable<T> | void): Coroutine<T> {
    yield* this.acquire();
    try {
      return yield* calling(body);
    } finally {
      this.release();
    }
  }
}

/** First come, first served. */
export class Lock extends Holdable {
  /** For TypeScript alone: a Semaphore has the same methods, and is none. */
  declare protected readonly isLock: true;

  /** A lock that nobody holds. */
  constructor(options?: OnLoop) {
    super(loopOf(options), c.anyloop_lock_new, c.anyloop_lock_release);
  }

  /** Waits until it is this one's turn, and holds it. `with` does both, and the release. */
  acquire(): Operation<void> {
    return this.operation(c.anyloop_lock_acquire(this.open));
  }

  /** Lets the first who waits have it. Any task may: a lock has no owner. ANYLOOP_E_NOT_HELD: it is not held. */
  release(): void {
    must(c.anyloop_lock_unlock(this.open));
  }

  /** Whether it is held. */
  locked(): boolean {
    return c.anyloop_lock_locked(this.open) === 1;
  }
}

/** Something that happens, and that any number of tasks wait for. (In a page the name is also the DOM's.) */
export class Event extends Shared {
  /** An event that is not set. */
  constructor(options?: OnLoop) {
    super(loopOf(options), c.anyloop_event_new, c.anyloop_event_release);
  }

  /** Everybody who waits goes on, also when it is cleared before they run. */
  set(): void {
    must(c.anyloop_event_set(this.open));
  }

  /** Who comes from now on waits. */
  clear(): void {
    must(c.anyloop_event_clear(this.open));
  }

  /** Whether it is set. */
  isSet(): boolean {
    return c.anyloop_event_is_set(this.open) === 1;
  }

  /** Waits until it is set. */
  wait(): Operation<void> {
    return this.operation(c.anyloop_event_wait(this.open));
  }
}

/** A lock, and tasks that wait for what it guards to change. */
export class Condition extends Holdable {
  /** Without a lock it has one of its own. */
  constructor(lock?: Lock, options: OnLoop | undefined = lock && { loop: lock.loop }) {
    super(loopOf(options), (loop, out) => c.anyloop_condition_new(loop, lock ? instance(lock, Lock).open : 0, out),
      c.anyloop_condition_release);
  }

  /** Acquires the lock. */
  acquire(): Operation<void> {
    return this.operation(c.anyloop_lock_acquire(c.anyloop_condition_lock(this.open)));
  }

  /** Releases the lock. ANYLOOP_E_NOT_HELD: it is not held. */
  release(): void {
    must(c.anyloop_lock_unlock(c.anyloop_condition_lock(this.open)));
  }

  /** Whether the lock is held. */
  locked(): boolean {
    return c.anyloop_lock_locked(c.anyloop_condition_lock(this.open)) === 1;
  }

  /** Releases the lock, waits to be notified, acquires it again. */
  wait(): Operation<void> {
    return this.operation(c.anyloop_condition_wait(this.open));
  }

  /** Waits until the predicate holds; the result is what it gave then. */
  waitFor<T>(
    predicate: () => Exclude<T, PromiseLike<unknown>>,
  ): Operation<Exclude<T, false | 0 | 0n | "" | null | undefined>> {
    return operation(this.loop, this.#waitingFor(predicate));
  }

  *#waitingFor(predicate: () => unknown): Coroutine<any> {
    let value: any;
    while (!(value = predicate())) yield* this.wait();
    return value;
  }

  /** Wakes that many of those who wait; each goes on when it has the lock. ANYLOOP_E_NOT_HELD: nobody holds the lock. */
  notify(waiters = 1): void {
    must(c.anyloop_condition_notify(this.open, integer("waiters", waiters)));
  }

  /** Wakes all of them. */
  notifyAll(): void {
    must(c.anyloop_condition_notify(this.open, 0xffffffff));
  }
}

/** What a semaphore is like. */
export interface SemaphoreOptions extends OnLoop {
  /** A release that would lift it above where it began is refused with ANYLOOP_E_STATE. */
  bounded?: boolean | undefined;
}

/** Lets a number of tasks in at once; who comes first is first. A `bounded` one refuses to grow beyond its first value. */
export class Semaphore extends Holdable {
  /** `value`: how many it lets in at once. */
  constructor(value = 1, options?: SemaphoreOptions) {
    const flags = options?.bounded ? K.SEMAPHORE_BOUNDED : 0;
    super(loopOf(options, "bounded"), (loop, out) => c.anyloop_semaphore_new(loop, integer("value", value), flags, out),
      c.anyloop_semaphore_release);
  }

  /** Waits to be let in. `with` does both, and the release. */
  acquire(): Operation<void> {
    return this.operation(c.anyloop_semaphore_acquire(this.open));
  }

  /** Lets one more in. ANYLOOP_E_STATE: a bounded one has its first value already. */
  release(): void {
    must(c.anyloop_semaphore_post(this.open), "it was released more often than acquired");
  }

  /** Whether who comes now would wait. */
  locked(): boolean {
    return c.anyloop_semaphore_locked(this.open) === 1;
  }
}

/** Tasks that wait for each other: all go on when so many are there, and then it is empty for the next ones. */
export class Barrier extends Shared {
  /**
   * An empty one.
   * @param parties  how many go on together.
   */
  constructor(readonly parties: number, options?: OnLoop) {
    super(loopOf(options), (loop, out) => c.anyloop_barrier_new(loop, integer("parties", parties, 1), out),
      c.anyloop_barrier_release);
  }

  /** The result is how many were there before. */
  wait(): Operation<number> {
    return this.operation(c.anyloop_barrier_wait(this.open));
  }

  /** Empties it: those who wait fail with ANYLOOP_E_BROKEN, and it can be used again. */
  reset(): Operation<void> {
    return this.operation(c.anyloop_barrier_reset(this.open));
  }

  /** Breaks it for ever: those who wait and all who come fail with ANYLOOP_E_BROKEN. */
  abort(): Operation<void> {
    return this.operation(c.anyloop_barrier_abort(this.open));
  }

  /** How many wait; 0 while they leave. */
  get nWaiting(): number {
    return c.anyloop_barrier_n_waiting(this.open);
  }

  /** Whether it was aborted. */
  get broken(): boolean {
    return c.anyloop_barrier_broken(this.open) === 1;
  }
}
