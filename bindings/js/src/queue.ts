// queue.ts -- queues, the core's.
import { K } from "./abi.js";
import { integer, plain } from "./checks.js";
import { must } from "./errors.js";
import type { Operation } from "./future.js";
import { c, room } from "./module.js";
import { loopOf, type OnLoop } from "./present.js";
import { Shared } from "./sync.js";
import { read, write } from "./value.js";

/** What a queue is like. */
export interface QueueOptions extends OnLoop {
  /** Items that it takes before a put waits; 0: any number. */
  maxsize?: number | undefined;
}

function keyOf(priority: number): bigint {
  return BigInt(integer("a priority", priority, -(2 ** 53), 2 ** 53));
}

/**
 * Items on their way from task to task: the first in is the first out. Items are kept as they are, not copied. Whoever waits
 * has a turn in the order of coming, and who is cancelled loses nobody's.
 */
export class Queue<T = unknown> extends Shared {
  /** Items that it takes before a put waits; 0: any number. */
  readonly maxsize: number;

  /** An empty queue. */
  constructor(options?: QueueOptions);
  /** @internal */
  constructor(options: QueueOptions | undefined, order: number);
  constructor(options?: QueueOptions, order: number = K.QUEUE_FIFO) {
    const maxsize = integer("maxsize", options?.maxsize ?? 0);
    super(loopOf(options, "maxsize"), (loop, out) => c.anyloop_queue_new(loop, maxsize, order, out),
      c.anyloop_queue_release);
    this.maxsize = maxsize;
  }

  /** Puts an item in, and waits for a place when there is none. ANYLOOP_E_SHUTDOWN: the queue was shut down. */
  put(item: T): Operation<void>;
  /** @internal */
  put(item: T, priority: number | undefined): Operation<void>;
  put(item: T, priority = 0): Operation<void> {
    const key = keyOf(priority);
    return this.operation(c.anyloop_queue_put(this.open, write(item), key));
  }

  /** Takes an item out, and waits for one when there is none. ANYLOOP_E_SHUTDOWN: there is none and never will be. */
  get(): Operation<T> {
    return this.operation(c.anyloop_queue_get(this.open));
  }

  /** Puts an item in now, or throws ANYLOOP_E_FULL or ANYLOOP_E_SHUTDOWN. */
  putNowait(item: T): void;
  /** @internal */
  putNowait(item: T, priority: number | undefined): void;
  putNowait(item: T, priority = 0): void {
    const key = keyOf(priority);
    must(c.anyloop_queue_put_nowait(this.open, write(item), key));
  }

  /** Takes an item out now, or throws ANYLOOP_E_EMPTY or ANYLOOP_E_SHUTDOWN. */
  getNowait(): T {
    must(c.anyloop_queue_get_nowait(this.open, room.value));
    const item = read(room.value) as T;
    c.anyloop_value_release(room.value);
    return item;
  }

  /** Says that an item which was taken out is dealt with. ANYLOOP_E_STATE: none was left to be. */
  taskDone(): void {
    must(c.anyloop_queue_task_done(this.open), "each item is dealt with already");
  }

  /** Waits until each item that was put in is dealt with: taken out, and said so by `taskDone`. */
  join(): Operation<void> {
    return this.operation(c.anyloop_queue_join(this.open));
  }

  /** How many items are in it. */
  qsize(): number {
    return c.anyloop_queue_qsize(this.open);
  }

  /** Whether no item is in it. */
  empty(): boolean {
    return this.qsize() === 0;
  }

  /** Whether a put would wait. */
  full(): boolean {
    return this.maxsize > 0 && this.qsize() >= this.maxsize;
  }

  /**
   * Puts fail from now on, and gets once it is empty. `immediate`: it is emptied now, and what was in it counts as dealt
   * with.
   */
  shutdown(options: { immediate?: boolean | undefined } = {}): void {
    must(c.anyloop_queue_shutdown(this.open, plain(options, "immediate").immediate ? 1 : 0));
  }
}

/** The last in is the first out. */
export class LifoQueue<T = unknown> extends Queue<T> {
  /** An empty queue. */
  constructor(options?: QueueOptions) {
    super(options, K.QUEUE_LIFO);
  }
}

/** Its items have a priority, an integer, by default 0: the lowest is the first out, and of equal ones the first in. */
export interface PriorityQueue<T> {
  /** Puts an item in, and waits for a place when there is none. ANYLOOP_E_SHUTDOWN: the queue was shut down. */
  put(item: T, priority?: number): Operation<void>;
  /** Puts an item in now, or throws ANYLOOP_E_FULL or ANYLOOP_E_SHUTDOWN. */
  putNowait(item: T, priority?: number): void;
}
/** The lowest priority is the first out. */
export class PriorityQueue<T = unknown> extends Queue<T> {
  /** An empty queue. */
  constructor(options?: QueueOptions) {
    super(options, K.QUEUE_PRIORITY);
  }
}
