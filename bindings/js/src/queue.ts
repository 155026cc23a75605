// queue.ts -- queues, the core's.
import { K } from "./abi.js";
import { must } from "./errors.js";
import { Operation } from "./future.js";
import { loopOf, type OnLoop } from "./current.js";
import { given, type Loop } from "./loop.js";
import { c, heap, room } from "./module.js";
import { Owned } from "./owned.js";
import { read, write } from "./value.js";

export interface QueueOptions extends OnLoop {
  /** Items that it takes before a put waits; 0: any number. */
  maxsize?: number;
}

export class Queue<T = unknown> extends Owned {
  readonly loop: Loop;
  readonly maxsize: number;

  constructor(options?: QueueOptions);
  /** @internal */
  constructor(options: QueueOptions | undefined, order: number);
  constructor(options?: QueueOptions, order: number = K.QUEUE_FIFO) {
    const loop = loopOf(options), maxsize = options?.maxsize ?? 0;
    must(c.anyloop_queue_new(loop.pointer, maxsize, order, room.out));
    super(heap()[room.out >> 2]!, c.anyloop_queue_release);
    this.loop = loop;
    this.maxsize = maxsize;
  }

  put(item: T, priority = 0): Operation<void> {
    const { open } = this, key = BigInt(priority);
    write(room.value, item);
    return new Operation<void>(this.loop, given(c.anyloop_queue_put(open, room.value, key)));
  }

  get(): Operation<T> {
    return new Operation<T>(this.loop, given(c.anyloop_queue_get(this.open)));
  }

  putNowait(item: T, priority = 0): void {
    const { open } = this, key = BigInt(priority);
    write(room.value, item);
    must(c.anyloop_queue_put_nowait(open, room.value, key));
  }

  getNowait(): T {
    must(c.anyloop_queue_get_nowait(this.open, room.value));
    const item = read(room.value) as T;
    c.anyloop_value_release(room.value);
    return item;
  }

  taskDone(): void {
    must(c.anyloop_queue_task_done(this.open));
  }

  join(): Operation<void> {
    return new Operation<void>(this.loop, given(c.anyloop_queue_join(this.open)));
  }

  qsize(): number {
    return c.anyloop_queue_qsize(this.open);
  }

  empty(): boolean {
    return this.qsize() === 0;
  }

  full(): boolean {
    return this.maxsize > 0 && this.qsize() >= this.maxsize;
  }

  shutdown({ immediate = false }: { immediate?: boolean } = {}): void {
    must(c.anyloop_queue_shutdown(this.open, immediate ? 1 : 0));
  }
}

/** The last in is the first out. */
export class LifoQueue<T = unknown> extends Queue<T> {
  constructor(options?: QueueOptions) {
    super(options, K.QUEUE_LIFO);
  }
}

/** The lowest priority is the first out. */
export class PriorityQueue<T = unknown> extends Queue<T> {
  constructor(options?: QueueOptions) {
    super(options, K.QUEUE_PRIORITY);
  }
}
