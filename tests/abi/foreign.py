#!/usr/bin/env python3
"""The first foreign language: ctypes over the shared library, and the conformance runner `ctypes`.

    foreign.py LIB FILE...               prints the traces, each after a line `=== FILE` when there are several
    foreign.py --events N LIB FILE...    the same, pulling up to N events at a time instead of one
    foreign.py --self LIB                checks what is written down here against the headers and the library

Owns:          a loop with a virtual clock, which is pulled. Coroutines are Python generators.
Must not know: anything but the public headers; no lock, queue or combinator is written again here.
Threads:       one.
Why:           no C function ever calls Python. What a language without cheap callbacks needs (Go, a runtime with
               stacks of its own) must be sayable by pull, and whatever is not shows here first.

What the library cannot say by pull is written in Python below, each time from the library's own parts: `run_forever`,
`run_until_complete` and the cleanup of asyncio.run(), since those functions block, and `cond_wait_for`, whose predicate
is a callback.
"""
import ctypes
import itertools
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
from ctypes import POINTER, byref, c_char_p, c_int32, c_int64, c_size_t, c_uint32, c_uint64, c_void_p

HEADERS = pathlib.Path(__file__).resolve().parents[2] / "core/include"
VERSION = 0 << 16 | 1 << 8 | 0
FOREVER, NEVER, ALL = 2**63 - 1, 2**64 - 1, c_size_t(-1).value
START, MS = 3600 * 10**9, 10**6    # the clock's first instant, which traces call 0; ns in a ms
WHERE = b"foreign.py"


class K:
    """The constants in use, without their ANYLOOP_."""
    OK, E_CLOSED, E_CANCELLED, E_TIMED_OUT, E_USER = 0, -3, -4, -5, -6
    E_STATE, E_RUNNING, E_AGAIN, E_FULL, E_EMPTY, E_SHUTDOWN, E_BROKEN = -2, -11, -12, -13, -14, -15, -16
    E_NOT_HELD, E_SELF_AWAIT, E_GROUP, E_TYPE, E_NOT_FOUND, E_END = -17, -18, -21, -24, -25, -26
    NONE, BOOL, INT, FLOAT, TEXT, LIST, ERROR, FUTURE = 0, 1, 2, 3, 4, 6, 7, 8
    PENDING, RESULT, FAILED, CANCELLED = 0, 1, 2, 3
    READY, KIND_TASK, RETURN_EXCEPTIONS = 1, 1, 1
    EVENT_START, EVENT_CLOSE = 0, 3
    STEP_RETURN, STEP_RAISE, STEP_CANCELLED, STEP_AWAIT, STEP_YIELD = 0, 1, 2, 16, 17
    TURN_STEP, TURN_CALLBACK, TURN_DONE, TURN_DROP = 1, 2, 3, 4
    LOOP_VIRTUAL_CLOCK, TASK_EAGER, SEMAPHORE_BOUNDED = 1, 1, 1
    QUEUE_FIFO, QUEUE_LIFO, QUEUE_PRIORITY = 0, 1, 2
    FIRST_COMPLETED, FIRST_EXCEPTION, ALL_COMPLETED = 1, 2, 3


class Value(ctypes.Structure):
    C = "anyloop_value"
    _fields_ = [("kind", c_uint32), ("flags", c_uint32), ("bits", c_uint64), ("size", c_uint64), ("owner", c_uint64)]


class Options(ctypes.Structure):
    """One that begins with its own size."""

    def __init__(self, **fields):
        super().__init__(struct_size=ctypes.sizeof(type(self)), **fields)


class LoopOptions(Options):
    C = "anyloop_loop_options"
    _fields_ = [("struct_size", c_uint32), ("flags", c_uint32), ("virtual_start", c_uint64), ("allocator", c_void_p),
                ("close_timeout", c_int64)]


class CoroutineOptions(Options):
    C = "anyloop_coroutine_options"
    _fields_ = [("struct_size", c_uint32), ("reserved", c_uint32), ("name", c_char_p), ("step", c_void_p),
                ("frame", c_void_p), ("frame_size", c_uint64), ("drop", c_void_p), ("user_data", c_uint64)]


class TaskOptions(Options):
    C = "anyloop_task_options"
    _fields_ = [("struct_size", c_uint32), ("flags", c_uint32), ("name", c_char_p), ("context", c_void_p)]


class TurnEvent(ctypes.Structure):
    C = "anyloop_turn_event"
    _fields_ = [("user_data", c_uint64), ("object", c_uint64), ("kind", c_uint32), ("detail", c_uint32),
                ("reserved", c_uint64)]


class TurnInfo(Options):
    C = "anyloop_turn_info"
    _fields_ = [("struct_size", c_uint32), ("events", c_uint32), ("next_deadline", c_uint64), ("stopped", c_uint32),
                ("deadlock", c_uint32), ("interrupted", c_uint32), ("status", c_int32)]


STRUCTS = (Value, LoopOptions, CoroutineOptions, TaskOptions, TurnEvent, TurnInfo)

# The functions in use, by signature: the result, the arguments, the names.
TYPES = {"v": None, "p": c_void_p, "s": c_char_p, "V": POINTER(Value), "i": c_int32, "u": c_uint32, "l": c_int64,
         "L": c_uint64, "z": c_size_t}
FUNCTIONS = {name: (result, arguments) for result, arguments, *names in map(str.split, """
    V V error_children
    i V error_code
    v V value_retain value_release
    p Vp error_text
    L p loop_time timeout_scope_when
    V p future_result future_error task_awaited
    i p loop_close loop_is_closed loop_stop handle_cancel future_error_code timeout_scope_expired lock_unlock
    i p lock_locked event_set event_clear semaphore_post semaphore_locked barrier_broken queue_task_done
    p p current_task future_loop future_retain completions_next completions_next_future lock_acquire event_wait
    p p condition_lock condition_wait semaphore_acquire barrier_wait barrier_reset barrier_abort queue_get queue_join
    s p task_name
    u p future_state future_kind task_outcome task_cancelling task_uncancel barrier_n_waiting
    v p loop_release handle_release future_release timeout_scope_release group_release completions_release lock_release
    v p event_release condition_release semaphore_release barrier_release queue_release contextvar_release
    z p queue_qsize
    i pL loop_wait timeout_scope_reschedule
    i pLp timeout_scope_new
    i pLpup loop_turn
    i pV future_set_result future_set_error future_cancel queue_get_nowait
    v pV task_return task_raise_error
    i pVl queue_put_nowait
    p pVl queue_put
    i pVzV value_list
    i pi task_stepped queue_shutdown
    i piszV value_error
    p pl sleep
    p plp timeout
    i plpppp loop_call_later
    i pp new_event_loop loop_run_until_complete future_new group_new lock_new event_new
    p pp coroutine_create_with shield timeout_scope_run group_run
    i ppV contextvar_get contextvar_set
    p ppl wait_for
    i ppp loop_set_log condition_new
    p ppp create_task group_create_task
    u ppp future_remove_done_callback
    i pppp future_add_done_callback
    i ppppp loop_call_soon
    i pps task_await
    z ppz all_tasks
    i ppzlp as_completed
    p ppzu gather
    p ppzul wait
    i ps task_set_name
    i pszV value_text
    i pup barrier_new
    i puup semaphore_new
    i pz condition_notify
    i pzup queue_new
    i sp contextvar_new
    i u abi_check
""".strip().splitlines()) for name in names}


class Library:
    def __init__(self, path):
        dll = ctypes.CDLL(path)
        for name, (result, arguments) in FUNCTIONS.items():
            function = dll["anyloop_" + name]
            function.restype, function.argtypes = TYPES[result], [TYPES[letter] for letter in arguments]
            setattr(self, name, function)
        if self.abi_check(VERSION) != K.OK:
            raise SystemExit(f"{path} is another version")


lib = None


# ---- values

class Raised(Exception):
    """An error or a cancellation of the library's, which holds the value whole."""

    def __init__(self, value):
        self.value = value             # owned
        self.code = lib.error_code(value)
        self.cancelled = self.code == K.E_CANCELLED

    def __del__(self):
        lib.value_release(self.value)

    def given(self):
        """A copy to give away."""
        lib.value_retain(self.value)
        return byref(Value.from_buffer_copy(self.value))

    def __str__(self):
        return text_of(self.value)


ERROR_TEXTS = {K.E_TIMED_OUT: "timeout", K.E_BROKEN: "broken", K.E_EMPTY: "empty", K.E_FULL: "full",
               K.E_SHUTDOWN: "shutdown", K.E_SELF_AWAIT: "self_await", K.E_NOT_HELD: "not_held", K.E_STATE: "invalid"}


def text_of(error):
    code, size = lib.error_code(error), c_size_t()
    text = ctypes.string_at(lib.error_text(error, byref(size)), size.value).decode()
    if code == K.E_CANCELLED:
        return f"cancelled({text})" if text else "cancelled"
    if code == K.E_GROUP:
        return "group(" + ",".join(text_of(child) for child in items(lib.error_children(error)[0])) + ")"
    return text if code == K.E_USER else ERROR_TEXTS.get(code, f"error {code}: {text}")


def items(value):
    return (Value * value.size).from_address(value.bits) if value.size else []


def read(value):
    """What a borrowed value says: an error becomes Raised, a future its address."""
    if value.kind == K.ERROR:
        lib.value_retain(value)
        return Raised(Value.from_buffer_copy(value))
    if value.kind == K.LIST:
        return [read(item) for item in items(value)]
    if value.kind == K.TEXT:
        return ctypes.string_at(value.bits, value.size).decode()
    if value.kind in (K.INT, K.FUTURE):
        return c_int64(value.bits).value
    return {K.NONE: None, K.BOOL: bool(value.bits)}[value.kind]


def take(value):
    """The same of an owned one."""
    said = read(value)
    lib.value_release(value)
    return said


def make(what):
    """A value to give away."""
    value = Value()
    if isinstance(what, str):
        text = what.encode()
        must(lib.value_text(None, text, len(text), value))
    elif isinstance(what, list):
        must(lib.value_list(None, (Value * len(what))(*map(make, what)), len(what), value))
    elif what is not None:
        value.kind, value.bits = K.BOOL if isinstance(what, bool) else K.INT, what
    return value


def make_error(code, text=None):
    value, text = Value(), text and text.encode()
    must(lib.value_error(None, code, text, len(text or b""), value))
    return value


def word(w):
    if w is None or isinstance(w, bool):
        return str(w).lower()
    if isinstance(w, list):
        return "[" + ",".join(map(word, w)) + "]"
    return f"!{w}" if isinstance(w, Raised) else str(w)


# ---- what the library answers

class Refused(Exception):
    """The word for a script step that came to nothing: closed, stopped, deadlock."""


def must(status):
    if status == K.E_CLOSED:
        raise Refused("closed")
    assert status >= 0, f"status {status}"
    return status


def outcome(status):
    if status == K.E_CLOSED:
        raise Refused("closed")
    return "invalid" if status < 0 else "ok"


def queue_word(status):
    """How a queue refuses for the state that it is in; None when it does not."""
    if status in (K.E_FULL, K.E_EMPTY, K.E_SHUTDOWN):
        return "!" + ERROR_TEXTS[status]
    must(status)


def refusal(future):
    """The code, when a call that gives a future refused instead: it gave a constant."""
    return K.OK if lib.future_loop(future) else lib.future_error_code(future)


def given(future):
    """A call's future, unless the loop is closed."""
    must(refusal(future))
    return future


def new(function, *arguments):
    out = c_void_p()
    must(function(*arguments, byref(out)))
    return out.value


def array(futures):
    """Of futures to give away."""
    return (c_void_p * len(futures))(*map(lib.future_retain, futures)), len(futures)


def nanoseconds(ms):
    return FOREVER if ms is None else ms * MS


def state_of(future):
    state = lib.future_state(future)
    if state == K.FAILED:
        return "error:" + text_of(lib.future_error(future))
    return "result:" + word(read(lib.future_result(future)[0])) if state == K.RESULT else \
        {K.PENDING: "pending", K.CANCELLED: "cancelled"}[state]


class Return:
    """What a body hands up once a 'return' step has run."""

    def __init__(self, value):
        self.value = value


YIELD = object()                       # what a generator yields instead of a future
MODES = {"first": K.FIRST_COMPLETED, "error": K.FIRST_EXCEPTION, "all": K.ALL_COMPLETED}
ORDERS = {"fifo": K.QUEUE_FIFO, "lifo": K.QUEUE_LIFO, "priority": K.QUEUE_PRIORITY}

# What the first argument of a step names; the step is passed over when there is no such thing.
OF_HANDLES = ("gather", "wait", "as_completed", "each_completed")
OF_HANDLE = ("set", "fail", "cancel", "state", "callback", "uncallback", "ctx_callback", "name", "rename", "await",
             "wait_for", "shield", "nested", "run")
OF_THING = ("acquire", "release", "locked", "event_set", "event_clear", "event_wait", "put", "get", "put_nowait",
            "get_nowait", "task_done", "join", "qsize", "shutdown", "notify", "notify_all", "cond_wait",
            "cond_wait_for", "barrier_wait", "barrier_reset", "barrier_abort", "barrier_state", "reschedule", "expired",
            "when")

# Steps that are an await on a thing and nothing else.
AWAITS = {"event_wait": "event_wait", "cond_wait": "condition_wait", "barrier_wait": "barrier_wait",
          "barrier_reset": "barrier_reset", "barrier_abort": "barrier_abort", "get": "queue_get", "join": "queue_join"}


class Scenario:
    def __init__(self, doc, capacity):
        self.coros, self.script, self.capacity = doc.get("coros", {}), doc["script"], capacity
        self.handles, self.things, self.timers = {}, {}, {}    # the library's, owned
        self.variables, self.contextvars, self.iterations = {}, {}, []
        self.integers = itertools.count(1)
        self.pulled = {}               # integer -> the generator or function, until it comes back
        self.listeners = {}            # the same for done callbacks: integer -> [function, how often it is out]
        self.callbacks = {}            # (handle, text) -> the one integer of the function that logs it
        self.trace = []
        options = LoopOptions(flags=K.LOOP_VIRTUAL_CLOCK, virtual_start=START)
        self.loop = new(lib.new_event_loop, byref(options))
        must(lib.loop_set_log(self.loop, None, None))

    def log(self, who, *words):
        self.trace.append(" ".join([str(self.ms(lib.loop_time(self.loop))), who, *map(word, words)]))

    @staticmethod
    def ms(time):
        return None if time == NEVER else (time - START) // MS

    # ---- pulling

    def hand_back(self, integer):
        """It came back, or was refused."""
        if integer in self.pulled:
            return self.pulled.pop(integer)
        entry = self.listeners[integer]
        entry[1] -= 1
        if entry[1] == 0:
            del self.listeners[integer]
        return entry[0]

    def register(self, what, pass_on):
        """Give an integer for `what` to the library."""
        integer = next(self.integers)
        self.pulled[integer] = what
        self.unless_refused(integer, pass_on(integer))

    def listen(self, future, function, integer=None):
        """The same for a done callback; one that is there already is added once more."""
        integer = integer or next(self.integers)
        self.listeners.setdefault(integer, [function, 0])[1] += 1
        self.unless_refused(integer, lib.future_add_done_callback(future, None, integer, None))
        return integer

    def unless_refused(self, integer, status):
        if status != K.OK:
            self.hand_back(integer)
        must(status)

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
        generator = self.pulled[integer]
        answer = K.STEP_RETURN
        if event == K.EVENT_CLOSE:
            generator.close()
        else:
            answer = self.answer(task, generator, event)
        if answer < K.STEP_AWAIT:
            self.hand_back(integer)
        must(lib.task_stepped(task, answer))

    def answer(self, task, generator, event):
        try:
            while True:
                if event != K.EVENT_START and lib.task_outcome(task) != K.RESULT:
                    wish = generator.throw(read(lib.task_awaited(task)[0]))
                else:
                    wish = generator.send(None if event == K.EVENT_START else read(lib.task_awaited(task)[0]))
                if wish is YIELD:
                    return K.STEP_YIELD
                if lib.task_await(task, wish, WHERE) == K.PENDING:
                    return K.STEP_AWAIT
                event = K.READY
        except StopIteration as end:
            lib.task_return(task, make(end.value))
            return K.STEP_RETURN
        except Raised as error:
            lib.task_raise_error(task, error.given())
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
        self.refuse_closed()
        integer = self.listen(future, lambda future: must(lib.loop_stop(self.loop)))
        try:
            self.run_forever()
        finally:
            lib.future_remove_done_callback(future, None, integer)
        state = lib.future_state(future)
        if state == K.PENDING:
            raise Refused("stopped")
        if state != K.RESULT:
            raise read(lib.future_error(future)[0])
        return read(lib.future_result(future)[0])

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
                self.run_and_release(lib.gather(self.loop, *array(tasks), K.RETURN_EXCEPTIONS))
            for _ in range(2):         # its generators' shutdown and its executor's
                self.run_and_release(self.task(self.nothing(), ""))
        finally:
            self.close()

    def run_and_release(self, future):
        try:
            return self.run_until_complete(given(future))
        finally:
            lib.future_release(future)

    def all_tasks(self):
        count = lib.all_tasks(self.loop, None, 0)
        tasks = (c_void_p * count)()
        lib.all_tasks(self.loop, tasks, count)
        return list(tasks)

    # ---- making

    def coroutine(self, generator, name=""):
        """Those without a name are no scenario's own; `tasks` does not list them."""
        integer = next(self.integers)
        options = CoroutineOptions(name=name.encode(), user_data=integer)
        coroutine = given(lib.coroutine_create_with(self.loop, byref(options)))
        self.pulled[integer] = generator
        return coroutine, integer

    def task(self, generator, name):
        return given(lib.create_task(self.loop, self.coroutine(generator, name)[0], None))

    def eager(self, coro, name):
        coroutine, integer = self.coroutine(self.coro(coro, name), name)
        task = given(lib.create_task(self.loop, coroutine, byref(TaskOptions(flags=K.TASK_EAGER))))
        if lib.current_task(self.loop) == task:
            self.step(task, integer, K.EVENT_START)
            while lib.current_task(self.loop) == task:
                self.pull()
        return task

    def put(self, table, name, entry):
        """What had the name before is let go of."""
        before, table[name] = table.get(name), entry
        self.let_go(table, before)

    def let_go(self, table, entry):
        if entry is None:
            return
        if table is self.things:
            getattr(lib, entry[0] + "_release")(entry[1])
        else:
            (lib.future_release if table is self.handles else lib.handle_release)(entry)

    def thing(self, name, kind, function, *arguments, by_priority=False):
        self.put(self.things, name, (kind, new(function, *arguments), by_priority))

    def look_up(self, op, a):
        """What a step calls: the thing, or a condition's lock; is it a semaphore, a priority queue?"""
        kind, pointer, by_priority = self.things[a[0]] if op in OF_THING else (None, None, False)
        if kind == "condition" and op in ("acquire", "release", "locked"):
            pointer = lib.condition_lock(pointer)
        return pointer, kind == "semaphore", by_priority

    def contextvar(self, name):
        if name not in self.contextvars:
            self.contextvars[name] = new(lib.contextvar_new, name.encode())
        return self.contextvars[name]

    def context_get(self, name):
        value = Value()
        status = lib.contextvar_get(self.loop, self.contextvar(name), value)
        return None if status == K.E_NOT_FOUND or must(status) else take(value)

    # ---- coroutines; each yields futures, which it gives away

    def nothing(self):
        return
        yield

    def coro(self, name, who):
        self.log(who, "start")
        try:
            result = yield from self.body(self.coros[name], who, None)
        except Raised as error:
            self.log(who, "end", str(error) if error.cancelled else error)
            raise
        value = result.value if result else None
        self.log(who, "end", value)
        return value

    def main(self, name, handle):
        task = lib.current_task(self.loop)
        self.put(self.handles, handle, lib.future_retain(task))
        must(lib.task_set_name(task, handle.encode()))
        return (yield from self.coro(name, handle))

    def body(self, steps, who, group):
        for op, *a in steps:
            if self.missing(op, a, who) or self.plain(op, a, who) or self.poke(op, a, who):
                continue
            result = yield from self.suspending(op, a, who, group)
            if result:
                return result

    def missing(self, op, a, who):
        if op in OF_HANDLES:
            known = all(n in self.handles for n in a[0]) and (op != "wait" or a[0])
        elif op in OF_HANDLE:
            known = a[0] in self.handles
        elif op in OF_THING:
            known = a[0] in self.things and (op != "cond_wait_for" or a[1] in self.variables)
        elif op == "condition":
            known = all(n in self.things for n in a[1:])
        elif op == "unlater":
            known = a[0] in self.timers
        else:
            known = op != "add" or a[0] in self.variables
        if not known:
            self.log(who, op, "missing")
        return not known

    def plain(self, op, a, who):
        """Steps on loop, futures and tasks that never suspend. False for other steps."""
        loop, h = self.loop, self.handles
        future = h.get(a[0]) if op in OF_HANDLE else None
        if op == "log":
            self.log(who, "log", a[0])
        elif op == "spawn":
            self.put(h, a[1], self.task(self.coro(*a), a[1]))
        elif op == "eager":
            self.put(h, a[1], self.eager(*a))
        elif op == "future":
            self.put(h, a[0], new(lib.future_new, loop))
        elif op in ("set", "fail"):
            status = lib.future_set_result(future, make(a[1])) if op == "set" else \
                lib.future_set_error(future, make_error(K.E_USER, a[1]))
            self.log(who, op, a[0], "refused" if status == K.E_TYPE else outcome(status))
        elif op == "cancel":
            self.log(who, op, a[0], must(lib.future_cancel(future, make(a[1]) if a[1:] else None)) == 1)
        elif op == "state":
            self.log(who, op, a[0], state_of(future))
        elif op == "callback":
            integer = self.callbacks.setdefault((a[0], a[1]), next(self.integers))
            self.listen(future, lambda future: self.log("loop", op, a[1], a[0], state_of(future)), integer)
        elif op == "uncallback":
            self.log(who, op, *a, lib.future_remove_done_callback(future, None, self.callbacks.get((a[0], a[1]), 0)))
        elif op == "ctx_callback":
            self.listen(future, lambda future: self.log("loop", op, *a, self.context_get(a[1])))
        elif op in ("soon", "ctx_soon"):
            self.register(lambda: self.log("loop", op, a[0], *[self.context_get(a[0])] * (op == "ctx_soon")),
                          lambda integer: lib.loop_call_soon(loop, None, integer, None, None))
        elif op == "later":
            timer = c_void_p()
            self.register(lambda: self.log("loop", op, a[1]),
                          lambda integer: lib.loop_call_later(loop, a[0] * MS, None, integer, None, byref(timer)))
            self.put(self.timers, a[2], timer.value)
        elif op == "stop_later":
            self.register(lambda: must(lib.loop_stop(loop)),
                          lambda integer: lib.loop_call_later(loop, a[0] * MS, None, integer, None, None))
        elif op == "unlater":
            must(lib.handle_cancel(self.timers[a[0]]))
        elif op == "stop":
            must(lib.loop_stop(loop))
        elif op == "gather":
            flags = K.RETURN_EXCEPTIONS if a[1] else 0
            self.put(h, a[2], given(lib.gather(loop, *array([h[n] for n in a[0]]), flags)))
        elif op == "shield":
            self.put(h, a[1], given(lib.shield(loop, lib.future_retain(future))))
        elif op == "nested":
            assert lib.loop_run_until_complete(loop, future) == K.E_RUNNING
            self.log(who, op, a[0], "refused")
        elif op == "tasks":
            names = [lib.task_name(task).decode() for task in self.all_tasks()]
            self.log(who, op, sorted(filter(None, names)))
        elif op == "current":
            task = lib.current_task(loop)
            self.log(who, op, lib.task_name(task).decode() if task else None)
        elif op == "name":
            name = lib.task_name(future)
            self.log(who, op, a[0], "refused" if name is None else name.decode())
        elif op == "rename":
            if lib.task_set_name(future, a[1].encode()) == K.E_TYPE:
                self.log(who, op, a[0], "refused")
        elif op == "ctx_set":
            must(lib.contextvar_set(loop, self.contextvar(a[0]), make(a[1])))
        elif op == "ctx_get":
            self.log(who, op, a[0], self.context_get(a[0]))
        else:
            return False
        return True

    def poke(self, op, a, who):
        """Steps on variables, locks and the like that never suspend. False for other steps."""
        loop = self.loop
        pointer, units, by_priority = self.look_up(op, a)
        if op in ("lock", "event"):
            self.thing(a[0], op, getattr(lib, op + "_new"), loop)
        elif op == "semaphore":
            self.thing(a[0], op, lib.semaphore_new, loop, a[1], K.SEMAPHORE_BOUNDED if a[2:] == ["bounded"] else 0)
        elif op == "queue":
            order = a[2] if a[2:] else "fifo"
            self.thing(a[0], op, lib.queue_new, loop, a[1], ORDERS[order], by_priority=order == "priority")
        elif op == "condition":
            self.thing(a[0], op, lib.condition_new, loop, *[self.things[n][1] for n in a[1:]] or [None])
        elif op == "barrier":
            self.thing(a[0], op, lib.barrier_new, loop, a[1])
        elif op == "var":
            self.variables[a[0]] = a[1]
        elif op == "add":
            self.variables[a[0]] += a[1]
            self.log(who, op, a[0], self.variables[a[0]])
        elif op == "locked":
            self.log(who, op, a[0], bool((lib.semaphore_locked if units else lib.lock_locked)(pointer)))
        elif op == "release":
            self.log(who, op, a[0], outcome((lib.semaphore_post if units else lib.lock_unlock)(pointer)))
        elif op in ("notify", "notify_all"):
            self.log(who, op, a[0], outcome(lib.condition_notify(pointer, *a[1:] or [ALL])))
        elif op in ("event_set", "event_clear"):
            must(getattr(lib, op)(pointer))
        elif op == "put_nowait":
            status = lib.queue_put_nowait(pointer, make(a[1]), a[1][0] if by_priority else 0)
            self.log(who, op, a[0], queue_word(status) or a[1])
        elif op == "get_nowait":
            value = Value()
            status = lib.queue_get_nowait(pointer, value)
            self.log(who, op, a[0], queue_word(status) or take(value))
        elif op == "task_done":
            self.log(who, op, a[0], outcome(lib.queue_task_done(pointer)))
        elif op == "qsize":
            self.log(who, op, a[0], lib.queue_qsize(pointer))
        elif op == "shutdown":
            must(lib.queue_shutdown(pointer, a[1]))
        elif op == "barrier_state":
            self.log(who, op, a[0], lib.barrier_n_waiting(pointer), bool(lib.barrier_broken(pointer)))
        elif op == "expired":
            self.log(who, op, a[0], bool(lib.timeout_scope_expired(pointer)))
        elif op == "when":
            self.log(who, op, a[0], self.ms(lib.timeout_scope_when(pointer)))
        else:
            return False
        return True

    def inside(self, steps, who, group, around):
        """Run the steps as a coroutine of their own, which `around` takes and gives something to await for."""
        results = []

        def body():
            results.append((yield from self.body(steps, who, group)))

        yield around(self.coroutine(body())[0])
        return results[0]

    def suspending(self, op, a, who, group):
        loop, h = self.loop, self.handles
        pointer, units, by_priority = self.look_up(op, a)
        if op == "sleep":
            yield lib.sleep(loop, a[0] * MS)
        elif op == "yield":
            yield YIELD
        elif op == "await":
            self.log(who, op, a[0], (yield lib.future_retain(h[a[0]])))
        elif op == "wait":
            done, pending = yield lib.wait(loop, *array([h[n] for n in a[0]]), MODES[a[1]], nanoseconds(a[2]))
            self.log(who, op, [n for n in a[0] if h[n] in done], [n for n in a[0] if h[n] in pending])
        elif op == "wait_for":
            self.log(who, op, a[0], (yield lib.wait_for(loop, lib.future_retain(h[a[0]]), nanoseconds(a[1]))))
        elif op == "call":
            coroutine = self.coroutine(self.coro(a[0], a[1]))[0]
            self.log(who, op, a[1], (yield lib.wait_for(loop, coroutine, nanoseconds(a[2]))))
        elif op in ("as_completed", "each_completed"):
            return (yield from self.completions(op, *a, who, group))
        elif op in ("timeout", "timeout_at"):
            return (yield from self.timeout(op, *a, who=who, group=group))
        elif op == "reschedule":
            deadline = NEVER if a[1] is None else lib.loop_time(loop) + a[1] * MS
            self.log(who, op, a[0], outcome(lib.timeout_scope_reschedule(pointer, deadline)))
        elif op == "group":
            inner = new(lib.group_new, loop)
            try:
                result = yield from self.inside(a[0], who, inner, lambda body: lib.group_run(inner, body))
            finally:
                lib.group_release(inner)
            self.log(who, op, "ok")
            return result
        elif op == "group_spawn":
            task = lib.group_create_task(group, self.coroutine(self.coro(a[0], a[1]), a[1])[0], None)
            if refusal(task) == K.E_STATE:
                self.log(who, op, a[1], "refused")
            else:
                self.put(h, a[1], given(task))
        elif op == "try":
            return (yield from self.attempt(*a, who, group))
        elif op == "return":
            return Return(a[0])
        elif op == "raise":
            raise Raised(make_error(K.E_USER, a[0]))
        elif op == "raise_cancelled":
            raise Raised(make_error(K.E_CANCELLED))
        elif op == "cancel_self":
            self.log(who, op, must(lib.future_cancel(lib.current_task(loop), None)) == 1)
        elif op == "cancelling":
            self.log(who, op, lib.task_cancelling(lib.current_task(loop)))
        elif op == "uncancel":
            self.log(who, op, lib.task_uncancel(lib.current_task(loop)))
        elif op == "repeat":
            for _ in range(a[0]):
                result = yield from self.body(a[1], who, group)
                if result:
                    return result
        elif op == "acquire":
            yield (lib.semaphore_acquire if units else lib.lock_acquire)(pointer)
            self.log(who, op, a[0])
        elif op in AWAITS:
            said = yield getattr(lib, AWAITS[op])(pointer)
            self.log(who, op, a[0], *[said] * (op in ("get", "barrier_wait")))
        elif op == "cond_wait_for":
            while self.variables[a[1]] < a[2]:
                yield lib.condition_wait(pointer)
            self.log(who, op, a[0], self.variables[a[1]])
        elif op == "put":
            yield lib.queue_put(pointer, make(a[1]), a[1][0] if by_priority else 0)
            self.log(who, op, a[0], a[1])
        else:
            raise SystemExit(f"unknown step {op}")

    def completions(self, op, names, ms, steps, who, group):
        futures = [self.handles[n] for n in names]
        name_of = {future: name for name, future in reversed(list(zip(names, futures)))}
        iteration = new(lib.as_completed, self.loop, *array(futures), nanoseconds(ms))
        self.iterations.append(iteration)    # one that is left keeps its timer, as asyncio's does
        while True:
            each = op == "each_completed"
            following = (lib.completions_next_future if each else lib.completions_next)(iteration)
            if refusal(following) == K.E_END:
                return None
            try:
                item = yield following
            except Raised as error:
                if error.cancelled or each:
                    raise
                item = error
            self.log(who, op, name_of[item] if each else item)
            result = yield from self.body(steps, who, group)
            if result:
                return result

    def timeout(self, op, ms, steps, *name, who, group):
        deadline = NEVER if ms is None else ms * MS + (START if op == "timeout_at" else lib.loop_time(self.loop))
        if op == "timeout" and not name:
            result = yield from self.inside(steps, who, group,
                                            lambda body: lib.timeout(self.loop, nanoseconds(ms), body))
        else:
            scope = new(lib.timeout_scope_new, self.loop, deadline)
            for n in name:
                self.put(self.things, n, ("timeout_scope", scope, False))
            try:
                result = yield from self.inside(steps, who, group, lambda body: lib.timeout_scope_run(scope, body))
            finally:
                if not name:
                    lib.timeout_scope_release(scope)
        self.log(who, op, "passed")
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
            if final is not None:
                yield from self.body(final, who, group)

    # ---- the script, which stands outside the loop

    def run(self):
        for op, *a in self.script:
            try:
                if not self.missing(op, a, "script"):
                    self.drive(op, a)
            except Refused as why:
                self.log("script", op, *a[:1], str(why))
            except Raised as error:
                self.log("script", op, *a[:1], error)
        self.end()
        return self.trace

    def drive(self, op, a):
        if op == "run":
            future = lib.future_retain(self.handles[a[0]])
            self.log("script", op, a[0], self.run_and_release(future))
        elif op == "forever":
            self.run_forever()
            self.log("script", op, "stopped")
        elif op == "main":
            try:
                result = self.run_and_release(self.task(self.main(*a), ""))
            finally:
                self.finish()
            self.log("script", op, a[0], result)
        elif op == "finish":
            self.finish()
            self.log("script", op, bool(lib.loop_is_closed(self.loop)))
        elif op == "cancel_all":
            for task in list(self.handles.values()):
                if lib.future_kind(task) == K.KIND_TASK and lib.future_state(task) == K.PENDING:
                    must(lib.future_cancel(task, None))
        elif op == "close":
            self.close()
            self.log("script", op, bool(lib.loop_is_closed(self.loop)))
        elif not self.plain(op, a, "script") and not self.poke(op, a, "script"):
            raise SystemExit(f"unknown step {op}")

    def end(self):
        """Let go of everything. All integers must be back then, but those of done callbacks that outlived the close."""
        early = lib.loop_is_closed(self.loop)
        for table in (self.handles, self.things, self.timers):
            for entry in table.values():
                self.let_go(table, entry)
        for iteration in self.iterations:
            lib.completions_release(iteration)
        for var in self.contextvars.values():
            lib.contextvar_release(var)
        self.close()
        lib.loop_release(self.loop)
        assert not self.pulled and (early or not self.listeners), f"never came back: {self.pulled} {self.listeners}"


# ---- --self

LETTERS = {"void": "v", "int32_t": "i", "anyloop_status": "i", "uint32_t": "u", "int64_t": "l", "uint64_t": "L",
           "size_t": "z", "double": "d"}
PROTOTYPE = re.compile(r"^ANYLOOP_API (?:ANYLOOP_OWNED )?([^;{]*?)\banyloop_(\w+)\(([^;{]*)\);", re.M | re.S)


def letter_of(declared):
    """How ctypes must pass a C type: pointers are one letter, since c_void_p takes them all."""
    words = declared.replace("*", " * ").split()
    plain = [w for w in words if w != "const"]
    if "*" in words or (plain and plain[0].endswith("_fn")):
        return "p"
    return LETTERS[plain[0]]


def check_self(path):
    troubles = []
    dll = ctypes.CDLL(path)
    declared = {}
    for header in sorted((HEADERS / "anyloop").glob("*.h")):
        for result, name, arguments in PROTOTYPE.findall(header.read_text()):
            arguments = "" if arguments.strip() == "void" else "".join(map(letter_of, arguments.split(",")))
            declared[name] = letter_of(result), arguments
    for name in declared:
        if not hasattr(dll, "anyloop_" + name):
            troubles.append(f"anyloop_{name} is declared and not in {path}")
    for name, said in FUNCTIONS.items():
        said = tuple(re.sub("[sV]", "p", letters) for letters in said)
        if declared.get(name) != said:
            troubles.append(f"anyloop_{name} is {declared.get(name)} in the headers and {said} here")

    constants = {name: value for name, value in vars(K).items() if name.isupper()}
    constants.update(VERSION=VERSION, FOREVER=FOREVER, NEVER=NEVER)
    said = {f"ANYLOOP_{name}": value & NEVER for name, value in constants.items()}
    for struct in STRUCTS:
        said[f"sizeof({struct.C})"] = ctypes.sizeof(struct)
        for name, _ in struct._fields_:
            field = getattr(struct, name)
            said[f"offsetof({struct.C}, {name})"] = field.offset
            said[f"sizeof((({struct.C} *)0)->{name})"] = field.size
    if dll.anyloop_abi_check(c_uint32(VERSION)) != K.OK:
        troubles.append(f"{path} is another version")
    compiler = next(filter(None, map(shutil.which, [os.environ.get("CC", "cc"), "gcc", "clang"])), None)
    if compiler:
        troubles += contradictions(compiler, said)
    else:
        print("SKIPPED: no C compiler; sizes, offsets and constants are checked by their version only", file=sys.stderr)
    print("\n".join(troubles or [f"{len(declared)} functions, {len(said)} sizes, offsets and constants"]))
    return 1 if troubles else 0 if compiler else 77


def contradictions(compiler, said):
    """What a C compiler that reads the headers says to our numbers."""
    lines = [f"#include <anyloop/{header.name}>" for header in sorted((HEADERS / "anyloop").glob("*.h"))]
    lines += [f'_Static_assert((uint64_t)({e}) == {value}u, "{e} is not {value}");' for e, value in said.items()]
    done = subprocess.run([compiler, "-std=c11", "-fsyntax-only", f"-I{HEADERS}", "-x", "c", "-"],
                          input="\n".join(lines), capture_output=True, text=True)
    return [line for line in done.stderr.splitlines() if "error" in line] or ["no answer"] * (done.returncode != 0)


def main():
    global lib
    arguments, capacity = sys.argv[1:], 1
    if len(arguments) == 2 and arguments[0] == "--self":
        return check_self(arguments[1])
    if arguments[:1] == ["--events"]:
        capacity, arguments = int(arguments[1]), arguments[2:]
    if len(arguments) < 2:
        raise SystemExit(__doc__.split("\n\n")[1])
    path, *files = arguments
    lib = Library(path)
    for file in files:
        if len(files) > 1:
            print("===", file)
        print("\n".join(Scenario(json.loads(pathlib.Path(file).read_text()), capacity).run()), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
