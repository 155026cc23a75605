// pool-worker.ts -- a worker of a pool, and the jobs that it was sent.
//
// In Node short jobs are sent ahead, so that a worker that is done with one has the next one there: that spares two
// threads' waking for each. A job has a claim in memory that both share, which the worker takes when it begins and the
// pool when it wants the job back: whoever is first has it. So one that waits can still be cancelled, does not wait for a
// long one while another worker is idle, and does not die with a worker that has not begun it.
import type { Future } from "./future.js";
import type { Loop } from "./loop.js";
import type { Movable } from "./web.js";
import { Claim, type Order } from "./worker.js";

/** A Web Worker, or one of Node's: whose types a page need not know. */
export interface AnyWorker {
  /** Sends it a message. */
  postMessage(message: any, transfer?: any): void;
  /** Ends it; what comes of that, in Node a promise, settles when it is gone. */
  terminate(): unknown;
}

/** @internal A job on its way. */
export interface Call {
  loop: Loop;
  order: Order;
  transfer: Movable[] | undefined;
  onProgress: ((value: any) => void) | undefined;
  /** It may wait although the queue is full. */
  patient: boolean;
  /** Who waits for it, if anybody still does. */
  future: WeakRef<Future> | undefined;
  /** The core's job, once it is submitted; 0 when it is over. */
  pointer: number;
  /** As submitted. */
  number: number;
  /** Where it was sent. */
  worker: PoolWorker | undefined;
}

interface Owner {
  hear(worker: PoolWorker, message: unknown): void;
  died(worker: PoolWorker, error: unknown): void;
}

// Where the claim of an order is.
const claim = (cell: Int32Array, number: number) => 1 + (number % (cell.length - 1));

const SHORT = 1; // ms that the jobs which are sent ahead are to take, all together
const LATE = 2; // ms after which they are not on time

/** @internal */
export class PoolWorker {
  /** In the order of sending; of those that were taken back or cancelled only the answer is to come. */
  calls: (Call | undefined)[] = [];
  #cell: Int32Array | undefined;
  #sent = 0;
  #depth = 1; // calls that it may have, by how long the last one took
  #heardAt = 0;
  #ending = false;

  constructor(owner: Owner, readonly raw: any) {
    const hear = (message: unknown) => owner.hear(this, message), die = (error: unknown) => owner.died(this, error);
    const unreadable = () => owner.died(this, new Error("what it sent cannot be read"));
    if (raw.on) {
      raw.on("message", hear);
      raw.on("messageerror", unreadable);
      let why: unknown;
      raw.on("error", (error: unknown) => (why = error)); // what it has said may come after this, but not after its exit
      raw.on("exit", (code: number) => die(why ?? new Error(`it exited with status ${code}`)));
    } else {
      raw.onmessage = (event: MessageEvent) => hear(event.data);
      raw.onmessageerror = unreadable;
      raw.onerror = (event: ErrorEvent) => {
        const why = event.message?.replace(/^Uncaught (Error: )?/, "");
        event.preventDefault();
        die(new Error(why || "its script cannot be loaded, or a policy forbids it"));
      };
    }
  }

  ready(cell: Int32Array | undefined): void {
    this.#cell = cell;
    this.raw.unref?.();
  }

  /** Throws when an argument cannot be sent. */
  send(call: Call): void {
    if (this.#cell) Atomics.store(this.#cell, claim(this.#cell, this.#sent + 1), Claim.SENT);
    this.#sent++;
    this.calls.push(call);
    call.worker = this; // before the argument is read: a getter in it may cancel the call
    try {
      this.raw.postMessage(call.order, call.transfer);
    } catch (error) {
      this.#sent--;
      this.calls.pop();
      throw error;
    }
    if (this.calls.length === 1) this.raw.ref?.();
    if (!this.#cell) return;
    Atomics.add(this.#cell, 0, 1);
    Atomics.notify(this.#cell, 0);
  }

  /** The first is over, and took so many ms; 0: it did not begin. */
  answered(ms: number, now: number): Call | undefined {
    const call = this.calls.shift();
    this.#heardAt = now;
    if (this.#cell && ms > 0) this.#depth = Math.min(this.#cell.length - 1, Math.max(1, Math.floor(SHORT / ms)));
    if (this.calls.length === 0 && !this.#ending) this.raw.unref?.();
    return call;
  }

  hasRoom(most: number): boolean {
    return this.calls.length < Math.min(this.#depth, most);
  }

  isLate(now: number): boolean {
    return now - this.#heardAt > LATE;
  }

  #take(index: number): boolean {
    const cell = this.#cell, number = this.#sent - this.calls.length + index + 1;
    if (!cell || Atomics.compareExchange(cell, claim(cell, number), Claim.SENT, Claim.RECALLED) !== Claim.SENT) return false;
    this.calls[index]!.worker = undefined;
    this.calls[index] = undefined;
    return true;
  }

  /** Takes back what it has not begun, in order. What was moved to it stays there. */
  recall(): Call[] {
    const back: Call[] = [];
    for (let i = this.calls.length - 1; i >= 0; i--) {
      const call = this.calls[i];
      if (!call) continue;
      if (call.transfer || !this.#take(i)) break; // nor those before it
      back.unshift(call);
    }
    return back;
  }

  /** Takes a call from it that is cancelled. It `runs` if it can only end with the worker; `back` is not begun then. */
  cancel(call: Call): { runs: boolean; back: Call[] } {
    const index = this.calls.indexOf(call);
    if (this.#take(index)) return { runs: false, back: [] };
    this.calls[index] = undefined;
    const back = this.recall(), next = this.calls.some((other, i) => i > index && other !== undefined);
    return { runs: !next, back }; // the next one has begun: it is over, and its answer on the way
  }

  /** Settles when the worker is gone, which in Node keeps the process. */
  async end(): Promise<void> {
    this.#ending = true;
    try {
      await this.raw.terminate();
    } catch {} // it was told, and is forgotten
  }
}
