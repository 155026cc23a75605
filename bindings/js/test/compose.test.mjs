// compose.test.mjs -- awaiting many, limits of time, groups, contexts, programs. Time is virtual unless a promise is in it.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  abortable, allTasks, asCompleted, CancelledError, Condition, ContextVar, copyContext, createTask, currentTask,
  ensureFuture, ExceptionGroup, figures, gather, getEventLoop, getRunningLoop, job, Lock, Loop, newEventLoop, PriorityQueue,
  Queue, run, Runner, Semaphore, setEventLoop, shield, sleep, Task, TaskGroup, Timeout, timeout, TimeoutError,
  wait, waitFor, WorkerPool,
} from "anyloop";
import { complete, inLoop, macrotask, newVirtualLoop, spin, thrown } from "./virtual.mjs";

/** Gives `result` after `ms`. */
function* later(ms, result) {
  yield* sleep(ms);
  return result;
}

/** Throws `error` after `ms`. */
function* failing(ms, error) {
  yield* sleep(ms);
  throw error;
}

/** What awaiting it throws. */
function* caught(awaitable) {
  try {
    yield awaitable;
  } catch (error) {
    return error;
  }
  return assert.fail("nothing was thrown");
}

/** A test whose body is a task of a virtual loop. */
const inTask = (name, body) => test(name, () => inLoop(body));

describe("what is no list", () => {
  for (const [name, call] of Object.entries({ gather, wait: (what) => wait(what).next(), asCompleted })) {
    test(`is refused by ${name}`, () => inLoop(function* (loop) {
      for (const one of [later(1), loop.createFuture()]) {
        assert.throws(() => call(one, later(1)), { name: "TypeError", message: /list/ });
      }
    }));
  }
});

describe("what are no options", () => {
  const loop = newVirtualLoop();
  for (const [name, call] of Object.entries({
    Queue: () => new Queue(2), PriorityQueue: () => new PriorityQueue(2), WorkerPool: () => new WorkerPool(2),
    Lock: () => new Lock(loop), TaskGroup: () => new TaskGroup(loop), sleep: () => sleep(1, loop),
    gather: () => gather([], later(1)),
    "loop.createTask": () => loop.createTask(later(1), "a name"), createTask: () => createTask(later(1), null),
    "queue.shutdown": () => new Queue({ loop }).shutdown(true),
  })) {
    test(`are refused by ${name}`, () => assert.throws(call, { name: "TypeError", message: /no object with options/ }));
  }
});

describe("a name that is no option", () => {
  const loop = newVirtualLoop(), add = job(new URL("./jobs/jobs.mjs", import.meta.url), "add");
  for (const [name, call] of Object.entries({
    Queue: () => new Queue({ loop, nope: 2 }), Semaphore: () => new Semaphore(1, { loop, nope: 2 }),
    Lock: () => new Lock({ loop, nope: 2 }), sleep: () => sleep(1, { loop, nope: 2 }), Loop: () => new Loop({ nope: 2 }),
    gather: () => gather([], { loop, nope: 2 }), wait: () => wait([], { loop, nope: 2 }),
    asCompleted: () => asCompleted([], { loop, nope: 2 }), createTask: () => createTask(later(1), { loop, nope: 2 }),
    WorkerPool: () => new WorkerPool({ nope: 2 }), "job.with": () => add.with({ nope: 2 }),
    ContextVar: () => new ContextVar("x", { nope: 2 }), Runner: () => new Runner({ nope: 2 }),
    "queue.shutdown": () => new Queue({ loop }).shutdown({ nope: 2 }),
  })) {
    test(`is refused by ${name}, which tells them`, () => {
      assert.throws(call, { name: "TypeError", message: /^nope is no option here: these are \w+(, \w+)*$/ });
    });
  }

  const group = new TaskGroup({ loop });
  for (const [name, call] of Object.entries({
    "a loop's, of a method": () => loop.createTask(later(1), { loop }),
    "a loop's, of a task": () => createTask(later(1), { debug: true }),
    "a loop's, of a group": () => group.createTask(later(1), { loop }),
    "a task's, of a loop": () => new Loop({ name: "x" }),
    "a task's, of a runner": () => new Runner({ eagerStart: true }), "a runner's": () => new Runner({ hosted: false }),
  })) {
    test(`here is ${name}`, () => assert.throws(call, { name: "TypeError", message: / is no option here: these are / }));
  }

  test("is refused by run", async () => {
    for (const name of ["loop", "hosted", "nope"]) {
      await assert.rejects(run(later(1), { [name]: undefined }), { name: "TypeError", message: /is no option here/ });
    }
  });
});

describe("what is no", () => {
  const loop = newVirtualLoop(), add = job(new URL("./jobs/jobs.mjs", import.meta.url), "add"), on = { loop };
  const notFunction = () => [() => new Lock(on).with(later(1)), () => abortable(5, on), () => loop.setExceptionHandler(5),
    () => loop.setSlowCallbackHandler(5)];
  for (const [name, calls] of Object.entries({
    "Loop": () => [() => sleep(1, { loop: 3 }), () => new Queue({ loop: {} })],
    "WorkerPool": () => [() => loop.runInExecutor({}, add, 1), () => loop.setDefaultExecutor(5)],
    "Lock": () => [() => new Condition(new Semaphore(1, on), on), () => new Condition(new Condition(undefined, on), on)],
    "Context": () => [() => loop.createTask(later(1), { context: {} })],
    "AbortSignal": () => [() => loop.createTask(later(1), { signal: new AbortController() }),
      () => loop.runInExecutor(null, add.with({ signal: 5 }))],
    "function": notFunction,
    "time": () => [() => waitFor(later(1), undefined, on), () => timeout("5", later(1), on), () => new Loop({ start: NaN })],
  })) {
    test(`${name} is refused`, () => {
      const { objects, lent } = figures();
      for (const call of calls()) assert.throws(call, { message: new RegExp(` is no ${name}\\b`) });
      assert.deepEqual({ ...figures(), bytes: 0 }, { objects, lent, bytes: 0 });
    });
  }

  test("integer is refused by its name", () => {
    for (const [maxWorkers, shown] of [["4", '"4"'], [1.5, "1.5"], [0, "0"]]) {
      const message = `maxWorkers is to be an integer from 1 to 4294967295, not ${shown}`;
      assert.throws(() => new WorkerPool({ maxWorkers }), { name: "RangeError", message });
    }
  });

  test("list, or no word of wait's, is refused", () => {
    for (const call of [() => gather(undefined, on), () => asCompleted(3, on), () => wait(5, on)]) {
      assert.throws(call, { name: "TypeError", message: /a list of what is awaited is expected/ });
    }
    assert.throws(() => wait([], { loop, returnWhen: "first" }), { message: /^"first" is none of FIRST_COMPLETED, / });
  });

  test("time of an end is refused, which then can still come", async () => {
    const other = newVirtualLoop(), pool = new WorkerPool();
    await assert.rejects(other.close({ timeout: NaN }), TypeError);
    await assert.rejects(pool.shutdown({ timeout: "1" }), TypeError);
    assert.equal(other.isClosed(), false);
    await other.close();
    await pool.shutdown();
  });

  test("task's coroutine makes no task", () => assert.throws(() => new Task(), { message: /made by createTask/ }));
});

test("what are no options is refused by the ends, which then can still come", async () => {
  const loop = newVirtualLoop(), pool = new WorkerPool(), refused = { name: "TypeError", message: /no object with options/ };
  await assert.rejects(loop.close(2), refused);
  await assert.rejects(pool.shutdown(true), refused);
  assert.equal(loop.isClosed(), false);
  await loop.close();
  await pool.shutdown();
});

describe("gather", () => {
  inTask("gives the results in order, and takes as long as the longest", function* (loop) {
    assert.deepEqual(yield* gather([later(30, "a"), later(10, "b"), createTask(later(20, "c"))]), ["a", "b", "c"]);
    assert.equal(loop.time(), 30);
  });

  inTask("of nothing gives nothing", function* () {
    assert.deepEqual(yield* gather([]), []);
  });

  inTask("gives one result in two places for one future", function* () {
    const task = createTask(later(1, {}));
    const [one, two] = yield* gather([task, task]);
    assert.ok(one === two);
  });

  inTask("fails at once with the first error, and lets the others go on", function* (loop) {
    const error = new Error("first"), other = createTask(later(50, "goes on"));
    const both = gather([other, failing(10, error), failing(20, new Error("second"))]);
    assert.equal(yield* caught(both), error);
    assert.deepEqual([loop.time(), other.done(), yield* other], [10, false, "goes on"]);
  });

  inTask("with returnExceptions gives errors as results", function* () {
    const error = new Error("mine"), cancelled = getRunningLoop().createFuture();
    cancelled.cancel("by hand");
    const results = yield* gather([later(5, 1), failing(1, error), cancelled], { returnExceptions: true });
    assert.deepEqual([results[0], results[1] === error, results[2] instanceof CancelledError, results[2].message],
      [1, true, true, "by hand"]);
  });

  inTask("cancels all of them when it is cancelled", function* () {
    const tasks = [1, 2].map((i) => createTask(later(i))), all = gather(tasks);
    yield;
    assert.equal(all.cancel(), true);
    assert.ok((yield* caught(all)) instanceof CancelledError);
    assert.deepEqual(tasks.map((task) => task.cancelled()), [true, true]);
  });

  test("mixes promises, coroutines and futures", async () => {
    const loop = await newEventLoop(), future = loop.createFuture();
    loop.callSoon(() => future.setResult("future"));
    const thenable = { then: (call) => call("thenable") };
    assert.deepEqual(await gather([Promise.resolve("promise"), later(1, "coroutine"), future, thenable], { loop }),
      ["promise", "coroutine", "future", "thenable"]);
    const error = new Error("mine");
    await assert.rejects(gather([Promise.reject(error), later(1)], { loop }), (thrown) => thrown === error);
    await loop.close();
  });

  inTask("of what cannot be awaited is a TypeError", function* () {
    assert.throws(() => gather([later(1), 5]), { name: "TypeError", message: /5 cannot be awaited/ });
  });
});

describe("wait", () => {
  const three = () => [30, 10, 20].map((ms) => createTask(later(ms, ms)));

  inTask("waits for all", function* (loop) {
    const tasks = three(), [done, pending] = yield* wait(tasks);
    assert.deepEqual([done.size, pending.size, loop.time()], [3, 0, 30]);
    assert.ok(tasks.every((task) => done.has(task)));
  });

  inTask("waits for the first, and cancels none", function* (loop) {
    const tasks = three(), [done, pending] = yield* wait(tasks, { returnWhen: "FIRST_COMPLETED" });
    assert.deepEqual([[...done].map((task) => task.result()), pending.size, loop.time()], [[10], 2, 10]);
    assert.deepEqual(yield* gather(pending), [30, 20]);
  });

  inTask("waits for the first error", function* (loop) {
    const error = new Error("mine"), fails = createTask(failing(15, error));
    const [done, pending] = yield* wait([...three(), fails], { returnWhen: "FIRST_EXCEPTION" });
    assert.deepEqual([done.size, done.has(fails), fails.exception() === error, pending.size, loop.time()],
      [2, true, true, 2, 15]);
  });

  inTask("waits for so long at most, and that is no error", function* (loop) {
    const [done, pending] = yield* wait(three(), { timeout: 20.5 });
    assert.deepEqual([done.size, pending.size, loop.time()], [2, 1, 20.5]);
  });

  inTask("refuses what could not be found in its sets: coroutines and promises", function* () {
    const refused = { name: "TypeError", message: /is no future: make one by ensureFuture/ };
    for (const other of [later(1), Promise.resolve(), 5]) {
      assert.throws(() => wait([createTask(later(1)), other]).next(), refused);
    }
  });
});

describe("limits of time", () => {
  inTask("waitFor gives the result in time", function* () {
    assert.deepEqual([yield* waitFor(later(5, "in time"), 10), yield* waitFor(later(5, "no limit"), null)],
      ["in time", "no limit"]);
  });

  inTask("waitFor cancels what takes longer, waits for its cleanup, and fails with a TimeoutError", function* (loop) {
    const task = createTask(function* () {
      try {
        yield* sleep(100);
      } finally {
        yield* sleep(7);
      }
    });
    const error = yield* caught(waitFor(task, 10));
    assert.ok(error instanceof TimeoutError);
    assert.deepEqual([error.name, error.code, task.cancelled(), loop.time()],
      ["TimeoutError", "ANYLOOP_E_TIMED_OUT", true, 17]);
  });

  inTask("waitFor of a coroutine that begins never", function* (loop) {
    let began = false;
    const error = yield* caught(waitFor((function* () {
      began = true;
      yield* sleep(1);
    })(), 0));
    assert.ok(error instanceof TimeoutError);
    assert.deepEqual([began, loop.time()], [false, 0]);
  });

  inTask("timeout gives what its body gives, or fails with a TimeoutError", function* (loop) {
    assert.equal(yield* timeout(10, () => later(5, "in time")), "in time");
    const error = yield* caught(timeout(10, later(50)));
    assert.deepEqual([error.name, error.code, loop.time()], ["TimeoutError", "ANYLOOP_E_TIMED_OUT", 15]);
    assert.equal(currentTask().cancelling(), 0);
  });

  inTask("timeout inside another one: the shorter one tells", function* (loop) {
    const error = yield* caught(timeout(10, () => timeout(50, () => later(100))));
    assert.deepEqual([error.name, loop.time()], ["TimeoutError", 10]);
    let inner;
    assert.equal(yield* timeout(50, function* () {
      inner = yield* caught(timeout(5, later(100)));
      return "outer goes on";
    }), "outer goes on");
    assert.ok(inner instanceof TimeoutError);
  });

  inTask("a Timeout can be moved while its body runs", function* (loop) {
    const scope = new Timeout(10);
    assert.deepEqual([scope.when(), scope.expired()], [10, false]);
    assert.equal(yield* scope.run(function* (within) {
      assert.equal(within, scope);
      yield* sleep(5);
      scope.reschedule(100);
      yield* sleep(50);
      scope.reschedule(null);
      assert.equal(scope.when(), null);
      yield* sleep(500);
      return "without limit";
    }), "without limit");
    assert.deepEqual([scope.expired(), loop.time()], [false, 555]);
  });

  inTask("a Timeout that is moved to the past expires at once", function* (loop) {
    const scope = new Timeout(null);
    const error = yield* caught(scope.run(function* () {
      scope.reschedule(loop.time() - 1);
      yield* sleep(5);
    }));
    assert.deepEqual([error.name, scope.expired(), loop.time()], ["TimeoutError", true, 0]);
  });

  inTask("times that are none are refused", function* () {
    const task = createTask(later(1));
    for (const time of [NaN, "5", 5n, {}]) {
      const refused = { name: "TypeError", message: /is no time/ };
      assert.throws(() => sleep(time), refused);
      assert.throws(() => waitFor(task, time), refused);
      assert.throws(() => timeout(time, task), refused);
      assert.throws(() => asCompleted([task], { timeout: time }), refused);
      assert.throws(() => wait([task], { timeout: time }).next(), refused);
      assert.throws(() => new Timeout(time), refused);
      assert.throws(() => new Timeout(null).reschedule(time), refused);
    }
    assert.throws(() => sleep(), { name: "TypeError" });
    yield* task;
  });
});

describe("shield", () => {
  inTask("keeps a cancellation from what is awaited", function* () {
    const task = createTask(later(10, "kept")), shielded = shield(task);
    yield;
    shielded.cancel();
    assert.ok((yield* caught(shielded)) instanceof CancelledError);
    assert.deepEqual([task.cancelled(), yield* task], [false, "kept"]);
  });

  inTask("gives the result or the error else", function* () {
    const error = new Error("mine");
    assert.equal(yield* shield(later(1, "result")), "result");
    assert.equal(yield* caught(shield(failing(1, error))), error);
  });
});

describe("asCompleted", () => {
  inTask("gives futures in the order in which they are done", function* (loop) {
    const results = [];
    for (const next of asCompleted([later(30, "c"), later(10, "a"), later(20, "b")])) results.push(yield* next, loop.time());
    assert.deepEqual(results, ["a", 10, "b", 20, "c", 30]);
  });

  inTask("gives the futures themselves, too", function* () {
    const tasks = [20, 10].map((ms) => createTask(later(ms))), completions = asCompleted(tasks), order = [];
    for (let next; (next = yield* completions.nextFuture());) order.push(tasks.indexOf(next));
    assert.deepEqual(order, [1, 0]);
  });

  inTask("throws an error where it comes, and goes on", function* () {
    const error = new Error("mine"), outcomes = [];
    for (const next of asCompleted([later(20, "b"), failing(10, error)])) {
      try {
        outcomes.push(yield* next);
      } catch (each) {
        outcomes.push(each);
      }
    }
    assert.deepEqual(outcomes, [error, "b"]);
  });

  inTask("fails with a TimeoutError when the time is over", function* (loop) {
    const completions = asCompleted([later(5, "a"), later(50, "b")], { timeout: 10 });
    assert.equal(yield* completions.next(), "a");
    assert.ok((yield* caught(completions.next())) instanceof TimeoutError);
    assert.equal(loop.time(), 10);
  });

  test("is iterated by for await", async () => {
    const loop = await newEventLoop(), results = [];
    for await (const result of asCompleted([later(3, "b"), Promise.resolve("a")], { loop })) results.push(result);
    assert.deepEqual(results, ["a", "b"]);
    await loop.close();
  });
});

describe("operations", () => {
  inTask("are awaited as they are completed, and are tasks by ensureFuture", function* (loop) {
    const order = [];
    for (const next of asCompleted([waitFor(sleep(20), 50), sleep(10)])) order.push(yield* next, loop.time());
    assert.deepEqual(order, [undefined, 10, undefined, 20]);
    assert.throws(() => wait([sleep(1)]).next(), { name: "TypeError", message: /is no future: make one by ensureFuture$/ });
    const tasks = [30, 40].map((ms) => ensureFuture(sleep(ms))),
      [done, pending] = yield* wait(tasks, { returnWhen: "FIRST_COMPLETED" });
    assert.deepEqual([[...done], [...pending]], [[tasks[0]], [tasks[1]]]);
    assert.equal(tasks[0].result(), undefined);
  });
});

test("what is made of coroutines here can be awaited by an async function, and is awaited once", () => run(async () => {
  const lock = new Lock(), condition = new Condition(lock);
  let ready = false;
  assert.equal(await lock.with(async () => { await sleep(1); return lock.locked(); }), true);
  assert.equal(lock.locked(), false);
  createTask(lock.with(function* () {
    ready = "ready";
    condition.notifyAll();
  }));
  assert.equal(await lock.with(() => condition.waitFor(() => ready)), "ready");
  const task = createTask(sleep(1)), [done, pending] = await wait([task]);
  assert.deepEqual([[...done], pending.size], [[task], 0]);
  const completions = asCompleted([sleep(1), Promise.resolve(2)]);
  assert.deepEqual([await completions.nextFuture(), await completions.nextFuture(), await completions.nextFuture()],
    [2, undefined, undefined]);
  const [one, other] = [lock.with(function* () { return 1; }), lock.with(function* () { return 2; })];
  assert.deepEqual(await gather([one, createTask(function* () { return yield* other; })]), [1, 2]);
  for (const used of [one, other]) await assert.rejects(Promise.resolve(used), { code: "ANYLOOP_E_STATE" });
}));

describe("a TaskGroup", () => {
  inTask("waits for its tasks, and gives what its body gives", function* (loop) {
    const group = new TaskGroup();
    let task;
    assert.equal(yield* group.run(function* (within) {
      assert.equal(within, group);
      task = group.createTask(later(20, "task"), { name: "named" });
      group.createTask(later(10));
      return "body";
    }), "body");
    assert.deepEqual([task instanceof Task, task.name, task.result(), loop.time()], [true, "named", "task", 20]);
  });

  inTask("cancels the others when a task fails, and fails with all errors", function* (loop) {
    const group = new TaskGroup(), one = new Error("one"), two = new Error("two");
    let other;
    const error = yield* caught(group.run(function* () {
      group.createTask(failing(10, one));
      other = group.createTask(function* () {
        try {
          yield* sleep(100);
        } catch {
          throw two;
        }
      });
      yield* sleep(1000);
    }));
    assert.ok(error instanceof ExceptionGroup);
    assert.deepEqual([error.name, error.code, loop.time()], ["ExceptionGroup", "ANYLOOP_E_GROUP", 10]);
    assert.ok(error.errors.length === 2 && error.errors[0] === one && error.errors[1] === two);
    assert.deepEqual([other.exception() === two, currentTask().cancelling()], [true, 0]);
  });

  inTask("cancels its tasks when the body fails", function* () {
    const group = new TaskGroup(), mine = new Error("the body's");
    let task;
    const error = yield* caught(group.run(function* () {
      task = group.createTask(later(100));
      yield;
      throw mine;
    }));
    assert.deepEqual([error.errors[0] === mine, error.errors.length, task.cancelled()], [true, 1, true]);
  });

  inTask("that is cancelled cancels its tasks", function* () {
    const group = new TaskGroup();
    let task;
    const outer = createTask(function* () {
      yield* group.run(function* () { task = group.createTask(later(100)); });
    });
    yield* sleep(5);
    outer.cancel();
    assert.ok((yield* caught(outer)) instanceof CancelledError);
    assert.equal(task.cancelled(), true);
  });

  inTask("that is over takes no task", function* () {
    const group = new TaskGroup();
    assert.throws(() => group.createTask(later(1)), { code: "ANYLOOP_E_STATE" });
    yield* group.run(function* () {});
    assert.throws(() => group.createTask(later(1)), { code: /ANYLOOP_E_(STATE|SHUTDOWN)/ });
  });
});

test("a body may await nothing", () => run(function* () {
  let task;
  assert.equal(yield* new TaskGroup().run((group) => { task = group.createTask(later(1)); }), undefined);
  assert.equal(task.done(), true);
  assert.equal(yield* new Lock().with(() => {}), undefined);
  assert.match((yield* caught(timeout(5, () => 3))).message, /^3 cannot be awaited/);
}));

test("an async body begins in the group or limit that it is for", () => run(async () => {
  const made = [], loop = getRunningLoop();
  assert.equal(await new TaskGroup().run(async (group) => {
    made.push(group.createTask(sleep(1)));
    await sleep(1);
    made.push(group.createTask(sleep(1)));
    return "group";
  }), "group");
  assert.deepEqual(made.map((task) => task.done()), [true, true]);
  let began = false;
  await assert.rejects(timeout(10, async () => {
    began = true;
    await sleep(1e6);
  }), TimeoutError);
  assert.ok(began);
  assert.equal(await new Timeout(loop.time() + 1e6).run(async (limit) => {
    limit.reschedule(null);
    return limit.when();
  }), null);
  for (const run of [(body) => timeout(10, body), (body) => new TaskGroup().run(body)]) {
    const error = new Error("at once"), throwing = () => { throw error; };
    await assert.rejects(Promise.resolve(run(throwing)), (thrown) => [thrown, thrown.errors?.[0]].includes(error));
  }
}));

describe("contexts", () => {
  inTask("a task has the values of its maker, and its changes are its own", function* () {
    const variable = new ContextVar("variable", { default: "default" }), object = {};
    assert.equal(variable.get(), "default");
    variable.set(object);
    const seen = yield* createTask(function* () {
      const inherited = variable.get();
      variable.set("the task's");
      yield;
      return [inherited, variable.get()];
    });
    assert.deepEqual([seen[0] === object, seen[1], variable.get() === object], [true, "the task's", true]);
    assert.equal(new ContextVar("without default").get(), undefined);
  });

  inTask("a context is as it was when it was copied, and a task can run in it", function* () {
    const variable = new ContextVar("variable");
    variable.set(1);
    const context = copyContext();
    variable.set(2);
    assert.deepEqual([context.get(variable), variable.get()], [1, 2]);
    assert.equal(yield* createTask(function* () { return variable.get(); }, { context }), 1);
  });

  inTask("a callback has the values of where it was scheduled", function* (loop) {
    const variable = new ContextVar("variable"), future = loop.createFuture();
    variable.set("before");
    loop.callSoon(() => future.setResult(variable.get()));
    variable.set("after");
    assert.equal(yield* future, "before");
  });
});

test("an async function has its task's context until its first await, not its maker's", () => run(function* () {
  const variable = new ContextVar("variable", { default: "none" }), seen = [];
  variable.set("maker's");
  const set = (value) => async () => {
    seen.push(variable.get());
    variable.set(value);
    seen.push(variable.get());
    await sleep(1);
  };
  yield* gather([createTask(set("A")), createTask(set("B"))]);
  assert.deepEqual([seen, variable.get()], [["maker's", "A", "maker's", "B"], "maker's"]);
}));

describe("ensureFuture, createTask, sleep", () => {
  inTask("ensureFuture gives a future back as it is, and makes a task of a coroutine", function* (loop) {
    const future = loop.createFuture(), task = ensureFuture(later(1, "made"));
    assert.deepEqual([ensureFuture(future) === future, task instanceof Task, yield* task], [true, true, "made"]);
    assert.throws(() => ensureFuture(5), { name: "TypeError" });
  });

  inTask("take the loop that runs", function* (loop) {
    const task = createTask(later(1), { name: "named" });
    assert.deepEqual([getRunningLoop() === loop, task.loop === loop, task.name, allTasks().includes(task)],
      [true, true, "named", true]);
    yield* task;
  });

  test("sleep sleeps so long, and one of 0 gives way", () => {
    const loop = newVirtualLoop(), steps = [];
    const walk = function* (name, ms) {
      for (const i of [1, 2]) {
        steps.push([name + i, loop.time()]);
        yield* sleep(ms);
      }
    };
    loop.createTask(walk("a", 0));
    loop.createTask(walk("b", 0.5));
    spin(loop);
    assert.deepEqual(steps, [["a1", 0], ["b1", 0], ["a2", 0], ["b2", 0.5]]);
    assert.equal(loop.time(), 1);
    assert.equal(thrown(() => complete(loop, sleep(Infinity, { loop }))).code, "ERR_ASSERTION");
  });
});

describe("a program", () => {
  test("gives what its first task gives, or throws it", async () => {
    assert.equal(await run(function* () { return yield* later(1, "generator"); }), "generator");
    assert.equal(await run(async () => "async"), "async");
    assert.equal(await run(later(1, "coroutine"), { name: "main" }), "coroutine");
    const error = new Error("mine");
    await assert.rejects(run(failing(1, error)), (thrown) => thrown === error);
    await assert.rejects(run(5), { name: "TypeError" });
  });

  test("cancels what is left at its end, waits for that, and closes its loop", async () => {
    const heard = [];
    let loop;
    await run(function* () {
      loop = getRunningLoop();
      createTask(function* () {
        try {
          yield* sleep(1e6);
        } catch (error) {
          yield* sleep(1);
          heard.push(error.name);
          throw error;
        }
      });
      yield* sleep(1);
    });
    assert.deepEqual([heard, loop.isClosed()], [["AbortError"], true]);
    assert.throws(() => getRunningLoop(), { code: "ANYLOOP_E_STATE" });
  });

  test("closes its loop also when the cleanup is stopped, and tells its first error", async () => {
    const stopped = (failed) => run(function* () {
      const loop = getRunningLoop();
      loops.push(loop);
      createTask(function* () {
        try {
          yield* sleep(1e6);
        } finally {
          loop.stop();
          yield* sleep(1e6);
        }
      });
      yield;
      if (failed) throw failed;
    }), loops = [], error = new Error("mine");
    await assert.rejects(stopped(), { code: "ANYLOOP_E_STOPPED" });
    await assert.rejects(stopped(error), (thrown) => thrown === error);
    assert.deepEqual(loops.map((loop) => loop.isClosed()), [true, true]);
    assert.throws(() => getRunningLoop(), { code: "ANYLOOP_E_STATE" });
  });

  test("with a virtual clock takes no time", async () => {
    const start = performance.now();
    assert.equal(await run(function* () {
      yield* sleep(1e6);
      return getRunningLoop().time();
    }, { virtualClock: true }), 1e6);
    assert.ok(performance.now() - start < 1e5);
  });

  test("tells of what fails while it is shut down", async (t) => {
    const told = t.mock.method(console, "error", () => {});
    assert.equal(await run(function* () {
      createTask(function* cleanup() {
        try {
          yield* sleep(60_000);
        } finally {
          throw new Error("in the cleanup");
        }
      });
      yield* sleep(1);
      return "done";
    }), "done");
    assert.deepEqual(told.mock.calls.map(({ arguments: [message, error] }) => [message, error.message]),
      [["anyloop: unhandled exception during the shutdown of run (task cleanup):", "in the cleanup"]]);
  });

  test("tells also of an error that counts as false", async (t) => {
    const told = t.mock.method(console, "error", () => {});
    await run(function* () {
      for (const error of [0, null, ""]) {
        createTask(function* () {
          try {
            yield* sleep(60_000);
          } finally {
            throw error;
          }
        });
      }
      yield* sleep(1);
    });
    assert.deepEqual(told.mock.calls.map(({ arguments: [, error] }) => error), [0, null, ""]);
  });

  test("beside another one leaves that its loop", async () => {
    const before = await getEventLoop(), first = new Runner(), loop = await first.getLoop();
    await run(function* () {});
    assert.equal(getRunningLoop(), loop);
    await first.close();
    assert.equal(getRunningLoop(), before);
    setEventLoop(undefined);
    await before.close();
  });

  test("whose Runner is closed twice, or whose loop is closed by hand, leaves the others theirs", async () => {
    const before = await getEventLoop(), first = new Runner(), loop = await first.getLoop(), runner = new Runner();
    await runner.getLoop();
    await Promise.all([runner.close(), runner.close()]);
    assert.equal(getRunningLoop(), loop);
    await assert.rejects(run(async () => {
      const own = getRunningLoop();
      await macrotask(); // in a step it is refused
      await own.close();
    }), { code: "ANYLOOP_E_CLOSED" });
    assert.equal(getRunningLoop(), loop);
    await loop.close();
    await first.close();
    assert.equal(getRunningLoop(), before);
    await before.close();
    setEventLoop(undefined);
  });

  test("beside another is asked which loop it means, unless it says so or is a coroutine", async () => {
    const before = await getEventLoop(), later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    const inAsync = async () => {
      const loop = getRunningLoop();
      await later(1);
      assert.throws(() => getRunningLoop(), { code: "ANYLOOP_E_STATE", message: /say by \{ loop \} which/ });
      await assert.rejects(getEventLoop(), { code: "ANYLOOP_E_STATE" });
      assert.throws(() => createTask(sleep(1)), { code: "ANYLOOP_E_STATE" });
      await sleep(1, { loop });
      return loop;
    };
    const inCoroutine = function* () {
      const loop = getRunningLoop();
      yield later(5);
      assert.equal(getRunningLoop(), loop);
      yield* sleep(1);
      return loop;
    };
    const longer = async () => {
      const loop = await inAsync();
      await later(60);
      assert.equal(getRunningLoop(), loop);
      await sleep(1);
      return loop;
    };
    const loops = await Promise.all([run(longer), run(inCoroutine), run(inAsync)]);
    assert.equal(new Set(loops).size, 3);
    assert.equal(getRunningLoop(), before);
    await before.close();
    setEventLoop(undefined);
  });

  test("beside what a loop runs by itself is asked in the same way", async () => {
    const loop = await getEventLoop(), own = await newEventLoop();
    const inAsync = async (of) => {
      await sleep(1, { loop: of });
      assert.throws(() => sleep(1), { code: "ANYLOOP_E_STATE" });
      await sleep(20, { loop: of });
    };
    await Promise.all([loop, own].map((of) => of.runUntilComplete(of.createTask(() => inAsync(of)))));
    await Promise.all([run(async () => inAsync(getRunningLoop())), loop.runUntilComplete(sleep(10, { loop }))]);
    assert.equal(getRunningLoop(), loop);
    await own.runUntilComplete(own.createTask(async () => {
      await macrotask();
      assert.equal(getRunningLoop(), own);
    }));
    await Promise.all([loop.close(), own.close()]);
    setEventLoop(undefined);
  });

  test("inside an async one is a run beside it until it ends", async () => {
    await run(async () => {
      const loop = getRunningLoop();
      await run(async () => {
        await sleep(1);
        assert.throws(() => sleep(1), { code: "ANYLOOP_E_STATE" });
      });
      assert.equal(getRunningLoop(), loop);
    });
  });

  test("whose Runner is closed twice at once takes nobody else's loop away", async () => {
    const outer = new Runner(), loop = await outer.getLoop(), inner = new Runner();
    await inner.close();
    await inner.run(function* () {});
    await Promise.all([inner.close(), inner.close()]);
    await inner.close();
    assert.equal(getRunningLoop(), loop);
    await outer.close();
  });

  test("of one Runner beside another is on the same loop", async () => {
    const runner = new Runner();
    const [one, other] = await Promise.all([runner.run(function* () { return getRunningLoop(); }), runner.getLoop()]);
    assert.equal(one, other);
    await runner.close();
  });

  test("after another has the loop and the contexts of the same Runner", async () => {
    const runner = new Runner(), loop = await runner.getLoop();
    assert.equal(await getEventLoop(), loop);
    for (const i of [1, 2]) {
      assert.equal(await runner.run(function* () { return [getRunningLoop() === loop, i].join(); }), `true,${i}`);
    }
    await runner[Symbol.asyncDispose]();
    await runner.close();
    assert.equal(loop.isClosed(), true);
    setEventLoop(undefined);
  });
});
