// worker.ts -- what runs in a worker of a pool: it serves jobs, one after the other. Jobs import it as "anyloop/worker".
//
// To it: [module, name, arguments]. From it: [news, ms, ...], with the ms that the job took.
import { K } from "./abi.js";
import { isNode } from "./node.js";
import { pack } from "./thrown.js";
import type { Movable } from "./web.js";
import { said } from "./words.js";

/** @internal No number that a job's own messages may begin with. */
export const enum News {
  /**
   * It serves. In Node with a cell of shared memory: the count of orders that were sent to it, and a claim for each of so
   * many that may be on the way.
   */
  READY = 0x2a10070,
  RESULT,
  /** What the job threw, as thrown.ts packs it. */
  THROWN,
  /** A status, a text and what is behind it: the job could not be begun, or its result not be sent. */
  FAILED,
  PROGRESS,
  /** The order was taken back. */
  SKIPPED,
}

/** @internal */
export const enum Claim { SENT, BEGUN, RECALLED }

/** @internal */
export type Order = [module: string, name: string, parameters: unknown[]];
type Functions = Record<string, unknown>;

interface Unreadable {
  error: unknown;
}

interface Port {
  postMessage(message: unknown, transfer?: Movable[]): void;
  on(event: string, hear: (what: any) => void): void;
}

const MOMENT = 10; // ms that a worker waits for the next order: a timer for less is set in the hardware, for 5 us
const ORDERS = 16; // that may be on the way
const LONGEST = 20; // ms after which what its jobs have left behind, timers for instance, has its turn

const threads = isNode ? process.getBuiltinModule("node:worker_threads") : undefined;

interface Mine {
  port?: Port;
  transfers: WeakMap<object, Movable[]>;
}

// This worker's, whichever copy of this file asks: a bundler gives a job's module one of its own.
const mine: Mine = ((globalThis as any)[Symbol.for("anyloop/worker")] ??= { transfers: new WeakMap() });

/** In a job: the result is moved, with what is named here, instead of copied. */
export function transfer<T extends object>(result: T, moved: Movable[]): T {
  mine.transfers.set(result, moved);
  return result;
}

/**
 * In a job: tells whoever waits for it how far it is; what is named is moved. It is always of the job that runs: one that is
 * over, but left a timer for instance, would speak for the next one.
 */
export function progress(value: unknown, moved?: Movable[]): void {
  if (!mine.port) throw new Error("anyloop: progress() is for jobs in workers");
  mine.port.postMessage([News.PROGRESS, 0, value], moved);
}

type Say = (ms: number) => void; // a job's last word

function fail(status: number, text: string, error: unknown): Say {
  return (ms) => mine.port!.postMessage([News.FAILED, ms, status, text, pack(error, false)]);
}

function unreadable(error: unknown): Say {
  return fail(K.E_TYPE, `what was sent to the worker cannot be read: ${said(error)}`, error);
}

function succeed(name: string, value: unknown): Say {
  return (ms) => {
    try {
      mine.port!.postMessage([News.RESULT, ms, value], mine.transfers.get(value as object));
    } catch (error) {
      fail(K.E_TYPE, `the result of ${name} cannot be sent: ${said(error)}`, error)(ms);
    }
  };
}

function failWith(thrown: unknown): Say {
  return (ms) => {
    try {
      mine.port!.postMessage([News.THROWN, ms, pack(thrown, true)]);
    } catch { // something in it cannot be copied
      mine.port!.postMessage([News.THROWN, ms, pack(thrown, false)]);
    }
  };
}

// A data: URL may be of any length.
function brief(url: string): string {
  return url.length > 200 ? `${url.slice(0, 200)}...` : url;
}

function call(functions: Functions, name: string, where: string, parameters: unknown[]): Say | Promise<Say> {
  const found = Object.hasOwn(functions, name) ? functions[name] : undefined;
  if (typeof found !== "function") return fail(K.E_NOT_FOUND, `${where} has no function ${name}`, undefined);
  try {
    const result = found(...parameters);
    if (typeof result?.then !== "function") return succeed(name, result);
    return Promise.resolve(result).then((value) => succeed(name, value), failWith);
  } catch (thrown) {
    return failWith(thrown);
  }
}

// A worker's second line waits for the main thread to have taken the first one: when a job's end is told, all that it
// printed is there. Unless nobody reads it.
let isRead = true;

function printed(): Promise<unknown> | undefined {
  const streams = [process.stdout, process.stderr].filter((stream) => stream.writableLength > 0);
  if (streams.length === 0 || !isRead) return undefined;
  const gone = streams.map((stream) => new Promise<void>((resolve) => void stream.write("", () => resolve())));
  let timer: ReturnType<typeof setTimeout>;
  const never = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      isRead = false;
      resolve();
    }, 1000);
  });
  return Promise.race([Promise.all(gone), never]).then(() => clearTimeout(timer));
}

/** Serves jobs in this worker: those of `functions`, by name, and those of any module that is asked for. */
export function serve(functions: Functions = {}): void {
  if (mine.port) throw new Error("anyloop: this worker serves already");
  const modules = new Map<string, Functions>();
  let taken = 0, cell: Int32Array | undefined;

  function work([module, name, parameters]: Order): Say | Promise<Say> {
    if (module === "") return call(functions, name, "the worker", parameters);
    const known = modules.get(module);
    return known ? call(known, name, brief(module), parameters) : workOf(module, name, parameters);
  }

  async function workOf(module: string, name: string, parameters: unknown[]): Promise<Say> {
    let loaded: Functions;
    try {
      loaded = await import(/* @vite-ignore */ /* webpackIgnore: true */ module);
    } catch (error) {
      return fail(K.E_NOT_FOUND, `cannot load ${brief(module)}: ${said(error).replace(module, "it")}`, error);
    }
    modules.set(module, loaded);
    return call(loaded, name, brief(module), parameters);
  }

  const orders: (Order | Unreadable)[] = [];
  let busy = false;

  // False: the order was taken back.
  function begin(): boolean {
    taken++;
    return !cell || Atomics.compareExchange(cell, 1 + (taken % ORDERS), Claim.SENT, Claim.BEGUN) === Claim.SENT;
  }

  async function run(order: Order | Unreadable): Promise<void> {
    if (!begin()) return mine.port!.postMessage([News.SKIPPED, 0]);
    const began = performance.now();
    const say = Array.isArray(order) ? await work(order) : unreadable(order.error);
    const ms = performance.now() - began;
    if (threads) await printed();
    try {
      say(ms);
    } catch (error) { // a getter's, for instance
      fail(K.E_TYPE, `what ${(order as Order)[1]} threw cannot be sent: ${said(error)}`, undefined)(ms);
    }
  }

  // The next order if it comes soon: it is there sooner than by the event loop, whose waking takes as long again.
  function soon(): Order | Unreadable | undefined {
    if (!cell || Atomics.wait(cell, 0, taken, MOMENT) === "timed-out") return undefined;
    try {
      return threads!.receiveMessageOnPort(threads!.parentPort!)?.message;
    } catch (error) {
      return { error };
    }
  }

  async function take(first: Order | Unreadable): Promise<void> {
    orders.push(first);
    if (busy) return;
    busy = true;
    let end = performance.now() + LONGEST;
    for (let next = orders.shift(); next; next = orders.shift() ?? soon()) {
      await run(next);
      if (!threads || performance.now() < end) continue;
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve))); // from here on round the event loop
      end = performance.now() + LONGEST;
    }
    busy = false;
  }

  if (threads) {
    mine.port = threads.parentPort as Port;
    mine.port.on("message", take);
    mine.port.on("messageerror", (error) => void take({ error }));
    cell = new Int32Array(new SharedArrayBuffer(4 * (1 + ORDERS)));
  } else {
    mine.port = self as unknown as Port;
    self.addEventListener("message", (event) => void take(event.data)); // what a job sets is beside it
    self.addEventListener("messageerror", () => void take({ error: "it is not for this agent" }));
    self.close = () => { throw new Error("anyloop: a job cannot close its worker"); }; // of which nobody would be told
  }
  mine.port.postMessage([News.READY, 0, cell]);
}
