// executor.test.mjs -- jobs in workers: what they give, how each way of failing is told, that nothing hangs, and that the
// pool goes on. The jobs are those of jobs/.
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { describe, test } from "node:test";
import { Worker } from "node:worker_threads";
import { gather, job, runInExecutor, WorkerPool } from "anyloop";
import { begun, cellOfTwo, failure, fixture, jobOf, loop, one, unblock, withPool } from "./pools.mjs";

describe("a job", () => {
  test("gives what its function returns, or what that promises", () => withPool(one, async (pool, run) => {
    assert.equal(await run("add", 2, 3), 5);
    assert.equal(await run("later", "soon", 1), "soon");
    assert.equal(await run("nothing"), undefined);
    const value = { list: [1n, null, NaN], map: new Map([[1, new Set("ab")]]), date: new Date(0), bytes: new Uint8Array(2) };
    assert.deepEqual(await run("echo", value), value);
  }));

  test("runs in a worker: not here, and in several at once", () => withPool({ maxWorkers: 2 }, async (pool, run) => {
    const cells = [cellOfTwo(), cellOfTwo()], blocked = cells.map(cell => run("block", cell));
    await Promise.all(cells.map(begun));
    assert.equal(pool.getFigures().running, 2);
    cells.forEach(unblock);
    assert.deepEqual(await gather(blocked), ["unblocked", "unblocked"]);
    assert.notEqual(await run("whoAmI"), 0);
  }));

  test("is awaited in a coroutine", async () => {
    const pool = new WorkerPool(one);
    assert.equal(await loop.runUntilComplete((function* () {
      const sum = yield* runInExecutor(pool, jobOf("add"), 2, 3);
      return sum + (yield* loop.runInExecutor(pool, jobOf("add"), 4, 5));
    })()), 14);
    await pool.shutdown();
  });

  test("starts in the order of submitting", () => withPool(one, async (pool, run) => {
    await gather(Array.from({ length: 300 }, (_, i) => run("start", i)));
    assert.deepEqual(await run("starts"), Array.from({ length: 300 }, (_, i) => i));
  }));

  test("of a function is refused with a hint", () => withPool(one, async pool => {
    assert.throws(() => runInExecutor(pool, () => 1),
      { name: "TypeError", message: /^function is no job, as job\(new URL/ });
  }));

  test("is of an absolute URL", () => {
    for (const wrong of ["./x.mjs", () => 1, undefined]) {
      assert.throws(() => job(wrong, "add"), { name: "TypeError", message: / is no URL, as in job\(new URL/ });
    }
    assert.throws(() => job(new URL("file:///x.mjs")),
      { name: "TypeError", message: /^undefined is no name, as in job\(new URL/ });
  });

  test("may post messages of its own", () => withPool(one, async pool => {
    const post = job(fixture("posts.mjs"), "post");
    assert.equal(await runInExecutor(pool, post, "text", null, { a: 1 }, [], ["x", 1]), "posted");
    const numbers = [0, 1, 2, 3, 4, 5].flatMap(number => [[number], [number, 1, "not this"], [number, 1, {}]]);
    assert.deepEqual(await gather([runInExecutor(pool, post, ...numbers), runInExecutor(pool, jobOf("echo"), "mine")]),
      ["posted", "mine"]);
    assert.equal(await runInExecutor(pool, jobOf("echo"), 1), 1);
  }));
});

describe("transfer", () => {
  test("moves an argument", () => withPool(one, async pool => {
    const buffer = new ArrayBuffer(1 << 20);
    const back = await runInExecutor(pool, jobOf("moveBack").with({ transfer: [buffer] }), buffer);
    assert.equal(buffer.byteLength, 0);
    assert.equal(back.byteLength, 1 << 20);
  }));

  test("moves a result, and what is said on the way", () => withPool(one, async (pool, run) => {
    assert.equal((await run("moveAndKeep", 4096)).kept.byteLength, 4096);
    assert.equal(await run("keptBytes"), 0);
    const said = [];
    assert.equal(await runInExecutor(pool, jobOf("progressMoved").with({ onProgress: bytes => said.push(bytes) }), 64), 0);
    assert.equal(said[0].byteLength, 64);
  }));

  test("of the same buffer twice fails the job and moves nothing", () => withPool(one, async (pool, run) => {
    const buffer = new ArrayBuffer(8);
    await assert.rejects(runInExecutor(pool, jobOf("echo").with({ transfer: [buffer, buffer] }), buffer),
      { code: "ANYLOOP_E_TYPE", message: /an argument of echo cannot be sent/ });
    assert.equal(buffer.byteLength, 8);
  }));
});

describe("progress", () => {
  test("is heard in order, in a turn of the loop, before the result", () => withPool(one, async pool => {
    const heard = [];
    const counting = runInExecutor(pool, jobOf("count").with({ onProgress: n => heard.push([n, loop.isRunning()]) }), 5);
    counting.addDoneCallback(() => heard.push("done"));
    assert.equal(await counting, "counted");
    assert.deepEqual(heard, [...[1, 2, 3, 4, 5].map(n => [n, true]), "done"]);
  }));

  test("that nobody hears is no error, nor one that cannot be sent the end", () => withPool(one, async (pool, run) => {
    assert.equal(await run("count", 3), "counted");
    await assert.rejects(run("progressOfAFunction"), { name: "DataCloneError" });
    assert.equal(await run("echo", 1), 1);
  }));

  test("whose listener throws is told to the exception handler", () => withPool(one, async pool => {
    const told = [];
    loop.setExceptionHandler((_, { exception }) => told.push(exception.message));
    const onProgress = n => { throw new Error(`heard ${n}`); };
    assert.equal(await runInExecutor(pool, jobOf("count").with({ onProgress }), 2), "counted");
    loop.setExceptionHandler(undefined);
    assert.deepEqual(told, ["heard 1", "heard 2"]);
  }));
});

describe("cancelling", () => {
  test("a job that waits keeps it from starting", () => withPool(one, async (pool, run) => {
    const cell = cellOfTwo(), blocked = run("block", cell), waits = run("start", "cancelled"), next = run("start", "next");
    await begun(cell);
    assert.equal(waits.cancel(), true);
    await assert.rejects(waits, { name: "AbortError" });
    unblock(cell);
    await gather([blocked, next]);
    assert.deepEqual(await run("starts"), ["next"]);
    assert.equal(pool.getFigures().cancelled, 1);
  }));

  test("a job that runs is done at once, and another worker takes the place", () => withPool(one, async (pool, run) => {
    const before = await run("whoAmI"), cell = cellOfTwo(), spins = run("spin", cell), next = run("whoAmI");
    await begun(cell);
    assert.equal(spins.cancel("enough"), true);
    await assert.rejects(spins, { name: "AbortError", message: "enough" });
    assert.notEqual(await next, before);
    assert.deepEqual([pool.getFigures().workers, pool.getFigures().cancelled], [1, 1]);
  }));

  test("all jobs before a worker is there starts none", () => withPool(one, async (pool, run) => {
    const jobs = Array.from({ length: 5 }, (_, i) => run("start", i));
    for (const each of jobs) each.cancel();
    await gather(jobs, { returnExceptions: true });
    assert.deepEqual(await run("starts"), []);
  }));

  test("by a signal: before, while it waits, while it runs", () => withPool(one, async (pool, run) => {
    const abortable = (name, signal, ...of) => runInExecutor(pool, jobOf(name).with({ signal }), ...of);
    const before = abortable("start", AbortSignal.abort(new Error("too late")), "never");
    await assert.rejects(before, { name: "AbortError", message: "too late" });
    assert.equal(pool.getFigures().submitted, 0);
    const cell = cellOfTwo(), running = new AbortController(), waiting = new AbortController();
    const spins = abortable("spin", running.signal, cell), waits = abortable("start", waiting.signal, "never");
    await begun(cell);
    waiting.abort();
    await assert.rejects(waits, { name: "AbortError" });
    running.abort();
    await assert.rejects(spins, { name: "AbortError" });
    const after = new AbortController();
    assert.equal(await abortable("echo", after.signal, "done"), "done");
    after.abort();
    assert.deepEqual(await run("starts"), []);
  }));

  test("a task that awaits a job cancels the job", () => withPool(one, async (pool, run) => {
    const cell = cellOfTwo();
    const task = loop.createTask(function* () {
      yield* run("spin", cell);
    });
    await begun(cell);
    task.cancel();
    await assert.rejects(task, { name: "AbortError" });
    assert.equal(await run("echo", 1), 1);
  }));
});

describe("an error that a job throws", () => {
  test("comes out with name, message, properties, stack and cause", async () => {
    const error = await failure(one, "throwShopClosed");
    assert.ok(error instanceof Error);
    assert.deepEqual([error.name, error.message, error.opensAt], ["ShopClosed", "come back tomorrow", 9]);
    assert.match(error.stack, /ShopClosed: come back tomorrow\n.*throwShopClosed .*jobs\.mjs/s);
    assert.ok(error.cause instanceof RangeError);
    assert.equal(error.cause.message, "it is late");
  });

  test("is of its own class where that is a standard one", async () => {
    assert.ok(await failure(one, "throwTypeError") instanceof TypeError);
    assert.ok(await failure(one, "reject") instanceof RangeError);
    const many = await failure(one, "throwMany");
    assert.ok(many instanceof AggregateError);
    assert.deepEqual(many.errors.map(error => [error.constructor, error.message]), [[TypeError, "one"], [Error, "two"]]);
  });

  test("that holds itself several times over ends there", async () => {
    const { errors } = await failure(one, "throwCircleOfMany");
    assert.deepEqual([errors.length, errors[0].errors[0].message, errors[3]],
      [5, "round and round", "AggregateError: round and round"]);
  });

  test("with causes upon causes, and each of them twice, ends there too", async () => {
    let depth = 0;
    for (let { cause } = await failure(one, "throwChain"); cause; { cause } = cause) depth++;
    assert.ok(depth >= 100);
    assert.equal((await failure(one, "throwTwice")).cause.cause.message, "20");
  });

  test("may be anything", async () => {
    assert.equal(await failure(one, "throwText"), "a text");
    assert.deepEqual(await failure(one, "throwObject"), { code: 7 });
    assert.equal(await failure(one, "throwUndefined"), undefined);
    assert.match(await failure(one, "throwFunction"), /^function thrown/);
  });

  test("loses what cannot be copied, and no more", async () => {
    const error = await failure(one, "throwUnsendable");
    assert.ok(error instanceof TypeError);
    assert.deepEqual([error.message, error.code, "call" in error], ["holds a function", 7, false]);
    assert.equal((await failure(one, "throwCircle")).cause.cause.message, "round");
  });

  test("that cannot be looked at costs its job, and not the worker", () => withPool(one, async (pool, run) => {
    const worker = await run("whoAmI");
    for (const name of ["throwGetter", "throwFunctionForMessage", "throwRevoked"]) {
      await assert.rejects(run(name),
        { code: "ANYLOOP_E_TYPE", message: new RegExp(`^what ${name} threw cannot be sent: `) });
    }
    assert.equal(await run("whoAmI"), worker);
  }));
});

describe("what cannot be run", () => {
  const fails = (pool, which, expected) => assert.rejects(runInExecutor(pool, which), expected);

  test("a module that is not there", () => withPool(one, async (pool, run) => {
    await fails(pool, job(fixture("missing.mjs"), "f"), error => {
      assert.equal(error.code, "ANYLOOP_E_NOT_FOUND");
      assert.match(error.message, /^cannot load file:.*missing\.mjs: /);
      assert.equal(error.cause.code, "ERR_MODULE_NOT_FOUND");
      return true;
    });
    assert.equal(await run("echo", 1), 1);
  }));

  test("a module that throws", () => withPool(one, async (pool, run) => {
    await fails(pool, job(fixture("throws.mjs"), "f"),
      { code: "ANYLOOP_E_NOT_FOUND", message: /cannot load .*throws\.mjs: not today/ });
    assert.equal(await run("echo", 1), 1);
  }));

  test("a function that is not there, or is none", () => withPool(one, async (pool, run) => {
    const missing = name => ({ code: "ANYLOOP_E_NOT_FOUND", message: new RegExp(`jobs\\.mjs has no function ${name}$`) });
    for (const name of ["missing", "notAFunction", "toString"]) await fails(pool, jobOf(name), missing(name));
    assert.equal(await run("echo", 1), 1);
  }));

  test("an argument that cannot be copied", async () => {
    const error = await failure(one, "echo", () => {});
    assert.deepEqual([error.code, error.cause.name], ["ANYLOOP_E_TYPE", "DataCloneError"]);
    assert.match(error.message, /^an argument of echo cannot be sent: .*could not be cloned/s);
  });

  test("a result that cannot be copied", async () => {
    const error = await failure(one, "returnFunction");
    assert.deepEqual([error.code, error.cause.name], ["ANYLOOP_E_TYPE", "DataCloneError"]);
    assert.match(error.message, /^the result of returnFunction cannot be sent: .*could not be cloned/s);
  });

  test("a result that cannot be read", () => {
    let last;
    const worker = () => (last = new Worker(fixture("serves.mjs")));
    return withPool({ maxWorkers: 1, worker }, async (pool, run) => {
      const cell = cellOfTwo(), blocked = run("block", cell);
      await begun(cell);
      last.emit("messageerror", new Error("as for something of another version"));
      await assert.rejects(blocked,
        { code: "ANYLOOP_E_ABANDONED", message: "the worker of block died: what it sent cannot be read" });
      assert.equal(await run("echo", 1), 1);
    });
  });
});

describe("a worker that dies", () => {
  test("by process.exit", async () => {
    const error = await failure(one, "exit", 3);
    assert.deepEqual([error.code, error.message],
      ["ANYLOOP_E_ABANDONED", "the worker of exit died: it exited with status 3"]);
    assert.equal((await failure(one, "exit", 0)).message, "the worker of exit died: it exited with status 0");
  });

  test("by what nobody catches", async () => {
    const error = await failure(one, "throwFromATimer");
    assert.deepEqual([error.code, error.message],
      ["ANYLOOP_E_ABANDONED", "the worker of throwFromATimer died: nobody catches it"]);
    assert.ok(error.cause instanceof RangeError);
    assert.equal((await failure(one, "rejectUnheard")).message, "the worker of rejectUnheard died: nobody hears it");
  });

  test("by using up its memory", async () => {
    const worker = () => new Worker(fixture("serves.mjs"), { resourceLimits: { maxOldGenerationSizeMb: 16 } });
    const error = await failure({ maxWorkers: 1, worker }, "useAllMemory");
    assert.equal(error.code, "ANYLOOP_E_ABANDONED");
    assert.match(error.message, /the worker of useAllMemory died: .*memory/);
  });

  test("costs no other job", () => withPool({ maxWorkers: 2 }, async (pool, run) => {
    const jobs = Array.from({ length: 20 }, (_, i) => i % 5 === 2 ? run("exit", i) : run("echo", i));
    const outcomes = await gather(jobs, { returnExceptions: true });
    assert.deepEqual(outcomes.map(outcome => outcome.code ?? outcome),
      jobs.map((_, i) => i % 5 === 2 ? "ANYLOOP_E_ABANDONED" : i));
  }));

  // As Node does when much is on the way: what it said comes after its error, and before its exit.
  class Late extends EventEmitter {
    constructor() {
      super();
      const worker = new Worker(fixture("serves.mjs")), said = [],
        say = () => said.length > 0 && this.emit("message", said.shift());
      worker.on("message", message => setTimeout(say, 20, said.push(message)))
        .on("error", error => this.emit("error", error))
        .on("exit", status => {
          while (said.length > 0) say();
          this.emit("exit", status);
        });
      for (const name of ["postMessage", "terminate", "ref", "unref"]) this[name] = (...of) => worker[name](...of);
    }
  }

  test("takes none of its answers with it", t => withPool({ maxWorkers: 1, worker: () => new Late() }, async (pool, run) => {
    t.mock.method(console, "error", () => {});
    assert.equal(await run("throwAfterwards"), undefined);
  }));

  test("between its jobs is told, and is no job's failure", t => withPool(one, async (pool, run) => {
    const told = t.mock.method(console, "error", () => {});
    assert.equal(await run("throwAfterwards"), undefined);
    while (pool.getFigures().workers > 0) await new Promise(resolve => setTimeout(resolve, 5));
    assert.match(told.mock.calls[0].arguments[0], /a worker died between its jobs/);
    assert.equal(told.mock.calls[0].arguments[1].message, "afterwards");
    assert.equal(await run("echo", 1), 1);
  }));
});
