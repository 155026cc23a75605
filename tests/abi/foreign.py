#!/usr/bin/env python3
"""The first foreign language: ctypes over the shared library, and the conformance runner `ctypes`.

    foreign.py LIB FILE...               prints the traces, each after a line `=== FILE` when there are several
    foreign.py LIB -                     the same for the names on standard input
    foreign.py --events N LIB FILE...    the same, pulling up to N events at a time instead of one
    foreign.py --self LIB                checks binding.py against core/api.json and the library

Owns:          a loop with a virtual clock, which is pulled. Coroutines are Python generators.
Must not know: anything but the public headers; no lock, queue or combinator is written again here.
Threads:       one.
Why:           no C function ever calls Python. What a language without cheap callbacks needs (Go, a runtime with
               stacks of its own) must be sayable by pull, and whatever is not shows here first.

What the library cannot say by pull is written in Python below, each time from the library's own parts: `run_forever`,
`run_until_complete` and the cleanup of asyncio.run(), since those functions block, and `cond_wait_for`, whose predicate
is a callback.
"""
import itertools
import json
import pathlib
import sys
from ctypes import byref, c_size_t, c_void_p
from functools import partial

import binding
from binding import (CoroutineOptions, K, LoopOptions, Raised, Refused, TaskOptions, TurnEvent, TurnInfo, Value, array,
                     given, lib, make, make_error, must, new, read, refusal, take, text_of)

START, MS = 3600 * 10**9, 10**6        # the clock's first instant, which traces call 0; ns in a ms
ALL = c_size_t(-1).value
YIELD = object()                       # what a generator yields instead of a future

MODES = {"first": K.FIRST_COMPLETED, "error": K.FIRST_EXCEPTION, "all": K.ALL_COMPLETED}
ORDERS = {"fifo": K.QUEUE_FIFO, "lifo": K.QUEUE_LIFO, "priority": K.QUEUE_PRIORITY}
STATES = {K.PENDING: "pending", K.RESULT: "result:", K.FAILED: "error:", K.CANCELLED: "cancelled"}
REFUSALS = {K.E_TYPE: "refused", K.E_RUNNING: "refused", K.E_FULL: "!full", K.E_EMPTY: "!empty",
            K.E_SHUTDOWN: "!shutdown"}


# ---- words, and what the library answers

def word(w):
    if w is None or isinstance(w, bool):
        return str(w).lower()
    if isinstance(w, list):
        return "[" + ",".join(map(word, w)) + "]"
    return f"!{w}" if isinstance(w, Raised) else str(w)


class Missing(Exception):
    """A step names what is not there."""


def outcome(status, ok="ok"):
    if status == K.E_CLOSED:
        raise Refused("closed")
    return ok if status >= 0 else REFUSALS.get(status, "invalid")


def state_of(future):
    state = lib.future_state(future)
    what = read(lib.future_result(future)[0]) if state == K.RESULT else \
        text_of(lib.future_error(future)) if state == K.FAILED else ""
    return STATES[state] + word(what)


def name_of(task):
    return lib.task_name(task).decode() if task else None


def nanoseconds(ms, none=K.FOREVER, since=0):
    return none if ms is None else since + ms * MS


def milliseconds(time):
    return None if time == K.NEVER else (time - START) // MS


class Table(dict):
    """What the library gave, by the scenario's names."""

    def __init__(self, release):
        self.release = release

    def __missing__(self, name):
        raise Missing

    def __setitem__(self, name, entry):
        before = self.get(name)
        super().__setitem__(name, entry)
        if before is not None:
            self.release(before)


class Scenario:
    def __init__(self, doc, capacity):
        self.coros, self.script, self.capacity = doc.get("coros", {}), doc["script"], capacity
        self.handles, self.timers = Table(lib.future_release), Table(lib.handle_release)
        self.things = Table(lambda thing: getattr(lib, thing[0] + "_release")(thing[1]))    # (kind, pointer)
        self.variables = Table(lambda number: None)
        self.integers = itertools.count(1)
        self.pulled = {}               # integer -> [the generator or function, how often the library has it]
        self.listeners = set()         # the integers of done callbacks
        self.callbacks = {}            # (handle, text) -> the one integer of the function that logs it
        self.trace = []
        self.loop = new(lib.new_event_loop, byref(LoopOptions(flags=K.LOOP_VIRTUAL_CLOCK, virtual_start=START)))
        must(lib.loop_set_log(self.loop, None, None))

    def log(self, who, *words):
        self.trace.append(" ".join([str(milliseconds(lib.loop_time(self.loop))), who, *map(word, words)]))

    # ---- pulling

    def lend(self, what, integer=None):
        """An integer for the library; a function that it has already may be lent once more."""
        integer = integer or next(self.integers)
        self.pulled.setdefault(integer, [what, 0])[1] += 1
        return integer

    def hand_back(self, integer):
        entry = self.pulled[integer]
        entry[1] -= 1
        if entry[1] == 0:
            del self.pulled[integer]
        return entry[0]

    def unless_refused(self, integer, status):
        if status != K.OK:
            self.hand_back(integer)
        must(status)

    def register(self, function, call, *arguments, out=None):
        integer = self.lend(function)
        self.unless_refused(integer, call(*arguments, None, integer, None, out))

    def listen(self, future, function, integer=None):
        integer = self.lend(function, integer)
        self.listeners.add(integer)
        self.unless_refused(integer, lib.future_add_done_callback(future, None, integer, None))

    def later(self, ms, text, _):
        timer = c_void_p()
        self.register(lambda: self.log("loop", "later", text),
                      lib.loop_call_later, self.loop, ms * MS, out=byref(timer))
        return timer.value

    def pull(self):
        """One call of turn."""
        events, info = (TurnEvent * self.capacity)(), TurnInfo()
        must(lib.loop_turn(self.loop, 0, byref(events), self.capacity, byref(info)))
        for event in events[:info.events]:
            if event.kind == K.TURN_STEP:
                self.step(event.object, event.user_data, event.detail)
                continue
            what = self.hand_back(event.user_data)
            if event.kind == K.TURN_CALLBACK:
                what()
            elif event.kind == K.TURN_DONE:
                assert event.detail == lib.future_state(event.object)
                what(event.object)
            else:
                assert event.kind == K.TURN_DROP
        return info

    def step(self, task, integer, event):
        answer = self.answer(task, self.pulled[integer][0], event)
        if answer < K.STEP_AWAIT:
            self.hand_back(integer)
        must(lib.task_stepped(task, answer))

    def answer(self, task, generator, event):
        try:
            if event == K.EVENT_CLOSE:
                generator.close()
                return K.STEP_RETURN
            while True:
                said = None if event == K.EVENT_START else read(lib.task_awaited(task)[0])
                failed = event != K.EVENT_START and lib.task_outcome(task) != K.RESULT
                wish = (generator.throw if failed else generator.send)(said)
                if wish is YIELD:
                    return K.STEP_YIELD
                if lib.task_await(task, wish, b"foreign.py") == K.PENDING:
                    return K.STEP_AWAIT
                event = K.READY
        except StopIteration as end:
            lib.task_return(task, make(end.value))
            return K.STEP_RETURN
        except Raised as error:
            lib.value_retain(error.value)
            lib.task_raise_error(task, error.value)
            return K.STEP_RAISE

    def run_forever(self):
        self.refuse_closed()
        while True:
            info = self.pull()
            if info.stopped:
                return
            if info.interrupted or info.events:
                continue               # what else it says was true before the events were dealt with
            if info.deadlock:
                raise Refused("deadlock")
            if info.next_deadline:
                must(lib.loop_wait(self.loop, info.next_deadline))

    def run_until_complete(self, future):
        """Takes the future."""
        integer = next(self.integers)
        try:
            self.refuse_closed()
            self.listen(given(future), lambda future: must(lib.loop_stop(self.loop)), integer)
            self.run_forever()
            state = lib.future_state(future)
            if state == K.PENDING:
                raise Refused("stopped")
            if state == K.RESULT:
                return read(lib.future_result(future)[0])
            raise read(lib.future_error(future)[0])
        finally:
            lib.future_remove_done_callback(future, None, integer)
            lib.future_release(future)

    def refuse_closed(self):
        if lib.loop_is_closed(self.loop):
            raise Refused("closed")

    def close(self):
        while lib.loop_close(self.loop) == K.E_AGAIN:
            self.pull()

    def finish(self):
        """asyncio.Runner.close()."""
        self.refuse_closed()
        try:
            tasks = self.all_tasks()
            for task in tasks:
                must(lib.future_cancel(task, None))
            if tasks:
                self.run_until_complete(lib.gather(self.loop, *array(tasks), K.RETURN_EXCEPTIONS))
            for _ in range(2):         # its generators' shutdown and its executor's
                self.run_until_complete(self.task((None for _ in ()), ""))
        finally:
            self.close()

    # ---- what the library has

    def all_tasks(self):
        tasks = (c_void_p * lib.all_tasks(self.loop, None, 0))()
        lib.all_tasks(self.loop, tasks, len(tasks))
        return list(tasks)

    def current(self):
        return lib.current_task(self.loop)

    def coroutine(self, generator, name=""):
        """And its integer. Those without a name are no scenario's own; `tasks` does not list them."""
        integer = self.lend(generator)
        options = CoroutineOptions(name=name.encode(), user_data=integer)
        coroutine = lib.coroutine_create_with(self.loop, byref(options))
        self.unless_refused(integer, refusal(coroutine))
        return coroutine, integer

    def task(self, generator, name, eager=False):
        coroutine, integer = self.coroutine(generator, name)
        options = byref(TaskOptions(flags=K.TASK_EAGER)) if eager else None
        task = given(lib.create_task(self.loop, coroutine, options))
        if eager and self.current() == task:
            self.step(task, integer, K.EVENT_START)
            while self.current() == task:
                self.pull()
        return task

    def of_lock(self, name, function, of_semaphore):
        kind, pointer = self.things[name]
        if kind == "semaphore":
            return of_semaphore(pointer)
        return function(lib.condition_lock(pointer) if kind == "condition" else pointer)

    def put(self, function, name, item):
        queue = self.things[name][1]
        first = item[0] if isinstance(item, list) and item else 0
        return function(queue, make(item), first if isinstance(first, int) else 0)    # only priority queues look at it

    def get_nowait(self, name):
        value = Value()
        status = lib.queue_get_nowait(self.things[name][1], value)
        return outcome(status, take(value))

    def add(self, name, number):
        self.variables[name] += number
        return self.variables[name]

    def contextvar(self, name):
        if ("var", name) not in self.things:
            self.things["var", name] = "contextvar", new(lib.contextvar_new, name.encode())
        return self.things["var", name][1]

    def context_get(self, name):
        value = Value()
        status = lib.contextvar_get(self.loop, self.contextvar(name), value)
        return None if status == K.E_NOT_FOUND or must(status) else take(value)

    # ---- coroutines; each yields futures, which it gives away. After a `return` step a body gives (value,), else None

    def coro(self, name, who):
        self.log(who, "start")
        try:
            result = yield from self.body(self.coros[name], who, None)
        except Raised as error:
            self.log(who, "end", str(error) if error.cancelled else error)
            raise
        self.log(who, "end", *result or [None])
        return result and result[0]

    def main(self, name, handle):
        self.handles[handle] = lib.future_retain(self.current())
        must(lib.task_set_name(self.current(), handle.encode()))
        return (yield from self.coro(name, handle))

    def body(self, steps, who, group):
        for op, *a in steps:
            try:
                result = None if self.plain(op, a, who) else (yield from self.suspending(op, a, who, group))
            except Missing:
                self.log(who, op, "missing")
                continue
            if result:
                return result

    def plain(self, op, a, who):
        """Steps that never suspend. False for other steps."""
        if op in FUTURES:
            self.handles[a[-1]] = FUTURES[op](self, *a)
        elif op in THINGS:
            self.things[a[0]] = op, THINGS[op](self, *a)
        elif op in DOES:
            DOES[op](self, *a)
        elif op in SAYS:
            said = SAYS[op](self, *a)
            self.log(who, op, *a[:1], *(said if isinstance(said, tuple) else [said]))
        elif op == "later":
            self.timers[a[2]] = self.later(*a)
        elif op == "rename":
            if outcome(lib.task_set_name(self.handles[a[0]], a[1].encode())) == "refused":
                self.log(who, op, a[0], "refused")
        else:
            return False
        return True

    def suspending(self, op, a, who, group):
        loop, h = self.loop, self.handles
        if op in AWAITS:
            yield AWAITS[op](self, *a)
            self.log(who, op, *a)
        elif op in RESULTS:
            self.log(who, op, a[0], (yield RESULTS[op](self, *a)))
        elif op == "sleep":
            yield lib.sleep(loop, a[0] * MS)
        elif op == "yield":
            yield YIELD
        elif op == "wait":
            futures, count = array([h[n] for n in a[0]])
            if not count:
                raise Missing
            done, pending = yield lib.wait(loop, futures, count, MODES[a[1]], nanoseconds(a[2]))
            self.log(who, op, [n for n in a[0] if h[n] in done], [n for n in a[0] if h[n] in pending])
        elif op == "call":
            coroutine, _ = self.coroutine(self.coro(a[0], a[1]))
            self.log(who, op, a[1], (yield lib.wait_for(loop, coroutine, nanoseconds(a[2]))))
        elif op in ("as_completed", "each_completed"):
            return (yield from self.completions(op, *a, who, group))
        elif op in ("group", "timeout", "timeout_at"):
            return (yield from self.inside(op, a, who, group))
        elif op == "group_spawn":
            task = lib.group_create_task(group, self.coroutine(self.coro(*a), a[1])[0], None)
            if refusal(task) == K.E_STATE:
                self.log(who, op, a[1], "refused")
            else:
                h[a[1]] = given(task)
        elif op == "try":
            return (yield from self.attempt(*a, who, group))
        elif op == "repeat":
            return (yield from self.body(a[1] * a[0], who, group))
        elif op == "return":
            return a[0],
        elif op in ("raise", "raise_cancelled"):
            raise Raised(make_error(K.E_USER, *a) if a else make_error(K.E_CANCELLED))
        elif op == "cond_wait_for":
            condition = self.things[a[0]][1]
            while self.variables[a[1]] < a[2]:
                yield lib.condition_wait(condition)
            self.log(who, op, a[0], self.variables[a[1]])
        else:
            raise SystemExit(f"unknown step {op}")

    def inside(self, op, a, who, group):
        """Run the steps as a coroutine of their own, which the library runs inside this task."""
        if op == "group":
            steps, = a
            group = new(lib.group_new, self.loop)
            self.things[group] = op, group
            around = partial(lib.group_run, group)
        else:
            ms, steps, *name = a
            around = partial(lib.timeout, self.loop, nanoseconds(ms))
            if op == "timeout_at" or name:
                since = START if op == "timeout_at" else lib.loop_time(self.loop)
                scope = new(lib.timeout_scope_new, self.loop, nanoseconds(ms, K.NEVER, since))
                self.things[name[0] if name else scope] = "timeout_scope", scope
                around = partial(lib.timeout_scope_run, scope)
        results = []

        def body():
            results.append((yield from self.body(steps, who, group)))

        yield around(self.coroutine(body())[0])
        self.log(who, op, "ok" if op == "group" else "passed")
        return results[0]

    def completions(self, op, names, ms, steps, who, group):
        futures, each = [self.handles[n] for n in names], op == "each_completed"
        iteration = new(lib.as_completed, self.loop, *array(futures), nanoseconds(ms))
        self.things[iteration] = "completions", iteration    # one that is left keeps its timer, as asyncio's does
        following = lib.completions_next_future if each else lib.completions_next
        while refusal(item := following(iteration)) != K.E_END:
            try:
                item = yield item
            except Raised as error:
                if error.cancelled or each:
                    raise
                item = error
            self.log(who, op, names[futures.index(item)] if each else item)
            result = yield from self.body(steps, who, group)
            if result:
                return result

    def attempt(self, body, on_error, on_cancel, final, who, group):
        try:
            try:
                return (yield from self.body(body, who, group))
            except Raised as error:
                handler = on_cancel if error.cancelled else on_error
                if handler is None:
                    raise
                self.log(who, "caught", str(error) if error.cancelled else error)
                return (yield from self.body(handler, who, group))
        except GeneratorExit:
            final = None               # the loop is closing: no step runs any more
            raise
        finally:
            yield from self.body(final or [], who, group)

    # ---- the script, which stands outside the loop

    def run(self):
        for op, *a in self.script:
            try:
                self.drive(op, a)
            except Missing:
                self.log("script", op, "missing")
            except (Refused, Raised) as why:
                self.log("script", op, *a[:1], why)
        self.end()
        return self.trace

    def drive(self, op, a):
        if op == "run":
            self.log("script", op, a[0], self.run_until_complete(lib.future_retain(self.handles[a[0]])))
        elif op == "forever":
            self.run_forever()
            self.log("script", op, "stopped")
        elif op == "main":
            try:
                result = self.run_until_complete(self.task(self.main(*a), ""))
            finally:
                self.finish()
            self.log("script", op, a[0], result)
        elif op == "cancel_all":
            for task in list(self.handles.values()):
                if lib.future_kind(task) == K.KIND_TASK and lib.future_state(task) == K.PENDING:
                    must(lib.future_cancel(task, None))
        elif op in ("close", "finish"):
            getattr(self, op)()
            self.log("script", op, bool(lib.loop_is_closed(self.loop)))
        elif not self.plain(op, a, "script"):
            raise SystemExit(f"unknown step {op}")

    def end(self):
        """Let go of everything. All integers must be back then, but those of done callbacks that outlived the close."""
        outlive = self.listeners if lib.loop_is_closed(self.loop) else set()
        for table in (self.handles, self.things, self.timers):
            for entry in table.values():
                table.release(entry)
        self.close()
        lib.loop_release(self.loop)
        assert self.pulled.keys() <= outlive, f"never came back: {self.pulled}"


# ---- the steps that are little more than one call of the library; s is the scenario

# They make a future, named by the last argument.
FUTURES = {
    "spawn": lambda s, coro, name: s.task(s.coro(coro, name), name),
    "eager": lambda s, coro, name: s.task(s.coro(coro, name), name, eager=True),
    "future": lambda s, _: new(lib.future_new, s.loop),
    "gather": lambda s, names, keep, _: given(
        lib.gather(s.loop, *array([s.handles[n] for n in names]), keep and K.RETURN_EXCEPTIONS)),
    "shield": lambda s, h, _: given(lib.shield(s.loop, lib.future_retain(s.handles[h]))),
}
# They make a thing, named by the first.
THINGS = {
    "lock": lambda s, _: new(lib.lock_new, s.loop),
    "event": lambda s, _: new(lib.event_new, s.loop),
    "condition": lambda s, _, *lock: new(lib.condition_new, s.loop, s.things[lock[0]][1] if lock else None),
    "semaphore": lambda s, _, n, *bounded: new(lib.semaphore_new, s.loop, n, K.SEMAPHORE_BOUNDED if bounded else 0),
    "barrier": lambda s, _, parties: new(lib.barrier_new, s.loop, parties),
    "queue": lambda s, _, maxsize, order="fifo": new(lib.queue_new, s.loop, maxsize, ORDERS[order]),
}
# They are not logged; what they register is, when it runs.
DOES = {
    "soon": lambda s, text: s.register(lambda: s.log("loop", "soon", text), lib.loop_call_soon, s.loop),
    "ctx_soon": lambda s, x: s.register(
        lambda: s.log("loop", "ctx_soon", x, s.context_get(x)), lib.loop_call_soon, s.loop),
    "callback": lambda s, h, text: s.listen(
        s.handles[h], lambda future: s.log("loop", "callback", text, h, state_of(future)),
        s.callbacks.setdefault((h, text), next(s.integers))),
    "ctx_callback": lambda s, h, x: s.listen(
        s.handles[h], lambda future: s.log("loop", "ctx_callback", h, x, s.context_get(x))),
    "stop": lambda s: must(lib.loop_stop(s.loop)),
    "stop_later": lambda s, ms: s.register(lambda: must(lib.loop_stop(s.loop)), lib.loop_call_later, s.loop, ms * MS),
    "unlater": lambda s, timer: must(lib.handle_cancel(s.timers[timer])),
    "ctx_set": lambda s, x, number: must(lib.contextvar_set(s.loop, s.contextvar(x), make(number))),
    "var": lambda s, v, number: s.variables.update({v: number}),
}
# They are logged with their first argument and their answer.
SAYS = {
    "log": lambda s, text: (),
    "set": lambda s, h, value: outcome(lib.future_set_result(s.handles[h], make(value))),
    "fail": lambda s, h, text: outcome(lib.future_set_error(s.handles[h], make_error(K.E_USER, text))),
    "cancel": lambda s, h, *why: must(lib.future_cancel(s.handles[h], make(*why) if why else None)) == 1,
    "state": lambda s, h: state_of(s.handles[h]),
    "uncallback": lambda s, h, text: (
        text, lib.future_remove_done_callback(s.handles[h], None, s.callbacks.get((h, text), 0))),
    "nested": lambda s, h: outcome(lib.loop_run_until_complete(s.loop, s.handles[h])),
    "tasks": lambda s: sorted(filter(None, map(name_of, s.all_tasks()))),
    "current": lambda s: name_of(s.current()),
    "name": lambda s, h: (lib.task_name(s.handles[h]) or b"refused").decode(),
    "cancel_self": lambda s: must(lib.future_cancel(s.current(), None)) == 1,
    "cancelling": lambda s: lib.task_cancelling(s.current()),
    "uncancel": lambda s: lib.task_uncancel(s.current()),
    "ctx_get": lambda s, x: s.context_get(x),
    "add": lambda s, v, number: s.add(v, number),
    "locked": lambda s, n: bool(s.of_lock(n, lib.lock_locked, lib.semaphore_locked)),
    "release": lambda s, n: outcome(s.of_lock(n, lib.lock_unlock, lib.semaphore_post)),
    "notify_all": lambda s, n: outcome(lib.condition_notify(s.things[n][1], ALL)),
    "barrier_state": lambda s, n: (
        lib.barrier_n_waiting(s.things[n][1]), bool(lib.barrier_broken(s.things[n][1]))),
    "put_nowait": lambda s, n, item: outcome(s.put(lib.queue_put_nowait, n, item), item),
    "get_nowait": lambda s, n: s.get_nowait(n),
    "reschedule": lambda s, n, ms: outcome(
        lib.timeout_scope_reschedule(s.things[n][1], nanoseconds(ms, K.NEVER, lib.loop_time(s.loop)))),
}
# They await what the library gives, and are logged with all their arguments then,
AWAITS = {
    "acquire": lambda s, n: s.of_lock(n, lib.lock_acquire, lib.semaphore_acquire),
    "put": lambda s, n, item: s.put(lib.queue_put, n, item),
}
# or with the first one and the result.
RESULTS = {
    "await": lambda s, h: lib.future_retain(s.handles[h]),
    "wait_for": lambda s, h, ms: lib.wait_for(s.loop, lib.future_retain(s.handles[h]), nanoseconds(ms)),
}


def on_things(table, reading, **functions):
    """More rows: steps on a thing that are one function of it."""
    for op, name in functions.items():
        table[op] = lambda s, n, *a, name=name: reading(getattr(lib, name)(s.things[n][1], *a))


on_things(DOES, must, event_set="event_set", event_clear="event_clear", shutdown="queue_shutdown")
on_things(SAYS, outcome, notify="condition_notify", task_done="queue_task_done")
on_things(SAYS, int, qsize="queue_qsize")
on_things(SAYS, bool, expired="timeout_scope_expired")
on_things(SAYS, milliseconds, when="timeout_scope_when")
on_things(AWAITS, int, event_wait="event_wait", cond_wait="condition_wait", join="queue_join",
          barrier_reset="barrier_reset", barrier_abort="barrier_abort")
on_things(RESULTS, int, barrier_wait="barrier_wait", get="queue_get")


def main():
    arguments, capacity = sys.argv[1:], 1
    if len(arguments) == 2 and arguments[0] == "--self":
        return binding.check(arguments[1])
    if arguments[:1] == ["--events"]:
        capacity, arguments = int(arguments[1]), arguments[2:]
    if len(arguments) < 2:
        raise SystemExit(__doc__.split("\n\n")[1])
    path, *files = arguments
    lib.open(path)
    streamed = files == ["-"]
    for file in map(str.strip, sys.stdin) if streamed else files:
        if streamed or len(files) > 1:
            print("===", file)
        print("\n".join(Scenario(json.loads(pathlib.Path(file).read_text()), capacity).run()), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
