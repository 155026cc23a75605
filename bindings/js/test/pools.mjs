// pools.mjs -- what the tests of pools share.
import assert from "node:assert/strict";
import { getEventLoop, job, runInExecutor, WorkerPool } from "anyloop";

export const loop = await getEventLoop();
export const module = new URL("jobs/jobs.mjs", import.meta.url);
export const fixture = name => new URL(`jobs/${name}`, import.meta.url);
export const jobOf = name => job(module, name);
export const one = { maxWorkers: 1 };

/** Shared by a job that blocks and who waits for it. */
export const cellOfTwo = () => new Int32Array(new SharedArrayBuffer(8));

/** Waits until the job with this cell has begun. */
export async function begun(cell) {
  const { async, value } = Atomics.waitAsync(cell, 1, 0, 20000);
  assert.notEqual(async ? await value : value, "timed-out");
}

export function unblock(cell) {
  Atomics.store(cell, 0, 1);
  Atomics.notify(cell, 0);
}

/** Runs `use` with a pool, which it ends; then no worker is left and each job is accounted for. */
export async function withPool(options, use) {
  const pool = new WorkerPool(options);
  try {
    await use(pool, (name, ...parameters) => runInExecutor(pool, jobOf(name), ...parameters));
  } finally {
    await pool.terminate();
  }
  const { workers, running, queued, submitted, done } = pool.getFigures();
  assert.deepEqual({ workers, running, queued, done }, { workers: 0, running: 0, queued: 0, done: submitted });
}

/** The error that a job fails with, after which the pool does the next job as ever. */
export async function failure(options, ...of) {
  let error;
  await withPool(options, async (pool, run) => {
    error = await run(...of).then(result => assert.fail(`it gave ${result}`), thrown => thrown);
    assert.equal(await run("echo", "goes on"), "goes on");
  });
  return error;
}
