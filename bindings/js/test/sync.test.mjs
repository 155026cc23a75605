// sync.test.mjs -- locks, events, conditions, semaphores, barriers, queues: who goes on, in which order, what is refused.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  Barrier, CancelledError, Condition, createTask, Event, gather, LifoQueue, Lock, PriorityQueue, Queue, Semaphore, sleep,
} from "anyloop";
import { inLoop } from "./virtual.mjs";

const inTask = (name, body) => test(name, () => inLoop(body));
const refused = (name) => ({ code: `ANYLOOP_E_${name}` });

/** What awaiting it throws. */
function* caught(awaitable) {
  try {
    yield awaitable;
  } catch (error) {
    return error;
  }
  return assert.fail("nothing was thrown");
}

describe("a Lock", () => {
  inTask("is held by one at a time, first come, first served", function* (loop) {
    const lock = new Lock(), steps = [];
    const holds = (name) => lock.with(function* () {
      assert.equal(lock.locked(), true);
      steps.push([name, loop.time()]);
      yield* sleep(10);
      return name;
    });
    assert.deepEqual(yield* gather(["a", "b", "c"].map(holds)), ["a", "b", "c"]);
    assert.deepEqual([steps, lock.locked()], [[["a", 0], ["b", 10], ["c", 20]], false]);
  });

  inTask("is released when the body throws or is cancelled", function* () {
    const lock = new Lock(), error = new Error("mine");
    assert.equal(yield* caught(lock.with(function* () { throw error; })), error);
    const closed = lock.with(() => assert.fail("it begins"));
    closed.close();
    assert.match((yield* caught(closed)).message, /closed/);
    const task = createTask(lock.with(() => sleep(100))), waits = createTask(lock.with(() => sleep(100)));
    yield* sleep(1);
    waits.cancel();
    task.cancel();
    yield* gather([task, waits], { returnExceptions: true });
    assert.deepEqual([task.cancelled(), waits.cancelled(), lock.locked()], [true, true, false]);
  });

  inTask("that nobody holds is not released", function* () {
    const lock = new Lock();
    assert.throws(() => lock.release(), refused("NOT_HELD"));
    yield* lock.acquire();
    lock.release();
    assert.throws(() => lock.release(), refused("NOT_HELD"));
  });
});

describe("an Event", () => {
  inTask("wakes all that wait, and lets through while it is set", function* () {
    const event = new Event(), woken = [];
    const tasks = [1, 2].map((i) => createTask(function* () {
      yield* event.wait();
      woken.push(i);
    }));
    yield* sleep(1);
    assert.deepEqual([woken, event.isSet()], [[], false]);
    event.set();
    yield* gather(tasks);
    yield* event.wait();
    assert.deepEqual([woken, event.isSet()], [[1, 2], true]);
    event.clear();
    assert.equal(event.isSet(), false);
  });
});

describe("a Condition", () => {
  inTask("wakes as many as are notified, each with the lock held", function* () {
    const condition = new Condition(), woken = [];
    const tasks = [1, 2, 3].map((i) => createTask(condition.with(function* () {
      yield* condition.wait();
      assert.equal(condition.locked(), true);
      woken.push(i);
    })));
    yield* sleep(1);
    yield* condition.with(function* () { condition.notify(2); });
    yield* sleep(1);
    assert.deepEqual(woken, [1, 2]);
    yield* condition.with(function* () { condition.notifyAll(); });
    yield* gather(tasks);
    assert.deepEqual([woken, condition.locked()], [[1, 2, 3], false]);
  });

  inTask("waits for a predicate, and shares a lock", function* () {
    const lock = new Lock(), condition = new Condition(lock);
    let items = 0;
    const consumer = createTask(condition.with(function* () {
      return yield* condition.waitFor(() => items === 2 && items);
    }));
    for (const i of [1, 2]) {
      yield* sleep(1);
      yield* lock.with(function* () {
        items = i;
        condition.notify();
      });
    }
    assert.equal(yield* consumer, 2);
  });

  inTask("without its lock is refused", function* () {
    const condition = new Condition();
    assert.throws(() => condition.notify(), refused("NOT_HELD"));
    assert.equal((yield* caught(createTask(function* () { yield* condition.wait(); }))).code, "ANYLOOP_E_NOT_HELD");
  });
});

describe("a Semaphore", () => {
  inTask("lets so many in at a time", function* (loop) {
    const semaphore = new Semaphore(2);
    let inside = 0, most = 0;
    yield* gather([1, 2, 3, 4].map(() => semaphore.with(function* () {
      most = Math.max(most, ++inside);
      yield* sleep(10);
      inside--;
    })));
    assert.deepEqual([most, inside, loop.time(), semaphore.locked()], [2, 0, 20, false]);
  });

  inTask("that is bounded is not released more often than acquired", function* () {
    const bounded = new Semaphore(1, { bounded: true }), free = new Semaphore(0);
    assert.throws(() => bounded.release(), { code: "ANYLOOP_E_STATE", message: "it was released more often than acquired" });
    assert.equal(free.locked(), true);
    free.release();
    yield* free.acquire();
  });

  inTask("and a barrier are of so many as can be counted", function* () {
    for (const none of [-1, NaN, Infinity, 1.5, "1"]) {
      const message = new RegExp(`^value is to be an integer from 0 to 4294967295, not "?${none}"?$`);
      assert.throws(() => new Semaphore(none), { name: "RangeError", message });
      assert.throws(() => new Condition().notify(none), { name: "RangeError" });
    }
    const message = "parties is to be an integer from 1 to 4294967295, not 0";
    assert.throws(() => new Barrier(0), { name: "RangeError", message });
  });
});

describe("a Barrier", () => {
  inTask("lets its parties go together", function* (loop) {
    const barrier = new Barrier(3);
    const parties = [10, 30, 20].map((ms) => createTask(function* () {
      yield* sleep(ms);
      return [yield* barrier.wait(), loop.time()];
    }));
    yield* sleep(25);
    assert.deepEqual([barrier.parties, barrier.nWaiting, barrier.broken], [3, 2, false]);
    assert.deepEqual(yield* gather(parties), [[0, 30], [2, 30], [1, 30]]);
  });

  inTask("that is aborted fails those that wait, and later ones", function* () {
    const barrier = new Barrier(2), waits = createTask(function* () { yield* barrier.wait(); });
    yield* sleep(1);
    yield* barrier.abort();
    assert.equal((yield* caught(waits)).code, "ANYLOOP_E_BROKEN");
    assert.equal(barrier.broken, true);
    assert.equal((yield* caught(barrier.wait())).code, "ANYLOOP_E_BROKEN");
    yield* barrier.reset();
    assert.equal(barrier.broken, false);
  });
});

describe("a Queue", () => {
  inTask("gives what was put, in order, the same objects", function* () {
    const queue = new Queue(), items = [{}, null, undefined, "text", Symbol("s")];
    for (const item of items) yield* queue.put(item);
    assert.deepEqual([queue.qsize(), queue.empty(), queue.full()], [5, false, false]);
    for (const item of items) assert.ok(Object.is(yield* queue.get(), item));
    assert.equal(queue.empty(), true);
  });

  inTask("that is full lets putters wait, and one that is empty getters", function* (loop) {
    const queue = new Queue({ maxsize: 1 }), got = [];
    const puts = createTask(function* () {
      for (const i of [1, 2, 3]) yield* queue.put(i);
      return loop.time();
    });
    yield* sleep(5);
    assert.deepEqual([queue.full(), puts.done()], [true, false]);
    for (let i = 0; i < 3; i++) got.push(yield* queue.get());
    assert.deepEqual([got, yield* puts], [[1, 2, 3], 5]);
    const getter = createTask(function* () { return yield* queue.get(); });
    yield* sleep(5);
    queue.putNowait("late");
    assert.equal(yield* getter, "late");
  });

  inTask("without waiting is refused when it is full or empty", function* () {
    const queue = new Queue({ maxsize: 1 });
    assert.throws(() => queue.getNowait(), refused("EMPTY"));
    queue.putNowait(1);
    assert.throws(() => queue.putNowait(2), refused("FULL"));
    assert.equal(queue.getNowait(), 1);
  });

  inTask("loses nothing when a getter is cancelled", function* () {
    const queue = new Queue(), getter = createTask(function* () { return yield* queue.get(); });
    yield* sleep(1);
    getter.cancel();
    queue.putNowait("kept");
    assert.ok((yield* caught(getter)) instanceof CancelledError);
    assert.equal(queue.getNowait(), "kept");
  });

  inTask("is joined when each item is done", function* (loop) {
    const queue = new Queue();
    queue.putNowait(1);
    queue.putNowait(2);
    const joined = createTask(function* () { return yield* queue.join(), loop.time(); });
    for (let i = 0; i < 2; i++) {
      yield* sleep(5);
      queue.getNowait();
      queue.taskDone();
    }
    assert.equal(yield* joined, 10);
    assert.throws(() => queue.taskDone(), { code: "ANYLOOP_E_STATE", message: "each item is dealt with already" });
  });

  inTask("that is shut down gives what is in it, and no more", function* () {
    const queue = new Queue(), other = new Queue();
    queue.putNowait(1);
    queue.shutdown();
    assert.throws(() => queue.putNowait(2), refused("SHUTDOWN"));
    assert.equal(yield* queue.get(), 1);
    assert.equal((yield* caught(createTask(function* () { yield* queue.get(); }))).code, "ANYLOOP_E_SHUTDOWN");
    other.putNowait(1);
    other.shutdown({ immediate: true });
    assert.throws(() => other.getNowait(), refused("SHUTDOWN"));
  });

  inTask("of another order: the last, or the lowest priority first", function* () {
    const lifo = new LifoQueue(), priority = new PriorityQueue();
    for (const i of [1, 2, 3]) {
      lifo.putNowait(i);
      yield* priority.put(`of priority ${-i}`, -i);
    }
    assert.deepEqual([1, 2, 3].map(() => lifo.getNowait()), [3, 2, 1]);
    assert.deepEqual([1, 2, 3].map(() => priority.getNowait()), ["of priority -3", "of priority -2", "of priority -1"]);
  });

  inTask("takes what is counted for its size and its priorities", function* () {
    for (const none of [-1, NaN, Infinity, 1.5, "1"]) {
      const message = new RegExp(`^maxsize is to be an integer from 0 to 4294967295, not "?${none}"?$`);
      assert.throws(() => new Queue({ maxsize: none }), { name: "RangeError", message });
    }
    const queue = new PriorityQueue();
    for (const none of [NaN, Infinity, 1.5, "1", null, 2 ** 60]) {
      const refusal = { name: "RangeError", message: /^a priority is to be an integer from -9007199254740992 / };
      assert.throws(() => queue.put("item", none), refusal);
      assert.throws(() => queue.putNowait("item", none), refusal);
    }
    assert.equal(queue.empty(), true);
  });
});
