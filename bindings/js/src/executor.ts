// executor.ts -- functions of modules as jobs, which run in workers.
import { abortSignal, instance, located, plain, refuse } from "./checks.js";
import { Future } from "./future.js";
import type { Call } from "./pool-worker.js";
import { given } from "./errors.js";
import type { Loop } from "./loop.js";
import { c } from "./module.js";
import { WorkerPool } from "./pool.js";
import { getRunningLoop } from "./present.js";
import { follow } from "./spawn.js";
import { place } from "./value.js";
import type { Movable } from "./web.js";

/** How a job is run. */
export interface JobOptions {
  /** What is moved to the worker instead of copied. */
  transfer?: Movable[] | undefined;
  /** Hears what the job says by `progress`, in a turn of the loop. */
  onProgress?: ((value: any) => void) | undefined;
  /** Cancels the job when it is aborted. */
  signal?: AbortSignal | undefined;
}

const LIKE = 'job(new URL("./x.js", import.meta.url), "name")';

/** A function of a module, which runs in a worker. */
export class Job<A extends unknown[] = any[], R = unknown> {
  /**
   * `job` makes one.
   * @param module  the URL of its module; "": its worker serves it.
   * @param name  what the module exports it as.
   * @param options  how it is run.
   */
  constructor(readonly module: string, readonly name: string, readonly options: JobOptions = {}) {}

  /** The same function, run in this way. */
  with(options: JobOptions): Job<A, R> {
    return new Job(this.module, this.name, { ...this.options, ...plain(options, "transfer onProgress signal") });
  }
}

type Functions<M> = { [N in keyof M]: M[N] extends (...parameters: any[]) => any ? N : never }[keyof M];
type JobOf<F> = F extends (...parameters: infer A) => infer R ? Job<A, Awaited<R>> : never;

/**
 * The function `name` of a module as a job: `job(new URL("./x.js", import.meta.url), "name")`. Of a function that the
 * pool's own workers `serve`: `job(null, "name")`. Typed: `job<typeof import("./x.js"), "name">`.
 * @typeParam M  the module's type.
 */
export function job<M = Record<string, (...parameters: any[]) => any>, N extends Functions<M> = Functions<M>>(
  module: URL | string | null, name: N,
): JobOf<M[N]> {
  if (module !== null) located(module, LIKE);
  if (typeof name !== "string") refuse(name, `is no name, as in ${LIKE}`);
  return new Job(String(module ?? ""), name) as JobOf<M[N]>;
}

/** Runs a job in a worker. Null is the loop's own pool. Throws ANYLOOP_E_FULL when the queue is full. */
export function runInExecutor<A extends unknown[], R>(
  executor: WorkerPool | null, job: Job<A, R>, ...parameters: A
): Future<R> {
  return submit(getRunningLoop(), executor, job, parameters, false);
}

/** The same, but when the queue is full the job waits for its place in it. */
export function runInExecutorWhenFree<A extends unknown[], R>(
  executor: WorkerPool | null, job: Job<A, R>, ...parameters: A
): Future<R> {
  return submit(getRunningLoop(), executor, job, parameters, true);
}

/** @internal */
export function submit<R>(
  loop: Loop, executor: WorkerPool | null, job: Job<any, R>, parameters: unknown[], patient: boolean,
): Future<R> {
  if (!(job instanceof Job)) refuse(job, `is no job, as ${LIKE} is`);
  const { module, name, options: { transfer, onProgress, signal } } = job;
  abortSignal(signal);
  if (signal?.aborted) {
    const never = new Future<R>({ loop });
    follow(never, signal);
    return never;
  }
  const { pointer } = instance(executor ?? loop.defaultExecutor(), WorkerPool);
  const order: Call["order"] = [module, name, parameters];
  const call: Call = {
    loop, order, transfer, onProgress, patient, future: undefined, pointer: 0, number: 0, worker: undefined,
  };
  const future = new Future<R>(loop, given(c.guest_run(loop.pointer, pointer, place(call))));
  call.future = new WeakRef<Future>(future);
  if (signal) follow(future, signal);
  return future;
}
