// tasks.test.mjs -- tasks and futures: what they are made of, how they come out, what is refused.
import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import {
  abortable, allTasks, AnyloopError, CancelledError, createTask, currentTask, Future, getRunningLoop, newEventLoop, Queue,
  run, sleep, stallReport, Task, waitFor,
} from "anyloop";
import { complete, inLoop, macrotask, newVirtualLoop, spin, thrown } from "./virtual.mjs";

const aborted = (message) => (error) =>
  error instanceof CancelledError && error.name === "AbortError" && error.message === message;

/** Gives `use` a hosted loop, and closes that. */
async function withLoop(use) {
  const loop = await newEventLoop();
  try {
    return await use(loop);
  } finally {
    await loop.close();
  }
}

describe("a task", () => {
  test("of a generator runs from the next turn on, and gives what that returns", () => {
    const loop = newVirtualLoop(), steps = [];
    const task = loop.createTask((function* () {
      steps.push("first");
      assert.equal(yield* sleep(10), undefined);
      steps.push("second");
      return "result";
    })());
    assert.deepEqual([steps, task.done(), task instanceof Future], [[], false, true]);
    loop.turn();
    assert.deepEqual(steps, ["first"]);
    spin(loop);
    assert.deepEqual([steps, task.done(), task.result(), task.exception()],
      [["first", "second"], true, "result", undefined]);
  });

  test("of a function calls it in its first step, with nothing", () => {
    const loop = newVirtualLoop();
    let given;
    const task = loop.createTask(function () {
      given = [arguments.length, currentTask() === task];
      return (function* () { return 5; })();
    });
    assert.equal(given, undefined);
    assert.equal(complete(loop, task), 5);
    assert.deepEqual(given, [0, true]);
  });

  test("of a function that throws, or gives what cannot be awaited, fails", () => {
    const loop = newVirtualLoop(), error = new Error("mine");
    assert.equal(thrown(() => complete(loop, loop.createTask(() => { throw error; }))), error);
    for (const main of [() => 5, () => undefined, (signal) => 5, (signal) => undefined]) {
      assert.throws(() => complete(loop, loop.createTask(main)), { name: "TypeError", message: /cannot be awaited/ });
    }
  });

  test("of what cannot be run is not made", () => {
    const loop = newVirtualLoop();
    for (const main of [5, null, undefined, {}]) {
      assert.throws(() => loop.createTask(main), { name: "TypeError", message: /is no coroutine or promise/ });
    }
    assert.deepEqual(loop.allTasks(), []);
  });

  test("of an async function or a promise gives what that promises", () => withLoop(async (loop) => {
    assert.equal(await loop.createTask(async () => (await macrotask(), "async")), "async");
    assert.equal(await loop.createTask(Promise.resolve("promise")), "promise");
    const error = new Error("mine");
    await assert.rejects(loop.createTask(async () => { throw error; }), (thrown) => thrown === error);
  }));

  test("of a thenable calls it once", () => withLoop(async (loop) => {
    let calls = 0;
    const lazy = { then(resolve) { resolve(++calls); } };
    assert.equal(await loop.createTask(lazy), 1);
    assert.equal(await loop.createTask(() => lazy), 2);
    assert.equal(await loop.createTask(function* () { return yield lazy; }), 3);
  }));

  test("yields promises as well as futures", () => withLoop(async (loop) => {
    const error = new Error("mine");
    assert.deepEqual(await loop.createTask(function* () {
      try {
        yield Promise.reject(error);
      } catch (caught) {
        return [yield Promise.resolve(1), yield (function* () { return 2; })(), caught === error];
      }
    }), [1, 2, true]);
  }));

  test("gives way to the others by a bare yield", () => {
    const loop = newVirtualLoop(), steps = [];
    const counts = function* (name) {
      for (const i of [1, 2, 3]) {
        steps.push(name + i);
        assert.equal(yield, undefined);
      }
    };
    for (const name of ["a", "b"]) loop.createTask(counts(name));
    spin(loop);
    assert.deepEqual([steps, loop.time()], [["a1", "b1", "a2", "b2", "a3", "b3"], 0]);
  });

  test("awaits what is done already without a step", () => {
    const loop = newVirtualLoop(), done = loop.createFuture(), steps = [];
    done.setResult("there");
    loop.createTask(function* () {
      for (let i = 0; i < 100; i++) assert.equal(yield* done, "there");
      steps.push("awaited 100 times");
    });
    loop.createTask(function* () { steps.push("the other"); });
    loop.turn();
    assert.deepEqual(steps, ["awaited 100 times", "the other"]);
  });

  test("has the name that it was given, or its function's, or a number", () => {
    const loop = newVirtualLoop(), body = function* () {};
    const named = loop.createTask(body(), { name: "n\u00e4me \u{1f600}" }), numbered = loop.createTask(body());
    assert.equal(named.name, "n\u00e4me \u{1f600}");
    assert.equal(loop.createTask(function* fetching() {}).name, "fetching");
    assert.match(numbered.name, /^Task-\d+$/);
    numbered.name = "renamed";
    spin(loop);
    assert.deepEqual([named.result(), named.name, numbered.name], [undefined, "n\u00e4me \u{1f600}", "renamed"]);
  });

  test("is the same object in currentTask and allTasks", () => {
    const loop = newVirtualLoop(), seen = [];
    const body = function* () {
      seen.push(currentTask());
      yield;
      seen.push(loop.currentTask());
    };
    const one = loop.createTask(body()), two = loop.createTask(body());
    assert.deepEqual(loop.allTasks().map((task) => [one, two].indexOf(task)), [0, 1]);
    assert.equal(loop.currentTask(), undefined);
    spin(loop);
    assert.deepEqual(seen.map((task) => [one, two].indexOf(task)), [0, 1, 0, 1]);
    assert.deepEqual(allTasks({ loop }), []);
  });

  test("that was let go of goes on, and can still be asked for", async () => {
    let ended = false;
    await run(function* () {
      createTask(function* () {
        try {
          yield* sleep(1000);
        } finally {
          ended = true;
        }
      }).close();
      yield;
      assert.deepEqual(allTasks().map((task) => task.done()), [false, false]);
    });
    assert.equal(ended, true);
  });

  test("that is eager runs its first step inside createTask", () => inLoop(function* (loop) {
    const steps = [];
    let inside;
    const whole = loop.createTask(function* () {
      steps.push("first");
      inside = currentTask();
      return "whole";
    }, { eagerStart: true, name: "eager" });
    assert.deepEqual([steps, whole.done(), whole.result(), inside === whole], [["first"], true, "whole", true]);
    const outer = currentTask(), part = loop.createTask(function* () {
      yield* sleep(1);
      return currentTask();
    }, { eagerStart: true });
    assert.deepEqual([part.done(), currentTask() === outer], [false, true]);
    assert.equal(yield* part, part);
  }));

  test("that is eager may make others that are, to any depth", () => inLoop(function* (loop) {
    const deep = function* (depth) {
      return depth === 0 ? 0 : 1 + (yield* loop.createTask(deep(depth - 1), { eagerStart: true }));
    };
    assert.equal(yield* deep(5000), 5000);
    assert.equal(loop.allTasks().length, 1);
  }));

  test("that is eager waits for a turn where no step runs", () => {
    const loop = newVirtualLoop(), task = loop.createTask(function* () { return 1; }, { eagerStart: true });
    assert.equal(task.done(), false);
    assert.equal(complete(loop, task), 1);
  });
});

describe("a cancellation", () => {
  test("is thrown where the task waits, with its reason", () => {
    const loop = newVirtualLoop();
    let caught;
    const task = loop.createTask(function* () {
      try {
        yield* sleep(1000);
      } catch (error) {
        caught = error;
        throw error;
      }
    });
    loop.turn();
    assert.deepEqual([task.cancel("enough"), task.cancelling(), task.done()], [true, 1, false]);
    spin(loop);
    assert.ok(aborted("enough")(caught));
    assert.equal(caught.code, "ANYLOOP_E_CANCELLED");
    assert.deepEqual([task.cancelled(), task.done(), loop.time()], [true, true, 0]);
    assert.throws(() => task.result(), aborted("enough"));
    assert.ok(task.exception() instanceof CancelledError);
    assert.equal(task.cancel(), false);
  });

  test("for a reason that is no text has one all the same", () => {
    const loop = newVirtualLoop();
    const task = loop.createTask(function* () { yield* sleep(1000); });
    loop.turn();
    const reason = new Error("mine \ud800");
    task.cancel(reason);
    spin(loop);
    assert.throws(() => task.result(), (error) => aborted(reason.message)(error) && error.cause === reason);
    const signalled = loop.createTask(function* () { yield* sleep(1000); }, { signal: AbortSignal.abort() });
    spin(loop);
    assert.equal(signalled.exception().cause.name, "AbortError");
    const text = loop.createFuture();
    text.cancel("a text \ud800");
    assert.throws(() => text.result(), aborted("a text \ufffd"));
  });

  test("of a task of a task has its reason", () => {
    const loop = newVirtualLoop(), task = loop.createTask(loop.createTask(function* () { yield* sleep(1000); }));
    loop.turn();
    loop.turn();
    task.cancel("enough");
    spin(loop);
    assert.throws(() => task.result(), aborted("enough"));
  });

  test("without a reason says that it was one", () => {
    const loop = newVirtualLoop(), future = loop.createFuture();
    assert.equal(future.cancel(), true);
    assert.throws(() => future.result(), aborted("cancelled"));
  });

  test("before the first step keeps the task from beginning", () => {
    const loop = newVirtualLoop();
    let began = false;
    const task = loop.createTask((function* () { began = true; })());
    task.cancel();
    spin(loop);
    assert.deepEqual([task.cancelled(), began], [true, false]);
  });

  test("goes on to what is awaited", () => {
    const loop = newVirtualLoop(), future = loop.createFuture();
    const inner = loop.createTask(function* () { yield* future; }), outer = loop.createTask(function* () { yield* inner; });
    spin(loop);
    outer.cancel("all");
    spin(loop);
    assert.deepEqual([future, inner, outer].map((each) => each.cancelled()), [true, true, true]);
    for (const each of [future, outer]) assert.throws(() => each.result(), aborted("all"));
  });

  test("that is caught and taken back leaves the task as it was", () => {
    const loop = newVirtualLoop();
    const task = loop.createTask(function* () {
      try {
        yield* sleep(1000);
      } catch {
        assert.deepEqual([currentTask().cancelling(), currentTask().uncancel(), currentTask().cancelling()], [2, 1, 1]);
        currentTask().uncancel();
        yield* sleep(5);
        return "goes on";
      }
    });
    loop.turn();
    task.cancel();
    task.cancel();
    assert.equal(complete(loop, task), "goes on");
    assert.deepEqual([task.cancelled(), task.cancelling(), task.uncancel()], [false, 0, 0]);
  });

  test("that an error comes of fails the task with that", () => {
    const loop = newVirtualLoop(), error = new Error("in the cleanup");
    const task = loop.createTask(function* () {
      try {
        yield* sleep(1000);
      } finally {
        throw error;
      }
    });
    loop.turn();
    task.cancel();
    spin(loop);
    assert.deepEqual([task.cancelled(), task.exception() === error], [false, true]);
  });
});

describe("signals", () => {
  const until = (signal) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

  test("in: the option `signal` cancels the task, with the signal's reason", () => {
    const loop = newVirtualLoop(), controller = new AbortController();
    const task = loop.createTask(function* () { yield* sleep(1000); }, { signal: controller.signal });
    loop.turn();
    controller.abort(new Error("user left"));
    spin(loop);
    assert.throws(() => task.result(), aborted("user left"));
    const before = loop.createTask(function* () { assert.fail("it begins"); }, { signal: AbortSignal.abort("too late") });
    spin(loop);
    assert.throws(() => before.result(), aborted("too late"));
  });

  test("in: one that comes too late changes nothing", () => {
    const loop = newVirtualLoop(), controller = new AbortController();
    const task = loop.createTask(function* () { return 1; }, { signal: controller.signal });
    spin(loop);
    controller.abort();
    assert.deepEqual([task.cancelled(), task.result()], [false, 1]);
  });

  test("in: one cancels a task that was let go of, for whatever reason", () => {
    const loop = newVirtualLoop(), errors = [];
    for (const reason of ["\ud800", 5, null, Symbol("s"), Object.create(null), revoked()]) {
      const controller = new AbortController();
      loop.createTask(function* () {
        try {
          yield* sleep(1000);
        } catch (error) {
          errors.push(error.name);
        }
      }, { signal: controller.signal }).close();
      loop.turn();
      controller.abort(reason);
      spin(loop);
    }
    assert.deepEqual([errors, loop.time()], [Array(6).fill("AbortError"), 0]);
  });

  test("in: one may be for many, and Node warns of none", async () => {
    const warned = [], hear = (warning) => warned.push(warning.message), controller = new AbortController();
    process.on("warning", hear);
    const loop = newVirtualLoop();
    const tasks = Array.from({ length: 30 }, () => loop.createTask(sleep(1e6, { loop }), { signal: controller.signal }));
    await macrotask();
    assert.equal(getEventListeners(controller.signal, "abort").length, 1);
    controller.abort();
    spin(loop);
    process.off("warning", hear);
    assert.deepEqual([warned, tasks.every((task) => task.cancelled())], [[], true]);
    loop.close();
  });

  test("in: one is let go of with the loop", async () => {
    const loop = newVirtualLoop(), controller = new AbortController();
    const task = loop.createTask(function* () { yield* sleep(1000); }, { signal: controller.signal });
    loop.turn();
    assert.equal(getEventListeners(controller.signal, "abort").length, 1);
    await loop.close();
    controller.abort();
    assert.equal(task.done(), false);
  });

  test("in: one keeps nothing of a loop that is closed", async () => {
    const controller = new AbortController();
    async function leave() {
      const loop = newVirtualLoop();
      loop.createTask(function* () { yield* sleep(1000); }, { signal: controller.signal });
      loop.turn();
      await loop.close();
      return new WeakRef(loop);
    }
    const left = await leave();
    for (let i = 0; left.deref() && i < 20; i++) {
      await new Promise((resolve) => setTimeout(resolve, 30));
      gc();
    }
    assert.equal(left.deref(), undefined);
    controller.abort();
  });

  test("in: one that is aborted while the loop closes changes nothing", async () => {
    const loop = newVirtualLoop(), controller = new AbortController();
    const task = loop.createTask(function* () {
      try {
        yield* sleep(1000);
      } finally {
        controller.abort();
      }
    }, { signal: controller.signal });
    loop.turn();
    await loop.close();
    await macrotask(); // what a listener throws ends the process now
    assert.deepEqual([controller.signal.aborted, task.done()], [true, false]);
  });

  test("out: a function with a parameter gets one, which aborts when the task is cancelled", () => withLoop(async (loop) => {
    let given;
    const task = loop.createTask(async (signal) => {
      given = signal;
      await until(signal);
    });
    while (!given) await macrotask();
    assert.deepEqual([given instanceof AbortSignal, given.aborted], [true, false]);
    task.cancel("stop it");
    await assert.rejects(task, aborted("stop it"));
    assert.deepEqual([given.aborted, given.reason.name, given.reason.message], [true, "AbortError", "stop it"]);
    assert.equal(await loop.createTask(async (signal) => signal.aborted), false);
  }));

  test("out: abortable aborts one when what it gives is cancelled", () => withLoop(async (loop) => {
    let given;
    const start = (signal) => until(given = signal), task = loop.createTask(function* () { yield* abortable(start); });
    while (!given) await macrotask();
    task.cancel("out");
    await assert.rejects(task, aborted("out"));
    while (!given.aborted) await macrotask();
    assert.deepEqual([given.reason.name, given.reason.message], ["AbortError", "out"]);
    assert.equal(await abortable(async () => "kept", { loop }), "kept");
    const error = new Error("mine");
    await assert.rejects(abortable(() => Promise.reject(error), { loop }), (thrown) => thrown === error);
  }));
});

function revoked() {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

test("a loop that closes aborts the signals that it gave out", async () => {
  const loop = await newEventLoop(), signals = [], never = new Promise(() => {});
  const start = (signal) => {
    signals.push(signal);
    return never;
  };
  loop.createTask(start);
  loop.createTask((signal) => (function* () { yield start(signal); })());
  abortable(start, { loop });
  await loop.runUntilComplete(sleep(1, { loop }));
  assert.deepEqual(signals.map((signal) => signal.aborted), [false, false, false]);
  await loop.close();
  assert.deepEqual(signals.map(({ reason }) => reason?.code), Array(3).fill("ANYLOOP_E_CLOSED"));
});

test("abortable also takes a coroutine", () => withLoop(async (loop) => {
  let signal;
  const future = abortable(function* (given) {
    signal = given;
    yield* sleep(1e6);
  }, { loop });
  await sleep(1, { loop });
  future.cancel();
  await assert.rejects(Promise.resolve(future), CancelledError);
  assert.equal(signal.aborted, true);
}));

test("abortable also takes a future that is done and was looked at", () => inLoop(function* (loop) {
  const future = loop.createFuture();
  future.setResult(5);
  assert.equal(future.result(), 5);
  assert.equal(yield* abortable(() => future), 5);
}));

test("a signal is not aborted when what had it ends well", () => withLoop(async (loop) => {
  const signals = [], start = async (signal) => void signals.push(signal);
  await loop.createTask(start);
  await abortable(start, { loop });
  assert.deepEqual(signals.map((signal) => signal.aborted), [false, false]);
}));

describe("any value", () => {
  const values = {
    undefined, null: null, true: true, false: false, "0": 0, "-0": -0, NaN, Infinity, "1.5": 1.5, "5e-324": 5e-324,
    "-1": -1, "2^32": 2 ** 32, "-2^32-1": -(2 ** 32) - 1, "2^53-1": 2 ** 53 - 1, "2^53": 2 ** 53, "-2^63": -(2 ** 63),
    "a bigint": 5n, "a large bigint": -(10n ** 30n), "no text": "", "a text with NUL": "a\0b", "an emoji": "\u{1f600}",
    "half a surrogate pair": "a\ud800b", "a text with a mark in front": "\ufeffa", "a long text": "\u00e4".repeat(100_000),
    "a symbol": Symbol("s"), "a function": () => 1, "an object": { a: 1 }, "one without prototype": Object.create(null),
    "an array": [1], "bytes": new Uint8Array(2), "a map": new Map(),
    "one that is no text": { toString() { throw new Error(); } },
    "a promise": Promise.resolve(1), "an error": new Error("e"), "a proxy": new Proxy({}, {}), "a class": Map,
    "an error without a message": Object.defineProperty(new Error(), "message", { get() { throw new Error(); } }),
    "an error whose message is no text": Object.assign(new Error(), { message: Object.create(null) }),
    "a proxy that is revoked": revoked(), "an error of the package with a status that is none": new AnyloopError(5),
    "one with a text for it": new AnyloopError("mine"),
  };
  for (const [name, value] of Object.entries(values)) {
    test(`is itself as a result, a text or number or not: ${name}`, () => {
      const loop = newVirtualLoop(), future = loop.createFuture();
      const task = loop.createTask(function* () { return yield* future; });
      loop.turn();
      future.setResult(value);
      spin(loop);
      assert.deepEqual([future, task].map((each) => Object.is(each.result(), value)), [true, true]);
    });

    test(`is itself when it is thrown: ${name}`, () => {
      const loop = newVirtualLoop(), future = loop.createFuture();
      const task = loop.createTask(function* () { yield* future; }),
        thrower = loop.createTask(function* () { throw value; });
      loop.turn();
      future.setException(value);
      spin(loop);
      for (const each of [future, task, thrower]) {
        assert.ok(Object.is(each.exception(), value));
        assert.ok(Object.is(thrown(() => each.result()), value));
      }
    });
  }

  test("is itself through a promise, thrown or not", () => withLoop(async (loop) => {
    for (const value of [undefined, -0, "a\ud800b", values["an object"], values["a symbol"]]) {
      assert.ok(Object.is(await loop.ensureFuture(Promise.resolve(value)), value));
      const caught = await loop.ensureFuture(Promise.reject(value)).catch((error) => [error]);
      assert.ok(Object.is(caught[0], value));
    }
  }));
});

describe("a thenable", () => {
  const awaited = (loop, then) => loop.ensureFuture({ then }).catch((error) => [error]);

  test("may call back twice, or at once, and throw", () => withLoop(async (loop) => {
    const error = new Error("mine");
    assert.equal(await awaited(loop, (resolve, reject) => (resolve(1), resolve(2), reject(error))), 1);
    assert.deepEqual(await awaited(loop, (resolve, reject) => (reject(error), resolve(2))), [error]);
    assert.equal(await awaited(loop, (resolve) => (resolve(1), queueMicrotask(() => resolve(2)))), 1);
    assert.deepEqual(await awaited(loop, () => { throw error; }), [error]);
    assert.equal(await awaited(loop, (resolve) => { resolve(1); throw error; }), 1);
  }));

  test("that throws is nothing that may still come", async () => {
    const loop = newVirtualLoop(), future = loop.ensureFuture({ then() { throw new Error("mine"); } });
    loop.createTask(function* () { yield* loop.createFuture(); });
    await macrotask();
    spin(loop);
    assert.deepEqual([future.exception().message, loop.turn().deadlock], ["mine", true]);
  });
});

describe("a future", () => {
  test("that is pending has no result, and says so", () => {
    const future = newVirtualLoop().createFuture();
    assert.deepEqual([future.done(), future.cancelled()], [false, false]);
    assert.throws(() => future.result(), { code: "ANYLOOP_E_STATE", message: "it is pending: await it first" });
    assert.throws(() => future.exception(), { code: "ANYLOOP_E_STATE", message: "it is pending: await it first" });
  });

  test("that is a task's can be completed by nobody else, before and after its result is known", () => {
    const loop = newVirtualLoop(), task = loop.createTask((function* () { return 1; })());
    for (const turns of [0, 1]) {
      if (turns) assert.equal(complete(loop, task), 1);
      for (const call of [() => task.setResult(2), () => task.setException(new Error())]) {
        assert.throws(call, { code: "ANYLOOP_E_TYPE", message: "its coroutine ends it" });
      }
    }
  });

  test("that is done can be completed no more", () => {
    const loop = newVirtualLoop(), done = loop.createFuture(), failed = loop.createFuture(), cancelled = loop.createFuture();
    done.setResult(1);
    failed.setException(new Error("mine"));
    cancelled.cancel();
    for (const future of [done, failed, cancelled]) {
      for (const looked of [false, true]) {
        assert.throws(() => future.setResult(2),
          (error) => error instanceof AnyloopError && error.code === "ANYLOOP_E_STATE");
        assert.throws(() => future.setException(new Error()), { code: "ANYLOOP_E_STATE" });
        assert.equal(future.cancel(), false);
        if (!looked) future.exception();
      }
    }
    assert.deepEqual([done.result(), failed.exception().message, cancelled.cancelled()], [1, "mine", true]);
  });

  test("calls its callbacks in order, in a turn, with itself; also those that come late", () => {
    const loop = newVirtualLoop(), future = loop.createFuture(), calls = [];
    const removed = () => calls.push("removed");
    for (const i of [1, 2]) future.addDoneCallback((of) => calls.push([i, of === future]));
    future.addDoneCallback(removed);
    future.addDoneCallback(removed);
    assert.deepEqual([future.removeDoneCallback(removed), future.removeDoneCallback(removed)], [2, 0]);
    future.setResult();
    assert.deepEqual(calls, []);
    spin(loop);
    future.addDoneCallback((of) => calls.push([3, of === future]));
    spin(loop);
    assert.deepEqual(calls, [[1, true], [2, true], [3, true]]);
  });

  test("is a thenable: then, catch, finally", () => withLoop(async (loop) => {
    const done = loop.createFuture(), failed = loop.createFuture(), error = new Error("mine"), calls = [];
    loop.callSoon(() => done.setResult(1));
    loop.callSoon(() => failed.setException(error));
    assert.equal(await done, 1);
    assert.equal(await done, 1);
    assert.equal(await done.then((value) => value + 1), 2);
    assert.equal(await done.finally(() => calls.push("finally")), 1);
    assert.equal(await failed.catch((caught) => caught), error);
    assert.equal(await failed.then(null, (caught) => caught), error);
    await assert.rejects(failed.finally(() => calls.push("failed")), (caught) => caught === error);
    assert.deepEqual(await Promise.all([done, Promise.race([failed]).catch(() => "raced")]), [1, "raced"]);
    assert.deepEqual(calls, ["finally", "failed"]);
  }));

  test("that is let go of rejects its promises", () => withLoop(async (loop) => {
    const future = loop.createFuture(), promise = future.then();
    future.close();
    await assert.rejects(promise, { code: "ANYLOOP_E_STATE", message: "it is closed" });
    const task = loop.createTask(function* () { yield* sleep(1); return "goes on"; }), result = task.then();
    task.close();
    assert.match(await result.catch((error) => error.message), / is closed/);
  }));

  test("can be let go of, and is then refused", () => {
    const future = newVirtualLoop().createFuture();
    future.close();
    future.close();
    assert.throws(() => future.done(), { code: "ANYLOOP_E_STATE", message: "this Future is closed" });
  });
});

describe("awaiting", () => {
  /** What a coroutine catches that awaits it. */
  const caught = (loop, awaitable) => complete(loop, (function* () {
    try {
      yield awaitable;
    } catch (error) {
      return error;
    }
  })());

  test("an operation again, once it is done, gives its result", () => inLoop(function* () {
    const operation = sleep(5);
    assert.deepEqual([yield* operation, operation.done(), yield* operation], [undefined, true, undefined]);
  }));

  test("an operation while another task does is refused with the reason", () => {
    const loop = newVirtualLoop(), operation = sleep(5, { loop });
    const first = loop.createTask(function* () { return yield* operation, "slept"; });
    loop.turn();
    const second = loop.createTask(function* () { yield* operation; });
    spin(loop);
    assert.equal(first.result(), "slept");
    assert.throws(() => second.result(), { code: "ANYLOOP_E_STATE", message: /an operation is awaited once/ });
  });

  test("an operation that ensureFuture was given can be awaited by many", () => {
    const loop = newVirtualLoop(), queue = new Queue({ loop }), future = loop.ensureFuture(queue.get());
    const both = [0, 1].map(() => loop.createTask(function* () { return yield* future; }));
    loop.callLater(5, () => queue.putNowait("item"));
    spin(loop);
    assert.deepEqual([future.result(), ...both.map((task) => task.result())], ["item", "item", "item"]);
  });

  test("another loop's future is refused, unless it is done", () => {
    const loop = newVirtualLoop(), foreign = newVirtualLoop().createFuture();
    assert.equal(caught(loop, foreign).code, "ANYLOOP_E_OTHER_LOOP");
    foreign.setResult(5);
    assert.equal(complete(loop, (function* () { return yield* foreign; })()), 5);
  });

  test("oneself is refused", () => {
    const loop = newVirtualLoop(), task = loop.createTask(function* () { yield* task; });
    spin(loop);
    assert.equal(task.exception().code, "ANYLOOP_E_SELF_AWAIT");
  });

  test("what cannot be awaited is a TypeError there", () => {
    const loop = newVirtualLoop();
    for (const value of [5, null, "text", {}, Symbol("s"), () => {}, Object.create(null)]) {
      const error = caught(loop, value);
      assert.ok(error instanceof TypeError);
      assert.match(error.message, /cannot be awaited in Task-\d: it is no future, coroutine or promise$/);
    }
  });

  test("a deep chain of coroutines and tasks gives and throws through all of them", () => {
    const loop = newVirtualLoop(), error = new Error("at the bottom");
    const down = function* (depth, how) {
      if (depth === 0) return yield* how();
      return yield* depth % 2 ? down(depth - 1, how) : loop.createTask(down(depth - 1, how));
    };
    assert.equal(complete(loop, down(1000, function* () { return yield* sleep(1), "bottom"; })), "bottom");
    assert.equal(thrown(() => complete(loop, down(1000, function* () { throw error; }))), error);
  });
});

test("an error that the core made has the lines of the coroutines which awaited", () => withLoop(async (loop) => {
  function* inner() { yield* waitFor(sleep(1e6), 1, { loop }); }
  function* outer() { yield* inner(); }
  const { stack } = await loop.createTask(outer()).catch((error) => error);
  assert.match(stack, /^TimeoutError: .*\n    at inner .*tasks\.test\.mjs:\d+.*\n(.*\n)?    at outer .*tasks\.test\.mjs/);
}));

test("what an unheard error is told with is its task's name", async () => {
  const told = [];
  await run(function* () {
    getRunningLoop().setExceptionHandler((_, { message, exception, task }) => told.push([message, exception, task]));
    createTask(function* importer() { throw "boom"; });
    yield;
  });
  assert.deepEqual(told, [["Task exception was never retrieved", "boom", "importer"]]);
});

test("an error that somebody had has the stack that it had, and may be frozen", () => withLoop(async (loop) => {
  const had = await waitFor(sleep(1e6, { loop }), 1, { loop }).catch((error) => error);
  had.stack = "mine";
  for (const error of [had, Object.freeze(had)]) {
    const future = loop.createFuture();
    future.setException(error);
    assert.equal(await loop.createTask(function* () { yield* future; }).catch((error) => error), had);
    assert.equal(had.stack, "mine");
  }
}));

test("the console shows what a task is, and how it came out", () => {
  const loop = newVirtualLoop(), shows = (value) => inspect([value]).slice(2, -2), unread = () => assert.fail("looked at");
  const task = loop.createTask((function* () { yield* sleep(1, { loop }); throw unread; })(), { name: "main" });
  assert.equal(shows(task), "<Task pending name='main'>");
  spin(loop);
  assert.equal(shows(task), "<Task finished name='main'>");
  assert.equal(task.exception(), unread);
  const future = loop.createFuture(), operation = sleep(1, { loop });
  assert.deepEqual([shows(future), shows(operation)], ["<Future pending>", "<Operation pending>"]);
  future.cancel();
  operation.close();
  assert.deepEqual([shows(future), shows(operation)], ["<Future cancelled>", "<Operation>"]);
  assert.match(inspect(loop), /^Loop /);
});

describe("an error that nobody looks at", () => {
  const error = new Error("unseen"), message = "Task exception was never retrieved";

  function listen(loop) {
    const told = [];
    loop.setExceptionHandler((_, context) => told.push([context.message, context.exception]));
    return told;
  }

  test("is told at the close of the loop, once", async () => {
    const loop = newVirtualLoop(), told = listen(loop), task = loop.createTask(function* () { throw error; });
    spin(loop);
    assert.deepEqual(told, []);
    await loop.close();
    await loop.close();
    assert.deepEqual(told, [[message, error]]);
    assert.equal(task.exception(), error);
  });

  test("is told when the task is collected", async () => {
    const loop = newVirtualLoop(), told = listen(loop);
    // So many that none is held for being young.
    for (let i = 0; i < 1100; i++) loop.createTask((function* () { throw error; })());
    spin(loop);
    for (let i = 0; i < 50 && told.length < 500; i++) {
      gc();
      await macrotask();
    }
    assert.ok(told.length >= 500, `${told.length} told`);
    assert.ok(told.every(([said, exception]) => said === message && exception === error));
    await loop.close();
    assert.equal(told.length, 1100);
  });

  test("is not told of one that was looked at, awaited or cancelled", async () => {
    const loop = newVirtualLoop(), told = listen(loop), fail = () => loop.createTask(function* () { throw error; });
    const looked = fail(), awaited = fail(), cancelled = loop.createTask(function* () { yield* sleep(5); });
    const waits = loop.createTask(function* () {
      try {
        yield* awaited;
      } catch {}
    });
    loop.turn();
    cancelled.cancel();
    spin(loop);
    assert.deepEqual([looked.exception(), waits.exception(), stallReport({ loop })], [error, undefined, ""]);
    await loop.close();
    assert.deepEqual(told, []);
  });
});

test("Task is the class of tasks, and of tasks only", () => {
  const loop = newVirtualLoop();
  const each = [loop.createTask((function* () {})()), loop.createFuture(), sleep(1, { loop })];
  assert.deepEqual(each.map((one) => one instanceof Task), [true, false, false]);
});

test("a coroutine is awaited, or made a task, once", () => {
  const loop = newVirtualLoop(), again = { code: "ANYLOOP_E_STATE", message: /once/ };
  const coroutine = (function* () {
    yield;
  })();
  const task = loop.createTask(coroutine), second = loop.createTask(function* () {
    yield coroutine;
  });
  assert.throws(() => loop.createTask(coroutine), again);
  spin(loop);
  assert.equal(task.result(), undefined);
  assert.throws(() => second.result(), again);
});

test("an error shows what happened once, and its code; what the code means is asked for", async () => {
  const loop = newVirtualLoop(), failed = loop.createFuture();
  failed.cancel("it rains");
  const error = failed.exception(), plain = new AnyloopError(-3);
  assert.deepEqual([error.message, error.text, error.hint], ["it rains", "it rains", "cancelled"]);
  assert.deepEqual([plain.message, plain.text, plain.hint], ["the loop is closed", "", "the loop is closed"]);
  assert.deepEqual([{ ...plain }, plain.name], [{ status: -3, code: "ANYLOOP_E_CLOSED" }, "AnyloopError"]);
  await loop.close();
});
