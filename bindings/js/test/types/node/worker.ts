// With Node's types, and without the DOM's, a pool takes Node's workers, and a job what Node moves.
import { MessageChannel, Worker } from "node:worker_threads";
import { type JobOptions, nativeExports, type Program, WorkerPool } from "anyloop";

new WorkerPool({ worker: (name) => new Worker(new URL("./serves.js", import.meta.url), { name }) });
// @ts-expect-error: no worker
new WorkerPool({ worker: (name) => name });

export const moving: JobOptions = { transfer: [new ArrayBuffer(1), new MessageChannel().port1] };
// @ts-expect-error: a number is not moved
export const copying: JobOptions = { transfer: [7] };
export const program: Program = new URL("./mine.wasm", import.meta.url);
export const bytes = new Uint8Array(nativeExports().memory.buffer);
