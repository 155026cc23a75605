// loop.test.mjs -- the loop: what it calls and when, runs and their ends, its close, and what it tells of itself.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, mock, test } from "node:test";
import { fileURLToPath } from "node:url";
import * as anyloop from "anyloop";
import { complete, macrotask, newVirtualLoop, spin, thrown } from "./virtual.mjs";

const { figures, formatTree, Future, gather, getEventLoop, getRunningLoop, Loop, loopFigures, newEventLoop, Queue,
  setEventLoop, sleep, stallReport } = anyloop;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Gives `use` a hosted loop, and closes that. */
async function withLoop(use) {
  const loop = await newEventLoop();
  try {
    return await use(loop);
  } finally {
    await loop.close();
  }
}

describe("callbacks", () => {
  test("are called in the order in which they were scheduled, and none inside callSoon", () => {
    const loop = newVirtualLoop(), calls = [];
    for (const i of [1, 2, 3]) loop.callSoon(() => calls.push(i));
    assert.deepEqual(calls, []);
    loop.turn();
    assert.deepEqual(calls, [1, 2, 3]);
  });

  test("that a callback schedules are for the next turn", () => {
    const loop = newVirtualLoop(), calls = [];
    loop.callSoon(() => {
      calls.push("first");
      loop.callSoon(() => calls.push("second"));
    });
    assert.equal(loop.turn().deadline, 0);
    assert.deepEqual(calls, ["first"]);
    assert.equal(loop.turn().deadline, Infinity);
    assert.deepEqual(calls, ["first", "second"]);
  });

  test("of timers are called by time, and of one time by order", () => {
    const loop = newVirtualLoop({ start: 500 }), calls = [], at = (name) => () => calls.push([name, loop.time()]);
    loop.callLater(30, at("30"));
    loop.callAt(510, at("at 510"));
    loop.callLater(10, at("10"));
    loop.callLater(0.25, at("0.25"));
    loop.callLater(-1, at("past"));
    loop.callSoon(at("soon"));
    spin(loop);
    assert.deepEqual(calls, [["soon", 500], ["past", 500], ["0.25", 500.25], ["at 510", 510], ["10", 510], ["30", 530]]);
  });

  test("that are cancelled are not called", () => {
    const loop = newVirtualLoop(), calls = [];
    const soon = loop.callSoon(() => calls.push("soon")), later = loop.callLater(5, () => calls.push("later"));
    assert.deepEqual([soon.cancelled(), later.cancelled(), later.when(), soon.when()], [false, false, 5, null]);
    soon.cancel();
    later.cancel();
    later.cancel();
    assert.deepEqual([soon.cancelled(), later.cancelled()], [true, true]);
    spin(loop);
    assert.deepEqual([calls, loop.time()], [[], 0]);
  });

  test("know that the loop runs, and which", () => {
    const loop = newVirtualLoop(), other = newVirtualLoop();
    let seen;
    loop.callSoon(() => {
      seen = [loop.isRunning(), other.isRunning(), getRunningLoop() === loop];
    });
    loop.turn();
    assert.deepEqual([seen, loop.isRunning()], [[true, false, true], false]);
  });

  test("at times that are none are refused", () => {
    const loop = newVirtualLoop();
    for (const time of [NaN, "5", undefined, null, 5n, {}]) {
      assert.throws(() => loop.callLater(time, () => {}), { name: "TypeError", message: /is no time: ms are a number/ });
      assert.throws(() => loop.callAt(time, () => {}), { name: "TypeError", message: /is no time: ms are a number/ });
    }
  });

  test("of a hosted loop are called without a run, and never early", () => withLoop(async (loop) => {
    const start = loop.time();
    const late = await new Promise((resolve) => loop.callLater(3, () => resolve(loop.time() - start)));
    assert.ok(late >= 3, `after ${late} ms`);
  }));
});

test("what is no function is refused as a callback at once", () => {
  const loop = newVirtualLoop(), { lent } = figures();
  for (const schedule of [() => loop.callSoon(), () => loop.callLater(1, null), () => loop.callAt(1, {}),
    () => loop.createFuture().addDoneCallback(5)]) {
    assert.throws(schedule, { name: "TypeError", message: /is no function$/ });
  }
  assert.equal(figures().lent, lent);
});

describe("a turn", () => {
  test("says when to turn again", () => {
    const loop = newVirtualLoop(), nothing = { deadline: Infinity, stopped: false, deadlock: true, interrupted: false };
    assert.deepEqual(loop.turn(), nothing);
    const timer = loop.callLater(7, () => {});
    assert.deepEqual(loop.turn(), { deadline: 7, stopped: false, deadlock: false, interrupted: false });
    timer.cancel();
    assert.deepEqual(loop.turn(), nothing);
    loop.callSoon(() => loop.stop());
    assert.equal(loop.turn().stopped, true);
    assert.equal(loop.turn().stopped, false);
  });

  test("with a budget is interrupted, and goes on where it was", () => {
    const loop = newVirtualLoop(), calls = [], all = Array.from({ length: 2000 }, (_, i) => i);
    for (const i of all) loop.callSoon(() => calls.push(i));
    assert.equal(loop.turn(0).interrupted, true);
    assert.ok(calls.length > 0 && calls.length < 2000, `${calls.length} calls`);
    while (loop.turn(0).interrupted);
    assert.deepEqual(calls, all);
  });

  test("with a budget ends soon after it when steps are long", () => {
    const loop = newVirtualLoop();
    let calls = 0;
    const slow = () => {
      for (const end = performance.now() + 2; performance.now() < end;);
      calls++;
    };
    for (let i = 0; i < 20; i++) loop.callSoon(slow);
    assert.equal(loop.turn(3).interrupted, true);
    assert.ok(calls >= 1 && calls <= 4, `${calls} calls of 2 ms`);
    spin(loop);
    assert.equal(calls, 20);
  });

  test("of a hosted loop ends after 8 ms, and timers of Node have theirs", () => withLoop(async (loop) => {
    let calls = 0, seen;
    loop.callSoon(() => setTimeout(() => { seen = calls; }, 1));
    for (let i = 0; i < 1000; i++) {
      loop.callSoon(() => {
        for (const end = performance.now() + 0.1; performance.now() < end;);
        calls++;
      });
    }
    while (calls < 1000) await pause(1);
    assert.ok(seen > 0 && seen < 500, `after ${seen} of 1000 calls of 0.1 ms`);
  }));

  test("lets what awaits a future as a promise go on before the next one", () => withLoop(async (loop) => {
    const order = [], future = loop.createFuture();
    const promised = future.then(() => order.push("promise"));
    loop.callSoon(() => {
      future.setResult(1);
      loop.callSoon(() => loop.callSoon(() => order.push("third turn")));
    });
    await promised;
    await loop.runUntilComplete(sleep(0, { loop }));
    await loop.runUntilComplete(sleep(0, { loop }));
    assert.deepEqual(order, ["promise", "third turn"]);
  }));
});

describe("a run", () => {
  test("gives what is awaited, a coroutine, a promise or a future, or throws it", () => withLoop(async (loop) => {
    const error = new Error("mine"), future = loop.createFuture();
    assert.equal(await loop.runUntilComplete((function* () { return yield* sleep(1), "coroutine"; })()), "coroutine");
    assert.equal(await loop.runUntilComplete(Promise.resolve("promise")), "promise");
    loop.callLater(1, () => future.setResult("future"));
    assert.equal(await loop.runUntilComplete(future), "future");
    assert.equal(await loop.runUntilComplete(future), "future");
    await assert.rejects(loop.runUntilComplete((function* () { throw error; })()), (thrown) => thrown === error);
    await assert.rejects(loop.runUntilComplete(5), { name: "TypeError", message: /5 cannot be awaited/ });
  }));

  test("ends by stop, and another one goes on", () => withLoop(async (loop) => {
    const calls = [];
    loop.callSoon(() => {
      calls.push("a");
      loop.callSoon(() => calls.push("b"));
      loop.stop();
      loop.callSoon(() => calls.push("c"));
    });
    await loop.runForever();
    assert.deepEqual(calls, ["a"]);
    await pause(2);
    assert.deepEqual(calls, ["a"]); // a stopped loop stands still
    loop.callLater(1, () => loop.stop());
    await loop.runForever();
    assert.deepEqual(calls, ["a", "b", "c"]);
  }));

  test("that is stopped before its future is done says so", () => withLoop(async (loop) => {
    loop.callSoon(() => loop.stop());
    await assert.rejects(loop.runUntilComplete(loop.createFuture()), { code: "ANYLOOP_E_STOPPED" });
  }));

  test("can go on beside others, and stop ends them all", () => withLoop(async (loop) => {
    const three = (function* () { return yield* sleep(3), "three"; })(),
      one = (function* () { return yield* sleep(1), "one"; })();
    const runs = [loop.runUntilComplete(three), loop.runUntilComplete(one)];
    assert.equal(await Promise.race(runs), "one");
    assert.deepEqual(await Promise.all(runs), ["three", "one"]);
    const forever = [loop.runForever(), loop.runForever()];
    loop.stop();
    assert.deepEqual(await Promise.all(forever), [undefined, undefined]);
  }));

  test("inside a turn of the same loop is refused, of another one not", () => withLoop(async (loop) => {
    const other = newVirtualLoop();
    await loop.runUntilComplete((function* () {
      yield assert.rejects(() => loop.runForever(), { code: "ANYLOOP_E_RUNNING" });
      yield assert.rejects(() => loop.runUntilComplete(loop.createFuture()), { code: "ANYLOOP_E_RUNNING" });
      yield assert.rejects(loop.runUntilComplete((function* () { assert.fail("it begins"); })()),
        { code: "ANYLOOP_E_RUNNING" });
      assert.equal(loop.allTasks().length, 1);
      assert.throws(() => loop.turn(), { code: "ANYLOOP_E_RUNNING" });
      assert.equal(complete(other, (function* () { return yield* sleep(5), getRunningLoop() === other; })()), true);
      assert.equal(getRunningLoop(), loop);
    })());
  }));
});

describe("the close", () => {
  test("runs `finally` of what is not done, and refuses awaits", async () => {
    const loop = newVirtualLoop(), heard = [];
    const task = loop.createTask(function* () {
      try {
        yield* sleep(1000);
        heard.push("not this");
      } finally {
        heard.push("finally");
        try {
          yield* sleep(1);
          heard.push("nor this");
        } catch (error) {
          heard.push(error.code);
        }
      }
    });
    loop.turn();
    await loop.close();
    assert.deepEqual(heard, ["finally", "ANYLOOP_E_CLOSED"]);
    assert.deepEqual([task.done(), loop.isClosed(), loop.allTasks()], [false, true, []]);
  });

  test("starts no coroutine that had not begun", async () => {
    const loop = newVirtualLoop();
    let began = false;
    loop.createTask((function* () { began = true; })());
    loop.callSoon(() => { began = true; });
    await loop.close();
    assert.equal(began, false);
  });

  test("rejects promises of futures that it leaves pending, and those made later", async () => {
    const loop = newVirtualLoop(), future = loop.createFuture(), before = future.then();
    const done = loop.createFuture();
    done.setResult("done");
    await loop.close();
    await assert.rejects(before, { code: "ANYLOOP_E_CLOSED" });
    await assert.rejects(future.then(), { code: "ANYLOOP_E_CLOSED" });
    await assert.rejects(async () => await future, { code: "ANYLOOP_E_CLOSED" });
    assert.equal(await done, "done");
  });

  test("fails the runs, and may come twice", async () => {
    const loop = await newEventLoop(), runs = [loop.runForever(), loop.runUntilComplete(loop.createFuture())];
    await Promise.all([loop.close(), ...runs.map((run) => assert.rejects(run, { code: "ANYLOOP_E_CLOSED" }))]);
    await loop.close();
    await loop[Symbol.asyncDispose]();
    assert.equal(loop.isClosed(), true);
  });

  test("inside a turn of the loop is refused", async () => {
    const loop = newVirtualLoop();
    let refused;
    loop.callSoon(() => { refused = loop.close(); });
    loop.turn();
    await assert.rejects(refused, { code: "ANYLOOP_E_RUNNING" });
    assert.equal(loop.isClosed(), false);
    await loop.close();
  });

  const closed = newVirtualLoop({ start: 5 });
  closed.close();
  const nothing = () => {}, awaitable = () => new Promise(nothing), on = { loop: closed };
  for (const [name, call] of Object.entries({
    "loop.turn": () => closed.turn(),
    "loop.wait": () => closed.wait(10),
    "loop.callSoon": () => closed.callSoon(nothing),
    "loop.callLater": () => closed.callLater(1, nothing),
    "loop.callAt": () => closed.callAt(1, nothing),
    "loop.createTask": () => closed.createTask((function* () {})()),
    "loop.ensureFuture": () => closed.ensureFuture(awaitable()),
    "loop.setSlowCallbackHandler": () => closed.setSlowCallbackHandler(1, nothing),
    sleep: () => sleep(1, on),
    gather: () => gather([], on),
    waitFor: () => anyloop.waitFor(awaitable(), 1, on),
    shield: () => anyloop.shield(awaitable(), on),
    asCompleted: () => anyloop.asCompleted([], on),
    timeout: () => anyloop.timeout(1, awaitable(), on),
    abortable: () => anyloop.abortable(awaitable, on),
    Timeout: () => new anyloop.Timeout(null, on),
    TaskGroup: () => new anyloop.TaskGroup(on),
    Lock: () => new anyloop.Lock(on),
    Event: () => new anyloop.Event(on),
    Condition: () => new anyloop.Condition(undefined, on),
    Semaphore: () => new anyloop.Semaphore(1, on),
    Barrier: () => new anyloop.Barrier(2, on),
    Queue: () => new anyloop.Queue(on),
    formatTree: () => formatTree({ loop: closed }),
  })) {
    test(`leaves ${name} refused`, () => assert.throws(call, { code: "ANYLOOP_E_CLOSED" }));
  }

  test("leaves runs refused", async () => {
    await assert.rejects(() => closed.runForever(), { code: "ANYLOOP_E_CLOSED" });
    await assert.rejects(async () => await closed.runUntilComplete((function* () {})()), { code: "ANYLOOP_E_CLOSED" });
  });

  test("leaves futures, which nothing of the loop is needed for", async () => {
    const future = closed.createFuture();
    future.setResult("late");
    assert.deepEqual([future.result(), await new Future(on).catch(({ code }) => code)], ["late", "ANYLOOP_E_CLOSED"]);
  });

  test("leaves what only looks", () => {
    const seen = [closed.time(), closed.isRunning(), closed.allTasks(), closed.currentTask(), closed.stop()];
    assert.deepEqual([...seen, stallReport({ loop: closed })], [5, false, [], undefined, undefined, ""]);
    assert.equal(loopFigures({ loop: closed }).tasks, 0);
  });

  test("of the core leave no value behind when they are refused", () => {
    const loop = newVirtualLoop(), done = loop.createFuture(),
      full = new Queue({ loop, maxsize: 1 }), gone = new Queue({ loop });
    done.setResult(1);
    full.putNowait(1);
    gone.close();
    const refuse = () => {
      for (const call of [() => done.setResult({}), () => done.setException(new Error()), () => full.putNowait({}),
        () => gone.putNowait({}), () => gone.put({}), () => full.putNowait({}, 1.5),
        () => gather([(function* () {})(), 5], { loop }), () => anyloop.waitFor((function* () {})(), NaN, { loop })]) {
        try {
          call();
        } catch {}
      }
    };
    refuse();
    const before = figures();
    refuse();
    assert.deepEqual(figures(), before);
    loop.close();
  });

  test("leaves nothing behind of what was refused", () => {
    const refuse = () => ["createTask", "ensureFuture"].forEach((name) => {
      assert.throws(() => closed[name]((function* () {})()), { code: "ANYLOOP_E_CLOSED" });
      assert.throws(() => closed.callSoon(nothing), { code: "ANYLOOP_E_CLOSED" });
    });
    refuse();
    const before = figures();
    for (let i = 0; i < 100; i++) refuse();
    assert.deepEqual(figures(), before);
  });
});

test("a task whose name is refused leaves nothing behind, and its coroutine is as before", () => {
  const loop = newVirtualLoop(), coroutine = (function* () { return 5; })(), before = figures();
  for (const name of [null, 5, Symbol("name")]) {
    assert.throws(() => loop.createTask(coroutine, { name }), { name: "TypeError", message: / is no text$/ });
  }
  assert.deepEqual(figures(), before);
  assert.equal(complete(loop, coroutine), 5);
  loop.close();
});

describe("the loop of this thread", () => {
  test("is none at first, and that is said", () => {
    setEventLoop(undefined);
    assert.throws(() => getRunningLoop(),
      { code: "ANYLOOP_E_STATE", message: /await getEventLoop\(\) first, or use run\(\)/ });
    assert.throws(() => sleep(1), { code: "ANYLOOP_E_STATE" });
  });

  test("is the same one every time, until another is set", async () => {
    const loop = await getEventLoop(), other = await newEventLoop();
    assert.ok(loop instanceof Loop);
    assert.deepEqual([await getEventLoop() === loop, getRunningLoop() === loop, other !== loop], [true, true, true]);
    for (const no of [{}, 0, null]) assert.throws(() => setEventLoop(no), { name: "TypeError", message: /is no Loop/ });
    setEventLoop(other);
    assert.deepEqual([await getEventLoop() === other, getRunningLoop() === other], [true, true]);
    setEventLoop(undefined);
    const third = await getEventLoop();
    assert.ok(third !== loop && third !== other);
    await Promise.all([loop.close(), other.close(), third.close()]);
    setEventLoop(undefined);
  });

  test("is the one that runs, inside", async () => {
    const loop = await getEventLoop(), other = newVirtualLoop();
    assert.equal(complete(other, (function* () { return getRunningLoop(); })()), other);
    assert.equal(getRunningLoop(), loop);
    await loop.close();
    setEventLoop(undefined);
  });
});

describe("an error that a callback throws", () => {
  const failing = (loop, error) => {
    let wentOn = false;
    loop.callSoon(() => { throw error; });
    loop.callSoon(() => { wentOn = true; });
    loop.turn();
    assert.equal(wentOn, true);
  };

  test("is told to console.error, and the loop goes on", () => {
    const said = mock.method(console, "error", () => {}), error = new Error("mine");
    failing(newVirtualLoop(), error);
    said.mock.restore();
    assert.deepEqual(said.mock.calls.map(({ arguments: words }) => words), [["anyloop: a callback failed:", error]]);
  });

  test("is told to the loop's own handler instead", () => {
    const said = mock.method(console, "error", () => {}), loop = newVirtualLoop(), told = [], error = new Error("mine");
    loop.setExceptionHandler((of, context) => told.push([of === loop, context.message, context.exception === error]));
    failing(loop, error);
    said.mock.restore();
    assert.deepEqual([told, said.mock.callCount()], [[[true, "a callback failed", true]], 0]);
  });

  test("of the handler itself is told to console.error", () => {
    const said = mock.method(console, "error", () => {}), loop = newVirtualLoop(), error = new Error("the handler's");
    loop.setExceptionHandler(() => { throw error; });
    failing(loop, new Error("mine"));
    said.mock.restore();
    assert.deepEqual(said.mock.calls.map(({ arguments: words }) => words),
      [["anyloop: the exception handler failed:", error]]);
  });

  test("which throws when it is shown costs nothing else", async () => {
    const said = mock.method(console, "error", (...words) => { if (words.length > 1) throw words[1]; }),
      loop = newVirtualLoop();
    failing(loop, new Error("mine"));
    await null;
    said.mock.restore();
    assert.deepEqual(said.mock.calls.at(-1).arguments, ["anyloop: a callback failed"]);
  });
});

describe("slow callbacks", () => {
  const block = (ms) => { for (const end = performance.now() + ms; performance.now() < end;); };

  test("are told with their task and how long they took", () => {
    const loop = new Loop({ hosted: false }), told = [];
    loop.setSlowCallbackHandler(50, (ms, task) => told.push([ms >= 50, task])); // an empty one takes less on any machine
    const task = loop.createTask(function* () {
      yield;
      block(60);
    });
    spin(loop, () => task.done());
    loop.callSoon(() => block(60));
    loop.callSoon(() => {});
    loop.turn();
    assert.deepEqual(told.map(([late]) => late), [true, true]);
    assert.deepEqual(told.map(([, of]) => of === task || of), [true, undefined]);
    loop.setSlowCallbackHandler(Infinity, () => assert.fail("it hears of none"));
    loop.callSoon(() => block(60));
    loop.turn();
  });
});

describe("what a loop tells of itself", () => {
  const stalled = () => {
    const loop = newVirtualLoop(), waits = loop.createFuture();
    const inner = loop.createTask(function* () { yield* waits; }, { name: "inner" });
    loop.createTask(function* () { yield* inner; }, { name: "outer" });
    spin(loop);
    return { loop, waits };
  };

  test("formatTree shows which task waits for which", () => {
    assert.equal(formatTree({ loop: stalled().loop }), "task outer awaits task inner\n└─ task inner awaits a future\n");
  });

  test("stallReport names each task and what it awaits, and a ring", () => {
    const { loop, waits } = stalled();
    assert.equal(stallReport({ loop }), "task inner awaits a future\ntask outer awaits task inner\n");
    waits.setResult();
    spin(loop);
    assert.equal(stallReport({ loop }), "");
    const ring = [];
    for (const i of [0, 1]) ring[i] = loop.createTask(function* () { yield* ring[1 - i]; }, { name: `ring${i}` });
    spin(loop);
    assert.match(stallReport({ loop }), /\nring: task ring0 waits for task ring1 waits for task ring0\n$/);
  });

  test("loopFigures count turns, tasks, timers", () => {
    const { loop } = stalled();
    loop.callLater(5, () => {});
    const { turns, readyMost, tasks, timers, jobs, lag } = loopFigures({ loop });
    assert.deepEqual({ readyMost, tasks, timers, jobs }, { readyMost: 2, tasks: 2, timers: 1, jobs: 0 });
    spin(loop);
    const after = loopFigures({ loop });
    assert.ok(after.turns > turns && after.timers === 0 && after.lag.length === lag.length);
    assert.equal(after.lag.reduce((sum, each) => sum + each), lag.reduce((sum, each) => sum + each) + 1);
  });

  test("figures count what the core holds of JavaScript's", async () => {
    const before = figures(), loop = newVirtualLoop(), future = loop.createFuture(), handle = loop.callLater(5, () => {});
    future.setResult({});
    const { objects, lent, bytes } = figures();
    assert.deepEqual({ objects, lent }, { objects: before.objects + 1, lent: before.lent + 1 });
    assert.ok(bytes > before.bytes);
    handle.close();
    future.close();
    spin(loop);
    await loop.close();
    await macrotask();
    const after = figures();
    assert.deepEqual([after.objects, after.lent], [before.objects, before.lent]);
  });
});

test("a run that is refused leaves no run", async () => {
  const loop = await newEventLoop(), closed = loop.createFuture();
  closed.close();
  await assert.rejects(loop.runUntilComplete(closed), { code: "ANYLOOP_E_STATE" });
  assert.throws(() => getRunningLoop(), { code: "ANYLOOP_E_STATE" });
  await loop.close();
});

describe("a loop that is not hosted", () => {
  test("has no runs, which nobody would turn, and begins nothing", async () => {
    const loop = new Loop({ hosted: false }), refused = { code: "ANYLOOP_E_STATE", message: /hosted: false/ };
    let begun = false;
    await assert.rejects(loop.runUntilComplete((function* () { begun = true; })()), refused);
    await assert.rejects(loop.runForever(), refused);
    loop.turn();
    assert.equal(begun, false);
    await loop.close();
  });

  test("turns for a time that is one", () => {
    const loop = new Loop({ hosted: false });
    const refused = { name: "TypeError", message: /is no time/ };
    for (const budget of ["x", NaN, null]) assert.throws(() => loop.turn(budget), refused);
    void loop.close();
  });
});

describe("the process", () => {
  const node = (body) => new Promise((resolve) => {
    const program = `import { getEventLoop, sleep, run } from "anyloop";\nconst loop = await getEventLoop();\n${body}`;
    execFile(process.execPath, ["--input-type=module", "-e", program],
      { cwd: fileURLToPath(new URL(".", import.meta.url)), timeout: 30000 },
      (error, stdout, stderr) => resolve({ stdout, stderr, status: error ? error.code : 0 }));
  });

  test("ends by itself when nothing is left to do", async () => {
    assert.deepEqual(await node("loop.callLater(5, () => console.log('called'));"),
      { stdout: "called\n", stderr: "", status: 0 });
  });

  test("ends a run that nothing can complete with the report of what is stuck", async () => {
    const { stdout, stderr, status } = await node(`
      const waits = loop.createFuture();
      await loop.runUntilComplete(loop.createTask(function* stuck() { yield* waits; }))
        .catch((error) => console.log(error.code, error.message));`);
    assert.match(stdout, /^ANYLOOP_E_DEADLOCK deadlock: .*\ntask stuck/);
    assert.deepEqual([stderr, status], ["", 0]);
  });

  test("ends a run that waits for what is no task in the same way", async () => {
    const { stdout, stderr, status } = await node(`
      const told = [];
      for (const main of [new Promise(() => {}), async () => { await new Promise(() => {}); },
        function* () { yield new Promise(() => {}); }]) {
        await run(main).catch((error) => told.push(error.code));
      }
      await loop.runForever().catch((error) => told.push(error.code));
      console.log(told.join());`);
    assert.equal(stdout, Array(4).fill("ANYLOOP_E_DEADLOCK").join() + "\n");
    assert.deepEqual([stderr, status], ["", 0]);
  });

  test("is told of each of many loops that are stuck, without a warning", async () => {
    assert.deepEqual(await node(`
      const runs = Array.from({ length: 20 }, () => run(new Promise(() => {})).catch((error) => error.code));
      console.log(new Set(await Promise.all(runs)));`),
    { stdout: "Set(1) { 'ANYLOOP_E_DEADLOCK' }\n", stderr: "", status: 0 });
  });

  test("hears at its end of the errors that nobody has looked at, of loops that are open", async () => {
    const { stdout, stderr, status } = await node(`
      loop.createTask(function* unread() { yield* sleep(1); throw new Error("unread"); });
      const read = loop.createTask(function* () { throw new Error("read"); });
      await read.catch(() => console.log("caught"));
      globalThis.kept = [read, loop.createTask(function* kept() { throw new Error("kept"); })];`);
    assert.deepEqual([stdout, status], ["caught\n", 0]);
    assert.deepEqual(stderr.match(/^anyloop: .*$/gm).sort(), ["kept", "unread"].map((message) =>
      `anyloop: Task exception was never retrieved (task ${message}): Error: ${message}`));
  });

  test("hears of the errors of futures and promises too, when their loop closes", async () => {
    const { stdout, stderr, status } = await node(`
      import { abortable, ensureFuture, Future } from "anyloop";
      await run(function* () {
        const kept = globalThis.kept = [ensureFuture(Promise.reject(new Error("a promise's"))), new Future(), new Future(),
          abortable(async () => { throw new Error("a function's"); }), ensureFuture(Promise.reject(new Error("read")))];
        kept[1].setException(new Error("a future's"));
        kept[2].setResult(1);
        kept[4].catch(() => {});
        yield* sleep(1);
      });
      await globalThis.kept[0].catch(({ message }) => console.log(message, "is still there"));`);
    assert.deepEqual([stdout, status], ["a promise's is still there\n", 0]);
    assert.deepEqual(stderr.match(/^anyloop: .*$/gm).sort(), ["a function's", "a future's", "a promise's"].map((whose) =>
      `anyloop: Future exception was never retrieved: Error: ${whose}`));
  });

  test("says why what nobody awaits ends with its run", async () => {
    const { stderr, status } = await node(`
      await run(async function main() { (async () => { await sleep(10_000); })(); await sleep(1); });`);
    assert.match(stderr, /AbortError\]?: the run is over/);
    assert.equal(status, 1);
  });

  test("hears of a console that throws, and the loop goes on and can be closed", async () => {
    assert.deepEqual(await node(`
      const told = [];
      process.on("uncaughtException", (error) => told.push(error.message));
      console.error = () => { throw new Error("the console's"); };
      loop.callSoon(() => { throw new Error("mine"); });
      await loop.runUntilComplete(sleep(5));
      await loop.close();
      console.log(told.join());`), { stdout: "the console's\n", stderr: "", status: 0 });
  });

  test("is not at a deadlock while Node may still complete a future", async () => {
    assert.deepEqual(await node(`
      const future = loop.createFuture();
      setTimeout(() => future.setResult("completed"), 20);
      console.log(await loop.runUntilComplete(future));`), { stdout: "completed\n", stderr: "", status: 0 });
  });
});
