// What is dropped is given back, to the last byte: what the core has is the same before and after, and so is Node's heap.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { figures, Future, gather, job, load, newEventLoop, run, runInExecutor, sleep, WorkerPool } from "anyloop";

const MEGABYTE = 2 ** 20;

// Objects are told of being collected in a later macrotask, and the youngest are only then registered for that.
async function collected() {
  for (let i = 0; i < 2; i++) {
    await pause(150);
    gc();
  }
  await pause(10);
}

// `work(loop, count)` leaves nothing but what its loop keeps for the next of the kind, and with the loop that goes too. The
// first time has brought what comes only once. V8's tables keep the size that they once had, and by chance a later time
// needs a larger one: what leaks leaks each time.
function leavesNothing(what, count, work) {
  async function done(count) {
    const loop = await newEventLoop();
    await work(loop, count);
    await loop.close();
  }
  test(`${count} ${what} leave nothing`, { timeout: 110_000 }, async () => {
    await done(count);
    await collected();
    const before = figures(), grown = [];
    while (grown.length < 3 && !(grown.at(-1) < MEGABYTE)) {
      const heap = process.memoryUsage().heapUsed;
      await done(count);
      await collected();
      assert.deepEqual(figures(), before);
      grown.push(process.memoryUsage().heapUsed - heap);
    }
    assert.ok(grown.at(-1) < MEGABYTE, `the heap has grown by ${grown.join(", then ")} bytes`);
  });
}

await load();
const pool = new WorkerPool({ maxWorkers: 2 });
const add = job(new URL("./jobs/jobs.mjs", import.meta.url), "add");

leavesNothing("futures", 1_000_000, async (loop, count) => {
  for (let i = 0; i < count; i++) {
    const future = new Future({ loop });
    if (i % 2) future.setResult({ number: i });
    if (i % 1000 === 0) await pause(0); // as in programs: a program that never ends its macrotask has nothing collected
  }
});

leavesNothing("tasks", 100_000, async (loop, count) => {
  for (let i = 0; i < count; i += 100) {
    const tasks = Array.from({ length: 100 }, () => loop.createTask(function* () {
      yield* sleep(0, { loop });
      return {};
    }));
    for (const task of tasks) task.addDoneCallback(() => {});
    tasks[0].cancel();
    await gather(tasks, { loop, returnExceptions: true });
  }
});

leavesNothing("jobs", 100_000, async (loop, count) => {
  await loop.runUntilComplete((function* () {
    for (let i = 0; i < count; i += 100) {
      yield* gather(Array.from({ length: 100 }, (_, n) => runInExecutor(pool, add, i, n)));
    }
  })());
});

leavesNothing("loops", 10_000, async (_, count) => {
  for (let i = 0; i < count; i++) {
    await run(function* () {
      yield* sleep(0);
    });
  }
});

leavesNothing("loops that are closed with tasks which the core has made", 1000, async (_, count) => {
  for (let i = 0; i < count; i++) {
    const loop = await newEventLoop();
    gather([(function* () { yield* loop.createFuture(); })()], { loop });
    loop.allTasks();
    await loop.close();
  }
});

// An error whose stack nobody has read holds the objects whose methods are on it.
class Service {
  constructor(loop) {
    this.loop = loop;
    this.controller = new AbortController();
    this.failed = loop.createFuture();
    this.fails = loop.createTask(this.work());
    this.failsAll = loop.ensureFuture(Promise.any([(async () => { throw this.error(); })()]));
    this.cancelled = loop.createTask(this.work(1e6));
    this.aborted = loop.createTask(this.work(1e6), { signal: this.controller.signal });
  }

  *work(takes = 0) {
    yield* sleep(takes, { loop: this.loop });
    throw new Error("outer", { cause: this.error() });
  }

  error() {
    return new Error("mine");
  }

  async end() {
    const all = [this.fails, this.failsAll, this.cancelled, this.aborted, this.failed];
    const done = gather(all, { loop: this.loop, returnExceptions: true });
    await pause(0);
    this.cancelled.cancel(this.error());
    this.controller.abort();
    this.failed.setException(this.error());
    await done;
  }
}

leavesNothing("objects that hold what their own errors end", 200, async (loop, count) => {
  const before = figures().objects;
  for (let i = 0; i < count; i++) await new Service(loop).end();
  await collected();
  assert.ok(figures().objects < before + 20, "while the loop is open");
});

test("nor does a pool that was shut down", async () => {
  await pool.shutdown();
  await collected();
  assert.equal(figures().objects, 0);
});
