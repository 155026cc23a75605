// With Node's types a pool takes Node's workers.
import { Worker } from "node:worker_threads";
import { WorkerPool } from "anyloop";

new WorkerPool({ worker: (name) => new Worker(new URL("./serves.js", import.meta.url), { name }) });
// @ts-expect-error: no worker
new WorkerPool({ worker: (name) => name });
