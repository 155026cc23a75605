// The module's memory is used up, and what can fail for that fails alone: nothing is thrown where nobody hears it, and
// nothing hangs.
import assert from "node:assert/strict";
import { test } from "node:test";
import { figures, nativeExports, newEventLoop, sleep, WorkerPool } from "anyloop";
import { jobOf } from "./pools.mjs";

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** What comes of `begin()` when from then on no memory is left. */
async function without(begin) {
  const { malloc, free } = nativeExports(), taken = [],
    outcome = begin().then((value) => value, (error) => error.code ?? error);
  await pause(5);
  for (let size = 2 ** 28; size >= 16; size /= 2) for (let pointer; (pointer = malloc(size));) taken.push(pointer);
  try {
    return await outcome;
  } finally {
    taken.forEach((pointer) => free(pointer));
  }
}

test("without memory each thing fails alone", async () => {
  const loop = await newEventLoop(), pool = new WorkerPool({ maxWorkers: 1 });
  const job = (name, ...of) => loop.runInExecutor(pool, jobOf(name), ...of), text = "x".repeat(100_000);
  await job("echo", 1);
  assert.equal(await without(() => job("later", text, 50)), "ANYLOOP_E_NOMEM");
  assert.equal(await without(() => job("later", { text }, 50)), "ANYLOOP_E_NOMEM");
  assert.equal(await job("echo", text), text);
  const awaits = (awaitable) => () => loop.createTask(function* () { return yield awaitable; }).then();
  assert.equal(await without(awaits(pause(50).then(() => text))), "ANYLOOP_E_NOMEM");
  const signal = AbortSignal.timeout(50);
  const cancelled = () => loop.createTask(function* () { yield* sleep(60_000, { loop }); }, { signal }).then();
  assert.equal(await without(cancelled), "ANYLOOP_E_CANCELLED");
  await pool.shutdown();
  await loop.close();
  assert.deepEqual([figures().objects, figures().lent], [0, 0]);
});
