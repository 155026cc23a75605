/// <reference lib="esnext.disposable" preserve="true" />
// pool.ts -- workers that run jobs: Web Workers in a page, worker_threads in Node.
//
// A worker runs one job at a time, so that a job which is cancelled ends with its worker and with nobody else's, and a
// worker that dies costs the job that it ran.
import { K } from "./abi.js";
import { type AnyWorker, type Call, PoolWorker } from "./pool-worker.js";
import { integer, plain, time } from "./checks.js";
import { errorOf, made } from "./errors.js";
import { c, hooks, room, turns } from "./module.js";
import { isNode } from "./node.js";
import { type Thrown, unpack } from "./thrown.js";
import { keep, kept, read, write, writeError } from "./value.js";
import { said } from "./words.js";
import { News } from "./worker.js";

/** What a pool is like. */
export interface WorkerPoolOptions {
  /** By default one for each processor, at most 8. They start as jobs need them. */
  maxWorkers?: number | undefined;
  /** Jobs that may wait; by default any number. */
  queueSize?: number | undefined;
  /** What its workers are called in Node, with a number behind: by default "anyloop". */
  name?: string | undefined;
  /** Makes a worker whose script calls `serve`, for a bundler to follow. */
  worker?: ((name: string) => AnyWorker) | undefined;
}

/** How a pool ends. By default it waits for all of its jobs. */
export interface ShutdownOptions {
  /** Jobs that wait are cancelled. */
  cancelQueued?: boolean | undefined;
  /** ms; jobs that run longer end with their workers. */
  timeout?: number | undefined;
}

/** What a pool has counted until now. */
export interface PoolFigures {
  /** The pool's. */
  name: string;
  /** The most that it may have. */
  maxWorkers: number;
  /** That it has now. */
  workers: number;
  /** Of them, those that run a job. */
  running: number;
  /** Jobs that wait now. */
  queued: number;
  /** The most that waited at once. */
  queuedMost: number;
  /** Jobs that were accepted. */
  submitted: number;
  /** Of them, those that are over. */
  done: number;
  /** Of these, those that were cancelled. */
  cancelled: number;
}

const LONGEST = 2 ** 31; // ms: a timer of more is due at once

const threads = () => isNode ? process.getBuiltinModule("node:worker_threads") : undefined;

function processors(): number {
  return threads() ? process.getBuiltinModule("node:os").availableParallelism() : navigator.hardwareConcurrency || 1;
}

// A worker inherits Node's options, but the type of a program that is given as a text, which its own is not. (A list of them
// may hold none that are the process's, such as --expose-gc: then it has none.)
function nodeOptions(): { execArgv?: string[] } {
  return process.execArgv.some((word) => word.startsWith("--input-type")) ? { execArgv: [] } : {};
}

function makeWorker(name: string): AnyWorker {
  const node = threads(), here = import.meta.url; // in a variable, so that bundlers follow the other one alone
  if (node) return new node.Worker(new URL("./serve.js", here), { name, ...nodeOptions() });
  return new Worker(new URL("./serve.js", import.meta.url), { type: "module" });
}

/** Workers that run jobs. */
export class WorkerPool {
  /** What its workers are called in Node, with a number behind. */
  readonly name: string;
  /** How many workers it has at most. */
  readonly maxWorkers: number;
  readonly #options: WorkerPoolOptions;
  #own = 0;
  #workers = new Set<PoolWorker>();
  #starting = new Set<PoolWorker>();
  #idle: PoolWorker[] = [];
  #queue: Call[] = []; // those from `first` on that are not over
  #first = 0;
  #queued = 0;
  #calls = new Map<number, Call>();
  #most: number; // workers, less than maxWorkers when the last ones could not start
  #shut = false;
  #ending = new Set<Promise<unknown>>(); // workers that are told to
  #left: (() => void)[] = [];
  #figures = { queuedMost: 0, submitted: 0, done: 0, cancelled: 0 };

  /** A pool, for jobs of any loop of this thread. Its workers start as jobs need them; `shutdown` ends them. */
  constructor(options: WorkerPoolOptions = {}) {
    this.#options = options;
    plain(options, "maxWorkers queueSize name worker");
    const { maxWorkers = Math.min(processors(), 8), queueSize = Infinity, name = "anyloop" } = options;
    if (queueSize !== Infinity) integer("queueSize", queueSize);
    this.name = name;
    this.maxWorkers = this.#most = integer("maxWorkers", maxWorkers, 1);
  }

  /** @internal The core's own, made when it is first needed. */
  get pointer(): number {
    if (this.#shut) throw errorOf(K.E_SHUTDOWN);
    if (this.#own === 0) this.#own = made(c.guest_executor(keep(this), room.out));
    return this.#own;
  }

  /** What it has counted until now. */
  getFigures(): PoolFigures {
    const { name, maxWorkers } = this, workers = this.#workers.size;
    const running = [...this.#workers].filter((worker) => worker.calls.length > 0).length;
    return { name, maxWorkers, workers, running, queued: this.#calls.size - running, ...this.#figures };
  }

  // ---- jobs in

  /** @internal */
  submit(call: Call, pointer: number): number {
    if (this.#shut) return K.E_SHUTDOWN;
    if (!call.patient && this.#calls.size >= (this.#options.queueSize ?? Infinity) + this.maxWorkers) return K.E_FULL;
    call.pointer = pointer;
    call.number = ++this.#figures.submitted;
    this.#calls.set(pointer, call);
    this.#queue.push(call);
    this.#queued++;
    this.#feed();
    if (this.#queued > this.#figures.queuedMost) this.#figures.queuedMost = this.#queued;
    return K.OK;
  }

  // The first that waits; there is one.
  #head(): Call {
    while (this.#queue[this.#first]!.pointer === 0) this.#first++;
    return this.#queue[this.#first]!;
  }

  #next(): Call {
    const call = this.#head();
    this.#first++;
    this.#queued--;
    if (this.#queued === 0 || (this.#first > 1000 && 2 * this.#first > this.#queue.length)) { // or it would keep what is over
      this.#queue = this.#queued === 0 ? [] : this.#queue.slice(this.#first);
      this.#first = 0;
    }
    return call;
  }

  // Back to the front, in the order in which they were submitted.
  #putBack(calls: Call[]): void {
    if (calls.length === 0) return;
    calls.sort((a, b) => a.number - b.number);
    this.#queue.splice(0, this.#first, ...calls);
    this.#first = 0;
    this.#queued += calls.length;
  }

  #give(worker: PoolWorker): void {
    const call = this.#next();
    try {
      worker.send(call);
    } catch (cause) {
      if (worker.calls.length === 0 && this.#workers.has(worker)) this.#idle.push(worker);
      if (call.pointer === 0) return;
      this.#fail(call, K.E_TYPE, `an argument of ${call.order[1]} cannot be sent: ${said(cause)}`, cause);
    }
  }

  // `last`: who is done with a job, and may be sent some ahead if all are at work.
  #feed(last?: PoolWorker): void {
    while (this.#queued > 0 && this.#idle.length > 0) this.#give(this.#idle.pop()!);
    if (last && this.#starting.size === 0 && this.#workers.size >= this.#most) {
      // What is moved cannot be taken back.
      while (this.#queued > 0 && last.hasRoom(1 + this.#queued / this.#workers.size) && !this.#head().transfer) {
        this.#give(last);
      }
    }
    while (this.#starting.size < this.#queued && this.#workers.size < this.#most) {
      try {
        const raw = (this.#options.worker ?? makeWorker)(`${this.name}-${this.#workers.size + 1}`);
        for (const worker of this.#workers) if (worker.raw === raw) throw new TypeError("the pool has that one already");
        const worker = new PoolWorker(this, raw);
        this.#workers.add(worker);
        this.#starting.add(worker);
      } catch (error) { // a policy of the page
        this.#cannotStart(error);
      }
    }
    if (this.#shut && this.#calls.size === 0) this.#endAll();
  }

  #cannotStart(cause: unknown): void {
    this.#most = this.#workers.size;
    if (this.#most > 0) return; // the others do it
    this.#most = this.maxWorkers;
    for (const call of this.#takeAll()) this.#fail(call, K.E_OS, `no worker can be started: ${said(cause)}`, cause);
  }

  // All that did not begin.
  #takeAll(): Call[] {
    for (const worker of this.#workers) this.#putBack(worker.recall());
    const calls = this.#queue.slice(this.#first).filter((call) => call.pointer !== 0);
    this.#queue = [];
    this.#first = this.#queued = 0;
    return calls;
  }

  // ---- jobs out

  #fail(call: Call, status: number, text?: string, cause?: unknown): void {
    this.#raise(call, errorOf(status, text, cause === undefined ? undefined : { cause }));
  }

  #raise(call: Call, error: unknown): void {
    c.anyloop_job_raise_error(call.pointer, writeError(error));
    call.future?.deref()?.raised(error);
    this.#finish(call);
  }

  #finish(call: Call): void {
    const pointer = call.pointer;
    call.pointer = 0;
    this.#calls.delete(pointer);
    this.#figures.done++;
    c.anyloop_job_finish(pointer);
  }

  /** @internal */
  hear(worker: PoolWorker, message: unknown): void {
    if (this.#calls.size > 1) this.#heard(worker, message); // more may come in this macrotask: one turn is for all
    else turns.during(() => this.#heard(worker, message));
  }

  #heard(worker: PoolWorker, message: unknown): void {
    if (!Array.isArray(message)) return; // jobs may post what they like
    const [news, ms, ...what] = message, now = performance.now();
    if (news === News.READY && this.#starting.delete(worker)) {
      worker.ready(what[0]);
    } else if (worker.calls.length === 0) {
      return; // what a job left behind
    } else if (news === News.PROGRESS) {
      this.#progress(worker.calls[0], what[0]);
      return;
    } else if (news === News.RESULT || news === News.THROWN || news === News.FAILED || news === News.SKIPPED) {
      const call = worker.answered(ms, now);
      if (call) this.#conclude(call, news, what);
    } else {
      return;
    }
    if (!this.#workers.has(worker)) return; // it was told to end
    if (worker.calls.length === 0) this.#idle.push(worker);
    this.#balance(worker, now);
    this.#feed(worker);
  }

  #progress(call: Call | undefined, value: unknown): void {
    const hear = call?.onProgress;
    if (!hear || call.loop.isClosed()) return;
    try {
      call.loop.callSoon(() => hear(value));
    } catch (error) {
      call.loop.unhandled("a job's progress was lost", error);
    }
  }

  #conclude(call: Call, news: News, [first, text, thrown]: any[]): void {
    if (news === News.RESULT) {
      try {
        c.anyloop_job_return(call.pointer, write(first));
      } catch (error) { // no memory for it
        this.#raise(call, error);
        return;
      }
      this.#finish(call);
    } else if (news === News.THROWN) {
      this.#raise(call, unpack(first as Thrown));
    } else {
      this.#fail(call, first, text, thrown && unpack(thrown));
    }
  }

  // What waits at a worker for a job that takes long is for those who are done.
  #balance(done: PoolWorker, now: number): void {
    const starved = this.#idle.length > 0 && this.#queued === 0, back: Call[] = [];
    for (const worker of this.#workers) {
      if (worker !== done && worker.calls.length > 1 && (starved || worker.isLate(now))) back.push(...worker.recall());
    }
    this.#putBack(back);
  }

  /** @internal */
  died(worker: PoolWorker, error: unknown): void {
    const back = worker.recall(), lost = worker.calls.splice(0).filter((call) => call !== undefined);
    const known = this.#workers.has(worker), started = !this.#starting.has(worker);
    if (known) this.#remove(worker);
    this.#putBack(back);
    for (const call of lost) this.#fail(call, K.E_ABANDONED, `the worker of ${call.order[1]} died: ${said(error)}`, error);
    if (known && !started) this.#cannotStart(error);
    else if (known && lost.length === 0 && !this.#shut) console.error("anyloop: a worker died between its jobs:", error);
    this.#feed();
  }

  #remove(worker: PoolWorker): void {
    this.#workers.delete(worker);
    this.#starting.delete(worker);
    this.#idle = this.#idle.filter((other) => other !== worker);
    const ending: Promise<unknown> = worker.end().then(() => this.#ending.delete(ending));
    this.#ending.add(ending);
  }

  /** @internal Its future was cancelled. */
  cancel(pointer: number): void {
    const call = this.#calls.get(pointer);
    if (!call) return;
    this.#figures.cancelled++;
    if (call.worker) {
      const worker = call.worker, { runs, back } = worker.cancel(call);
      this.#putBack(back);
      if (runs && this.#workers.has(worker)) this.#remove(worker);
    } else {
      this.#queued--;
    }
    this.#finish(call);
    this.#feed();
  }

  // ---- its end

  #cancelWaiting(): void {
    for (const call of this.#takeAll()) {
      this.#figures.cancelled++;
      this.#fail(call, K.E_CANCELLED);
    }
  }

  #endAll(): void {
    for (const worker of [...this.#workers]) this.#remove(worker);
    if (this.#own !== 0) c.anyloop_executor_release(this.#own);
    this.#own = 0;
    const left = this.#left.splice(0);
    void Promise.all(this.#ending).then(() => left.forEach((resolve) => resolve()));
  }

  /** Takes no more jobs, and settles when none is left, and no worker. */
  async shutdown(options: ShutdownOptions = {}): Promise<void> {
    const { cancelQueued = false, timeout = Infinity } = plain(options, "cancelQueued timeout");
    time(timeout);
    this.#shut = true;
    if (cancelQueued) this.#cancelWaiting();
    const timer = timeout < LONGEST ? setTimeout(() => this.terminate(), timeout) : undefined;
    await new Promise<void>((resolve) => {
      this.#left.push(resolve);
      this.#feed();
    });
    clearTimeout(timer);
  }

  /** Ends all workers now: the jobs that run fail, those that wait are cancelled. */
  async terminate(): Promise<void> {
    this.#shut = true;
    this.#cancelWaiting();
    for (const worker of [...this.#workers]) this.died(worker, new Error("the pool was terminated"));
    await this.shutdown();
  }

  /** `shutdown`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }
}

hooks.submit = (pool, pointer) => (kept(pool) as WorkerPool).submit(read(c.anyloop_job_input(pointer, 0)) as Call, pointer);
hooks.cancel = (pool, pointer) => (kept(pool) as WorkerPool).cancel(pointer);
