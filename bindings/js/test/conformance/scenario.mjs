// A scenario and its trace, by the package's own names. Coroutines are generators. It knows no host: ../conformance.mjs runs
// it in Node, ../page/conformance.test.mjs in a page.
import * as anyloop from "anyloop";
import { caught, closedOr, Missing, outcome, Raised, Refused, Said, stateOf, word } from "./words.mjs";

const { CancelledError, Loop, Task } = anyloop;
const START = 3600 * 1000; // the clock's first instant, which traces call 0
const MODES = { first: "FIRST_COMPLETED", error: "FIRST_EXCEPTION", all: "ALL_COMPLETED" };
const QUEUES = { fifo: anyloop.Queue, lifo: anyloop.LifoQueue, priority: anyloop.PriorityQueue };

class Table extends Map {
  get(name) {
    if (!this.has(name)) throw new Missing();
    return super.get(name);
  }
}

const ms = (time) => (time === null || time === undefined ? null : time);

export class Scenario {
  /** `delegating`: it awaits by `yield*`, where that gives the result at once if it is there; else by `yield`. */
  constructor({ coros = {}, script }, delegating = false) {
    Object.assign(this, {
      coros, script, delegating, handles: new Table(), things: new Table(), timers: new Table(), numbers: new Table(),
      variables: new Map(), callbacks: new Map(), trace: [],
      loop: new Loop({ virtualClock: true, hosted: false, start: START }),
    });
    this.loop.setExceptionHandler(() => {});
  }

  log(who, ...words) {
    this.trace.push([this.loop.time() - START, who, ...words.map(word)].join(" "));
  }

  // ---- a run, as users of a loop of their own write it

  runForever() {
    this.refuseClosed();
    for (;;) {
      const turn = this.loop.turn();
      if (turn.stopped) return;
      if (turn.interrupted) continue;
      if (turn.deadlock) throw new Refused("deadlock");
      if (turn.deadline) this.loop.wait(turn.deadline);
    }
  }

  runUntilComplete(awaitable) {
    this.refuseClosed();
    const future = this.loop.ensureFuture(awaitable), stop = () => this.loop.stop();
    future.addDoneCallback(stop);
    try {
      this.runForever();
      if (!future.done()) throw new Refused("stopped");
      return future.result();
    } finally {
      future.removeDoneCallback(stop);
    }
  }

  refuseClosed() {
    if (this.loop.isClosed()) throw new Refused("closed");
  }

  // asyncio.Runner.close()
  finish() {
    this.refuseClosed();
    try {
      const tasks = this.loop.allTasks();
      for (const task of tasks) task.cancel();
      if (tasks.length) this.runUntilComplete(anyloop.gather(tasks, { loop: this.loop, returnExceptions: true }));
      for (let i = 0; i < 2; i++) this.runUntilComplete((function* () {})());
    } finally {
      void this.loop.close();
    }
  }

  // ---- coroutines; a body gives [value] after a `return` step

  *coro(name, who) {
    this.log(who, "start");
    try {
      const result = yield* this.body(this.coros[name], who);
      this.log(who, "end", result?.[0]);
      return result?.[0];
    } catch (error) {
      this.log(who, "end", caught(error));
      throw error;
    }
  }

  *main(name, handle) {
    const task = this.loop.currentTask();
    this.handles.set(handle, task);
    task.name = handle;
    return yield* this.coro(name, handle);
  }

  *body(steps, who, group) {
    for (const [op, ...a] of steps) {
      try {
        const result = this.plain(op, a, who) ? undefined : yield* this.suspending(op, a, who, group);
        if (result) return result;
      } catch (error) {
        if (!(error instanceof Missing)) throw error;
        this.log(who, op, "missing");
      }
    }
  }

  spawn(generator, name, options) {
    try {
      return this.loop.createTask(generator, { name, ...options });
    } catch (error) {
      throw error.code === "ANYLOOP_E_CLOSED" ? new Refused("closed") : error;
    }
  }

  plain(op, a, who) {
    if (op in FUTURES) this.handles.set(a.at(-1), closedOr(() => FUTURES[op](this, ...a)));
    else if (op in THINGS) this.things.set(a[0], THINGS[op](this, ...a));
    else if (op in DOES) closedOr(() => DOES[op](this, ...a));
    else if (op in SAYS) {
      const said = closedOr(() => SAYS[op](this, ...a));
      this.log(who, op, ...a.slice(0, 1), ...(said instanceof Said ? said.words : [said]));
    } else if (op === "later") {
      this.timers.set(a[2], closedOr(() => this.loop.callLater(a[0], () => this.log("loop", "later", a[1]))));
    } else if (op === "rename") {
      const task = this.handles.get(a[0]);
      if (task instanceof Task) task.name = a[1];
      else this.log(who, op, a[0], "refused");
    } else return false;
    return true;
  }

  *await(awaitable) {
    return this.delegating ? yield* awaitable : yield awaitable;
  }

  *suspending(op, a, who, group) {
    const { loop, handles: h } = this;
    if (op in AWAITS) {
      yield* this.await(AWAITS[op](this, ...a));
      this.log(who, op, ...a);
    } else if (op in RESULTS) {
      this.log(who, op, a[0], yield* this.await(RESULTS[op](this, ...a)));
    } else if (op === "sleep") yield* this.await(anyloop.sleep(a[0], { loop }));
    else if (op === "yield") yield;
    else if (op === "wait") {
      const futures = a[0].map((n) => h.get(n));
      if (!futures.length) throw new Missing();
      const [done, pending] = yield* anyloop.wait(futures, { loop, returnWhen: MODES[a[1]], timeout: ms(a[2]) });
      this.log(who, op, a[0].filter((n) => done.has(h.get(n))), a[0].filter((n) => pending.has(h.get(n))));
    } else if (op === "call") {
      this.log(who, op, a[1], yield* this.await(anyloop.waitFor(this.coro(a[0], a[1]), ms(a[2]), { loop })));
    } else if (op === "as_completed" || op === "each_completed") return yield* this.completions(op, ...a, who, group);
    else if (op === "group" || op === "timeout" || op === "timeout_at") return yield* this.inside(op, a, who, group);
    else if (op === "group_spawn") {
      try {
        h.set(a[1], group.createTask(this.coro(...a), { name: a[1] }));
      } catch (error) {
        if (error.code !== "ANYLOOP_E_STATE") throw error;
        this.log(who, op, a[1], "refused");
      }
    } else if (op === "try") return yield* this.attempt(...a, who, group);
    else if (op === "repeat") return yield* this.body(Array(a[0]).fill(a[1]).flat(), who, group);
    else if (op === "return") return [a[0]];
    else if (op === "raise") throw new Raised(a[0]);
    else if (op === "raise_cancelled") throw new CancelledError();
    else if (op === "cond_wait_for") {
      yield* this.things.get(a[0]).waitFor(() => this.numbers.get(a[1]) >= a[2]);
      this.log(who, op, a[0], this.numbers.get(a[1]));
    } else throw new Error(`unknown step ${op}`);
  }

  *inside(op, a, who, group) {
    const { loop } = this;
    let around, steps, result;
    if (op === "group") {
      steps = a[0];
      group = new anyloop.TaskGroup({ loop });
      around = (body) => group.run(body);
    } else {
      const [time, body, name] = a;
      steps = body;
      around = (body) => anyloop.timeout(ms(time), body, { loop });
      if (op === "timeout_at" || name !== undefined) {
        const deadline = time === null ? null : time + (op === "timeout_at" ? START : loop.time());
        const scope = new anyloop.Timeout(deadline, { loop });
        this.things.set(name ?? scope, scope);
        around = (body) => scope.run(body);
      }
    }
    const self = this;
    yield* this.await(around((function* () {
      result = yield* self.body(steps, who, group);
    })()));
    this.log(who, op, op === "group" ? "ok" : "passed");
    return result;
  }

  *completions(op, names, time, steps, who, group) {
    const { loop } = this, futures = names.map((n) => this.handles.get(n)), each = op === "each_completed";
    const iteration = anyloop.asCompleted(futures, { loop, timeout: ms(time) });
    for (;;) {
      let item;
      try {
        const next = each ? undefined : iteration.next();
        if (!each && !next) return;
        item = yield* each ? iteration.nextFuture() : next;
        if (each && !item) return;
      } catch (error) {
        if (error instanceof CancelledError || each) throw error;
        item = error;
      }
      this.log(who, op, each ? names[futures.indexOf(item)] : item);
      const result = yield* this.body(steps, who, group);
      if (result) return result;
    }
  }

  *attempt(body, onError, onCancel, final, who, group) {
    let closing = true;
    try {
      try {
        const result = yield* this.body(body, who, group);
        closing = false;
        return result;
      } catch (error) {
        closing = false;
        const handler = error instanceof CancelledError ? onCancel : onError;
        if (!handler || error instanceof Missing) throw error;
        this.log(who, "caught", caught(error));
        closing = true;
        return yield* this.guarded(handler, who, group, () => (closing = false));
      }
    } finally {
      if (!closing && final) yield* this.body(final, who, group);
    }
  }

  *guarded(steps, who, group, over) {
    try {
      const result = yield* this.body(steps, who, group);
      over();
      return result;
    } catch (error) {
      over();
      throw error;
    }
  }

  // ---- the script

  run() {
    for (const [op, ...a] of this.script) {
      try {
        this.drive(op, a);
      } catch (error) {
        if (error instanceof Missing) this.log("script", op, "missing");
        else if (error instanceof Refused) this.log("script", op, ...a.slice(0, 1), error.message);
        else this.log("script", op, ...a.slice(0, 1), error);
      }
    }
    void this.loop.close();
    return this.trace;
  }

  drive(op, a) {
    if (op === "run") this.log("script", op, a[0], this.runUntilComplete(this.handles.get(a[0])));
    else if (op === "forever") {
      this.runForever();
      this.log("script", op, "stopped");
    } else if (op === "main") {
      let result;
      try {
        this.refuseClosed();
        result = this.runUntilComplete(this.spawn(this.main(...a)));
      } finally {
        this.finish();
      }
      this.log("script", op, a[0], result);
    } else if (op === "cancel_all") {
      for (const task of this.handles.values()) if (task instanceof Task && !task.done()) task.cancel();
    } else if (op === "close" || op === "finish") {
      if (op === "close") void this.loop.close();
      else this.finish();
      this.log("script", op, this.loop.isClosed());
    } else if (!this.plain(op, a, "script")) throw new Error(`unknown step ${op}`);
  }

  variable(name) {
    if (!this.variables.has(name)) this.variables.set(name, new anyloop.ContextVar(name));
    return this.variables.get(name);
  }
}

const first = (item) => (Array.isArray(item) && Number.isInteger(item[0]) ? item[0] : 0);
const callbackOf = (s, h, text) => {
  const key = JSON.stringify([h, text]);
  if (!s.callbacks.has(key)) s.callbacks.set(key, (future) => s.log("loop", "callback", text, h, stateOf(future)));
  return s.callbacks.get(key);
};

const FUTURES = {
  spawn: (s, coro, name) => s.spawn(s.coro(coro, name), name),
  eager: (s, coro, name) => s.spawn(s.coro(coro, name), name, { eagerStart: true }),
  future: (s) => s.loop.createFuture(),
  gather: (s, names, keep) => anyloop.gather(names.map((n) => s.handles.get(n)), { loop: s.loop, returnExceptions: keep }),
  shield: (s, h) => anyloop.shield(s.handles.get(h), { loop: s.loop }),
};
const THINGS = {
  lock: (s) => new anyloop.Lock({ loop: s.loop }),
  event: (s) => new anyloop.Event({ loop: s.loop }),
  condition: (s, _, lock) => new anyloop.Condition(lock === undefined ? undefined : s.things.get(lock), { loop: s.loop }),
  semaphore: (s, _, n, bounded) => new anyloop.Semaphore(n, { loop: s.loop, bounded: bounded !== undefined }),
  barrier: (s, _, parties) => new anyloop.Barrier(parties, { loop: s.loop }),
  queue: (s, _, maxsize, order = "fifo") => new QUEUES[order]({ loop: s.loop, maxsize }),
};
const DOES = {
  soon: (s, text) => s.loop.callSoon(() => s.log("loop", "soon", text)),
  ctx_soon: (s, x) => s.loop.callSoon(() => s.log("loop", "ctx_soon", x, s.variable(x).get({ loop: s.loop }))),
  callback: (s, h, text) => s.handles.get(h).addDoneCallback(callbackOf(s, h, text)),
  ctx_callback: (s, h, x) =>
    s.handles.get(h).addDoneCallback(() => s.log("loop", "ctx_callback", h, x, s.variable(x).get({ loop: s.loop }))),
  stop: (s) => s.loop.stop(),
  stop_later: (s, time) => s.loop.callLater(time, () => s.loop.stop()),
  unlater: (s, timer) => s.timers.get(timer).cancel(),
  ctx_set: (s, x, number) => s.variable(x).set(number, { loop: s.loop }),
  var: (s, v, number) => s.numbers.set(v, number),
  event_set: (s, n) => s.things.get(n).set(),
  event_clear: (s, n) => s.things.get(n).clear(),
  shutdown: (s, n, immediate) => s.things.get(n).shutdown({ immediate: !!immediate }),
};
const SAYS = {
  log: () => new Said(),
  set: (s, h, value) => outcome(() => s.handles.get(h).setResult(value ?? undefined)),
  fail: (s, h, text) => outcome(() => s.handles.get(h).setException(new Raised(text))),
  cancel: (s, h, why) => s.handles.get(h).cancel(why),
  state: (s, h) => stateOf(s.handles.get(h)),
  uncallback: (s, h, text) => new Said(text, s.handles.get(h).removeDoneCallback(callbackOf(s, h, text))),
  nested: (s, h) => outcome(() => (s.handles.get(h), s.loop.turn())),
  tasks: (s) => s.loop.allTasks().map((task) => task.name).filter((name) => !/^Task-\d+$/.test(name)).sort(),
  current: (s) => s.loop.currentTask()?.name,
  name: (s, h) => (s.handles.get(h) instanceof Task ? s.handles.get(h).name : "refused"),
  cancel_self: (s) => s.loop.currentTask().cancel(),
  cancelling: (s) => s.loop.currentTask().cancelling(),
  uncancel: (s) => s.loop.currentTask().uncancel(),
  ctx_get: (s, x) => s.variable(x).get({ loop: s.loop }),
  add: (s, v, number) => (s.numbers.set(v, s.numbers.get(v) + number), s.numbers.get(v)),
  locked: (s, n) => s.things.get(n).locked(),
  release: (s, n) => outcome(() => s.things.get(n).release()),
  notify: (s, n, count) => outcome(() => s.things.get(n).notify(count)),
  notify_all: (s, n) => outcome(() => s.things.get(n).notifyAll()),
  barrier_state: (s, n) => new Said(s.things.get(n).nWaiting, s.things.get(n).broken),
  put_nowait: (s, n, item) => outcome(() => s.things.get(n).putNowait(item, first(item)), () => item),
  get_nowait: (s, n) => outcome(() => s.things.get(n).getNowait(), (item) => item),
  task_done: (s, n) => outcome(() => s.things.get(n).taskDone()),
  qsize: (s, n) => s.things.get(n).qsize(),
  expired: (s, n) => s.things.get(n).expired(),
  when: (s, n) => { const when = s.things.get(n).when(); return when === null ? undefined : when - START; },
  reschedule: (s, n, time) => outcome(() => s.things.get(n).reschedule(time === null ? null : s.loop.time() + time)),
};
const AWAITS = {
  acquire: (s, n) => s.things.get(n).acquire(),
  put: (s, n, item) => s.things.get(n).put(item, first(item)),
  event_wait: (s, n) => s.things.get(n).wait(),
  cond_wait: (s, n) => s.things.get(n).wait(),
  join: (s, n) => s.things.get(n).join(),
  barrier_reset: (s, n) => s.things.get(n).reset(),
  barrier_abort: (s, n) => s.things.get(n).abort(),
};
const RESULTS = {
  await: (s, h) => s.handles.get(h),
  wait_for: (s, h, time) => anyloop.waitFor(s.handles.get(h), ms(time), { loop: s.loop }),
  barrier_wait: (s, n) => s.things.get(n).wait(),
  get: (s, n) => s.things.get(n).get(),
};
