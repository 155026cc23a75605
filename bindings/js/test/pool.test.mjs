// pool.test.mjs -- a pool's queue, its workers and its end: nobody waits too long, and nothing is left.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import { gather, job, newEventLoop, run, runInExecutor, runInExecutorWhenFree, WorkerPool } from "anyloop";
import { begun, cellOfTwo, fixture, jobOf, module, one, unblock, withPool } from "./pools.mjs";

describe("a full queue", () => {
  const tight = { maxWorkers: 1, queueSize: 1 };

  test("refuses a job with ANYLOOP_E_FULL, and has room again", () => withPool(tight, async (pool, run) => {
    const cell = cellOfTwo(), blocked = run("block", cell), waits = run("echo", "waits");
    assert.throws(() => run("echo", "refused"), { code: "ANYLOOP_E_FULL" });
    unblock(cell);
    assert.deepEqual(await gather([blocked, waits]), ["unblocked", "waits"]);
    assert.equal(await run("echo", "room"), "room");
    assert.equal(pool.getFigures().submitted, 3);
  }));

  test("lets wait who wants to, in order, and they can be cancelled", () => withPool(tight, async (pool, run) => {
    const cell = cellOfTwo(), blocked = run("block", cell), patient = n => runInExecutorWhenFree(pool, jobOf("start"), n);
    const waiting = [1, 2, 3, 4].map(patient);
    assert.throws(() => run("start", 5), { code: "ANYLOOP_E_FULL" });
    assert.equal(waiting[1].cancel(), true);
    unblock(cell);
    await gather([blocked, ...waiting], { returnExceptions: true });
    assert.deepEqual(await run("starts"), [1, 3, 4]);
  }));
});

describe("workers of one's own", () => {
  const own = name => ({ maxWorkers: 2, worker: name_ => new Worker(fixture(name), { name: name_ }) });

  test("serve their own jobs, and modules", () => withPool(own("serves.mjs"), async (pool, run) => {
    assert.equal(await runInExecutor(pool, job(null, "double"), 21), 42);
    assert.equal(await run("echo", 1), 1);
    for (const name of ["missing", "notAFunction", "toString"]) {
      await assert.rejects(runInExecutor(pool, job(null, name)),
        { code: "ANYLOOP_E_NOT_FOUND", message: `the worker has no function ${name}` });
    }
  }));

  const cannotStart = async (options, expected) => withPool(options, async (pool, run) => {
    const outcomes = await gather([run("echo", 1), run("echo", 2), run("echo", 3)], { returnExceptions: true });
    for (const error of outcomes) {
      assert.equal(error.code, "ANYLOOP_E_OS");
      assert.match(error.message, expected);
    }
    await assert.rejects(run("echo", 4), { code: "ANYLOOP_E_OS" });
  });
  test("that are not there fail those that wait, with the reason", () =>
    cannotStart(own("missing.mjs"), /^no worker can be started: .*missing\.mjs/));
  test("that throw as well", () => cannotStart(own("throws.mjs"), /^no worker can be started: not today/));
  test("that serve nothing as well", () =>
    cannotStart(own("idle.mjs"), /^no worker can be started: it exited with status 0/));
  test("that cannot be made as well", () =>
    cannotStart({ worker() { throw new Error("a policy"); } }, /^no worker can be started: a policy/));

  test("that are the same one again are no second worker", () => {
    const one = new Worker(fixture("serves.mjs"));
    return withPool({ maxWorkers: 3, worker: () => one }, async (pool, run) => {
      assert.deepEqual(await gather([1, 2, 3, 4].map(i => run("echo", i))), [1, 2, 3, 4]);
      assert.equal(pool.getFigures().workers, 1);
    });
  });

  test("of which some cannot be started: the others do it", () => {
    let made = 0;
    const worker = () => new Worker(fixture(made++ === 0 ? "serves.mjs" : "throws.mjs"));
    return withPool({ maxWorkers: 4, worker }, async (pool, run) => {
      const numbers = Array.from({ length: 50 }, (_, i) => i);
      assert.deepEqual(await gather(numbers.map(i => run("echo", i))), numbers);
      assert.ok(made <= 4, `${made} were made`);
    });
  });
});

describe("a getter of an argument", () => {
  const codes = jobs => gather(jobs, { returnExceptions: true }).then(all => all.map(outcome => outcome?.code ?? outcome));

  for (const fails of [false, true]) {
    test(`may cancel its own job${fails ? ", and throw" : ""}`, () => withPool(one, async (pool, run) => {
      const getter = { get x() {
        jobs[1].cancel();
        if (fails) throw new Error("mine");
        return 1;
      } };
      const jobs = [run("later", 1, 20), run("echo", getter), run("echo", 3)];
      assert.deepEqual(await codes(jobs), [1, "ANYLOOP_E_CANCELLED", 3]);
      assert.equal(pool.getFigures().cancelled, 1);
    }));
  }

  test("may end the pool", () => withPool(one, async (pool, run) => {
    let end;
    const jobs = [run("later", 1, 20), run("echo", { get x() { end = pool.terminate(); } }), run("echo", 3)];
    assert.deepEqual(await codes(jobs), [1, "ANYLOOP_E_CANCELLED", "ANYLOOP_E_CANCELLED"]);
    await end;
  }));

  test("may run another job", () => withPool(one, async (pool, run) => {
    let other;
    assert.deepEqual(await run("echo", { get x() { other = run("echo", 2); return 1; } }), { x: 1 });
    assert.equal(await other, 2);
  }));
});

describe("the end of a pool", () => {
  test("waits for its jobs and refuses new ones", async () => {
    const pool = new WorkerPool(one), jobs = [1, 2, 3].map(n => runInExecutor(pool, jobOf("later"), n, 5));
    const end = pool.shutdown();
    assert.throws(() => runInExecutor(pool, jobOf("echo"), 1), { code: "ANYLOOP_E_SHUTDOWN" });
    assert.deepEqual(await gather(jobs), [1, 2, 3]);
    await end;
    assert.equal(pool.getFigures().workers, 0);
    await pool.shutdown();
    assert.throws(() => runInExecutor(pool, jobOf("echo"), 1), { code: "ANYLOOP_E_SHUTDOWN" });
  });

  test("cancels what waits when it is told to, and lets the rest run", async () => {
    const pool = new WorkerPool(one), cell = cellOfTwo();
    const runs = runInExecutor(pool, jobOf("block"), cell), waits = runInExecutor(pool, jobOf("echo"), 1);
    await begun(cell);
    const end = pool.shutdown({ cancelQueued: true });
    await assert.rejects(waits, { name: "AbortError" });
    unblock(cell);
    assert.equal(await runs, "unblocked");
    await end;
  });

  test("waits for 25 days and more", async () => {
    for (const timeout of [2 ** 31, Number.MAX_SAFE_INTEGER]) {
      const pool = new WorkerPool(one), later = runInExecutor(pool, jobOf("later"), "whole", 50);
      await pool.shutdown({ timeout });
      assert.equal(await later, "whole");
    }
  });

  test("ends what takes too long", async () => {
    const pool = new WorkerPool(one), cell = cellOfTwo(), spins = runInExecutor(pool, jobOf("spin"), cell);
    await begun(cell);
    const fails = assert.rejects(spins,
      { code: "ANYLOOP_E_ABANDONED", message: "the worker of spin died: the pool was terminated" });
    await pool.shutdown({ timeout: 10 });
    await fails;
    assert.equal(pool.getFigures().workers, 0);
  });

  test("at once, of all workers", async () => {
    const pool = new WorkerPool({ maxWorkers: 2 }), cell = cellOfTwo(), runs = runInExecutor(pool, jobOf("spin"), cell);
    const jobs = [runs, runInExecutor(pool, jobOf("spin"), cellOfTwo()), runInExecutor(pool, jobOf("echo"), 1)];
    await begun(cell);
    const outcomes = gather(jobs, { returnExceptions: true });
    await pool.terminate();
    assert.equal((await outcomes)[0].code, "ANYLOOP_E_ABANDONED");
    assert.equal((await outcomes)[2].name, "AbortError");
    assert.deepEqual([pool.getFigures().workers, pool.getFigures().done], [0, 3]);
  });

  test("of workers that cannot be ended, which are forgotten", async () => {
    for (const terminate of [() => { throw new Error("no"); }, async () => { throw new Error("no"); }]) {
      const pool = new WorkerPool({ ...one, worker: () => ({ postMessage() {}, terminate }) });
      const job = runInExecutor(pool, jobOf("echo"), 1);
      job.cancel();
      await pool.terminate();
      await assert.rejects(job, { name: "AbortError" });
      assert.equal(pool.getFigures().workers, 0);
    }
  });

  test("of one that had no job", async () => {
    await new WorkerPool().shutdown();
    await new WorkerPool().terminate();
  });

  test("by await using", async () => {
    const pool = new WorkerPool(one), result = runInExecutor(pool, jobOf("later"), "disposed", 5);
    await pool[Symbol.asyncDispose]();
    assert.equal(await result, "disposed");
    assert.equal(pool.getFigures().workers, 0);
  });
});

// Short jobs are sent to workers ahead of their turn: that must not show.
describe("jobs that are sent ahead", () => {
  const burst = (run, name, count) => Array.from({ length: count }, (_, i) => run(name, i));

  /** Jobs so short that more of them are sent ahead, and one that blocks behind them. */
  async function behind(run, count, others) {
    await gather(burst(run, "echo", 100));
    const cell = cellOfTwo(), before = burst(run, "echo", 50), blocked = run("block", cell);
    const after = Array.from({ length: count }, (_, i) => others(i));
    await begun(cell);
    return { blocked, before, after, unblock: () => unblock(cell) };
  }

  test("do not wait for a long one while another worker is idle", () => withPool({ maxWorkers: 2 }, async (pool, run) => {
    const { before, after, blocked, unblock } = await behind(run, 100, i => run("echo", i));
    assert.deepEqual(await gather(after), Array.from({ length: 100 }, (_, i) => i));
    await gather(before);
    assert.equal(blocked.done(), false);
    unblock();
    await blocked;
  }));

  test("can be cancelled, and then do not start", () => withPool(one, async (pool, run) => {
    const { after, unblock } = await behind(run, 40, i => run("start", i));
    after.forEach((job, i) => i % 3 === 0 && assert.equal(job.cancel(), true));
    unblock();
    await gather(after, { returnExceptions: true });
    assert.deepEqual(await run("starts"), Array.from({ length: 40 }, (_, i) => i).filter(i => i % 3 !== 0));
  }));

  test("run elsewhere, in order, when the one before them is cancelled", () => withPool(one, async (pool, run) => {
    const { blocked, after } = await behind(run, 40, i => run("start", i));
    assert.equal(blocked.cancel(), true);
    await gather(after);
    assert.deepEqual(await run("starts"), Array.from({ length: 40 }, (_, i) => i));
    assert.equal(pool.getFigures().cancelled, 1);
  }));

  test("run elsewhere, in order, when their worker dies", () => withPool(one, async (pool, run) => {
    await gather(burst(run, "echo", 100));
    const before = burst(run, "echo", 50), exits = run("exit", 1), after = burst(run, "start", 40);
    await assert.rejects(exits, { code: "ANYLOOP_E_ABANDONED" });
    await gather([...before, ...after]);
    assert.deepEqual(await run("starts"), Array.from({ length: 40 }, (_, i) => i));
  }));

  test("are cancelled when the pool is told to at its end", async () => {
    const pool = new WorkerPool(one), run = (name, ...of) => runInExecutor(pool, jobOf(name), ...of);
    const { blocked, after, unblock } = await behind(run, 40, i => run("start", i));
    const end = pool.shutdown({ cancelQueued: true });
    unblock();
    assert.equal(await blocked, "unblocked");
    assert.ok(after.every(job => job.done()));
    await end;
    assert.ok((await gather(after, { returnExceptions: true })).every(error => error.name === "AbortError"));
    assert.equal(pool.getFigures().cancelled, 40);
  });

  test("move nothing before their turn: it would be lost with a worker that dies", () => withPool(one, async (pool, run) => {
    await gather(burst(run, "echo", 100));
    const before = burst(run, "echo", 20), exits = run("exit", 1), moved = Array.from({ length: 20 }, (_, i) => {
      const buffer = new ArrayBuffer(i + 1);
      return runInExecutor(pool, jobOf("moveBack").with({ transfer: [buffer] }), buffer);
    });
    await assert.rejects(exits, { code: "ANYLOOP_E_ABANDONED" });
    await gather(before);
    assert.deepEqual((await gather(moved)).map(buffer => buffer.byteLength), Array.from({ length: 20 }, (_, i) => i + 1));
  }));

  test("go on when the one before, whose end was not heard yet, is cancelled", () => withPool(one, async (pool, run) => {
    let cancelled = false;
    for (let attempts = 0; attempts < 50 && !cancelled; attempts++) { // the first one's turn may come too late
      await gather(burst(run, "echo", 100));
      const cell = cellOfTwo(), counts = new Int32Array(new SharedArrayBuffer(4));
      const first = run("echo", 1),
        over = run("oneOfMany", counts, 0, "short", 2, new ArrayBuffer(0)), blocked = run("block", cell);
      first.addDoneCallback(() => { // while this thread waits here, it hears nothing
        Atomics.wait(cell, 1, 0, 20000);
        cancelled = over.cancel();
      });
      await begun(cell);
      await over.catch(error => assert.equal(error.name, "AbortError"));
      assert.equal(blocked.done(), false);
      unblock(cell);
      assert.equal(await blocked, "unblocked");
    }
    assert.ok(cancelled);
  }));

  // Each job counts that it began.
  for (const seed of [1, 2, 3]) {
    const name = `among a thousand of all kinds begin once at most, and come to the right end: seed ${seed}`;
    test(name, () => withPool({ maxWorkers: 3 }, async (pool, run) => {
      let state = seed;
      const random = below => { // mulberry32
        state = state + 0x6d2b79f5 | 0;
        let t = Math.imul(state ^ state >>> 15, 1 | state);
        t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
        return ((t ^ t >>> 14) >>> 0) % below;
      };
      const counts = new Int32Array(new SharedArrayBuffer(4000)), kinds = [], cancelled = new Set(), futures = [];
      for (let i = 0; i < 1000; i++) {
        kinds.push(random(50) === 0 ? "exit" : random(20) === 0 ? "wait" : random(20) === 0 ? "long" : "short");
        const buffer = new ArrayBuffer(i), ms = kinds[i] === "short" ? 0 : random(5);
        const which = random(10) ? jobOf("oneOfMany") : jobOf("oneOfMany").with({ transfer: [buffer] });
        futures.push(runInExecutor(pool, which, counts, i, kinds[i], ms, buffer));
        if (random(20) === 0) await new Promise(resolve => setTimeout(resolve, random(3)));
        const one = Math.max(0, i - random(50));
        if (random(4) === 0 && futures[one].cancel()) cancelled.add(one);
      }
      const outcomes = await gather(futures, { returnExceptions: true });
      outcomes.forEach((outcome, i) => {
        const about = `job ${i}, ${kinds[i]}, began ${counts[i]} times: ${outcome}`;
        if (cancelled.has(i)) assert.ok(outcome.name === "AbortError" && counts[i] <= 1, about);
        else if (kinds[i] === "exit") assert.ok(outcome.code === "ANYLOOP_E_ABANDONED" && counts[i] === 1, about);
        else assert.ok(outcome === i && counts[i] === 1, about);
      });
      assert.ok(cancelled.size > 20 && pool.getFigures().done === 1000, `${cancelled.size} cancelled`);
    }));
  }
});

describe("figures", () => {
  test("count jobs and workers", () => withPool({ maxWorkers: 1, name: "counted" }, async (pool, run) => {
    const cell = cellOfTwo(), jobs = [run("block", cell), run("echo", 1), run("echo", 2)];
    await begun(cell);
    assert.deepEqual(pool.getFigures(), {
      name: "counted", maxWorkers: 1, workers: 1, running: 1, queued: 2, queuedMost: 3, submitted: 3, done: 0, cancelled: 0,
    });
    jobs[2].cancel();
    unblock(cell);
    await gather(jobs, { returnExceptions: true });
    const { workers, running, queued, done, cancelled } = pool.getFigures();
    assert.deepEqual({ workers, running, queued, done, cancelled },
      { workers: 1, running: 0, queued: 0, done: 3, cancelled: 1 });
  }));

  test("options that make no sense are refused", () => {
    assert.throws(() => new WorkerPool({ maxWorkers: 0 }), RangeError);
    assert.throws(() => new WorkerPool({ maxWorkers: NaN }), RangeError);
    assert.throws(() => new WorkerPool({ queueSize: -1 }), RangeError);
  });
});

describe("what a job leaves behind", () => {
  test("has its turn while other jobs come without a pause", () => withPool(one, async (pool, run) => {
    await run("tick");
    const end = performance.now() + 20000;
    let ticks = 0;
    while (ticks < 3 && performance.now() < end) ticks = await run("countTicks");
    assert.ok(ticks >= 3, `${ticks} ticks`);
  }));
});

describe("a loop's own pool", () => {
  test("is what null means, and ends with the loop", async () => {
    const mine = await newEventLoop(), cell = cellOfTwo();
    assert.equal(await mine.runInExecutor(null, jobOf("echo"), "mine"), "mine");
    const spins = mine.runInExecutor(null, jobOf("spin"), cell);
    await begun(cell);
    await mine.close({ timeout: 10 });
    assert.equal(spins.done(), false);
    assert.throws(() => mine.runInExecutor(null, jobOf("echo"), 1), { code: /ANYLOOP_E_(SHUTDOWN|CLOSED)/ });
  });

  test("is waited for by the end of a program", async () => {
    let result;
    await run(function* () {
      runInExecutor(null, jobOf("later"), "late", 20).addDoneCallback(future => { result = future.result(); });
    });
    assert.equal(result, "late");
  });

  test("may be another, which outlives the loop", () => withPool(one, async pool => {
    const mine = await newEventLoop();
    mine.setDefaultExecutor(pool);
    assert.equal(await mine.runInExecutor(null, jobOf("echo"), 1), 1);
    assert.equal(pool.getFigures().done, 1);
    assert.throws(() => mine.setDefaultExecutor(pool), { code: "ANYLOOP_E_STATE" });
    await mine.close();
    assert.equal(pool.getFigures().workers, 1);
  }));

  test("can be shut down while the loop goes on", async () => {
    const mine = await newEventLoop(), late = mine.runInExecutor(null, jobOf("later"), "late", 20);
    await mine.shutdownDefaultExecutor();
    assert.equal(await late, "late");
    assert.throws(() => mine.runInExecutor(null, jobOf("echo"), 1), { code: "ANYLOOP_E_SHUTDOWN" });
    await mine.close();
  });
});

describe("the process", () => {
  const here = fileURLToPath(new URL(".", import.meta.url));
  const node = (...words) => promisify(execFile)(process.execPath, words, { cwd: here, timeout: 60000 });
  const program = body => ["--input-type=module", "-e", `
    import {getEventLoop, job, runInExecutor, WorkerPool} from 'anyloop';
    const jobOf = name => job(new URL(${JSON.stringify(String(module))}), name);
    await getEventLoop();
    ${body}`];

  test("ends by itself while workers are idle", async () => {
    const { stdout, stderr } = await node(...program('console.log(await runInExecutor(null, jobOf("echo"), "over"));'));
    assert.deepEqual([stdout, stderr], ["over\n", ""]);
  });

  test("stays while a job runs or waits for a worker", async () => {
    const { stdout, stderr } = await node(...program(`
      runInExecutor(null, jobOf("later"), "late", 50).then(console.log);
      runInExecutor(new WorkerPool(), jobOf("echo"), "first").then(console.log);`));
    assert.deepEqual([stdout.split("\n").sort(), stderr], [["", "first", "late"], ""]);
  });

  test("loses no line that a job printed before its pool was shut down", async () => {
    const { stdout } = await node(...program(`
      const pool = new WorkerPool();
      await runInExecutor(pool, jobOf("talk"), 100);
      await pool.shutdown();`));
    assert.equal(stdout.split("\n").filter(line => line.startsWith("line ")).length, 100);
  });
});
