"""The library as ctypes sees it, read out of the headers, so that nothing of them is written down twice.

    K.E_CLOSED               a constant, without its ANYLOOP_
    Value, TurnInfo, ...     the structs in use
    lib.sleep                a function, without its anyloop_, once lib is open
    read, make, Raised       the library's values, as Python's
    check(path)              is all of that true? A C compiler says so, and the library
"""
import ctypes
import os
import pathlib
import re
import shutil
import subprocess
import sys
import types
from ctypes import POINTER, byref, c_char_p, c_int32, c_int64, c_size_t, c_uint32, c_uint64, c_void_p, string_at

INCLUDE = pathlib.Path(__file__).resolve().parents[2] / "core/include"
HEADERS = sorted((INCLUDE / "anyloop").glob("*.h"))
TEXT = re.sub(r"/\*.*?\*/", "", "\n".join(header.read_text() for header in HEADERS), flags=re.S)

TYPES = {"int32_t": c_int32, "anyloop_status": c_int32, "uint32_t": c_uint32, "int64_t": c_int64, "uint64_t": c_uint64,
         "size_t": c_size_t}


def ctype(declared):
    """The type of `const char *name`, `uint32_t flags`, or of a result, which has no name."""
    first = re.sub(r"\bconst\b|\bANYLOOP_(OWNED|ALIGN8)\b", "", declared).split()[0].rstrip("*")
    stars = declared.count("*")
    if stars == 0 and not first.endswith("_fn"):
        return None if first == "void" else TYPES[first]
    return {("char", 1): c_char_p, ("anyloop_value", 1): POINTER(Value)}.get((first, stars), c_void_p)


def struct(name):
    declared = re.search(rf"typedef struct {name} {{(.*?)}} {name};", TEXT, re.S)[1].split(";")[:-1]
    fields = [(re.search(r"\w+$", field)[0], ctype(field)) for field in declared]

    def begin(self, **values):
        """Its own size comes first, where it has one."""
        sized = {"struct_size": ctypes.sizeof(made)} if fields[0][0] == "struct_size" else {}
        ctypes.Structure.__init__(self, **sized, **values)

    made = type(name, (ctypes.Structure,), {"_fields_": fields, "__init__": begin})
    return made


Value = struct("anyloop_value")
LoopOptions = struct("anyloop_loop_options")
CoroutineOptions = struct("anyloop_coroutine_options")
TaskOptions = struct("anyloop_task_options")
TurnEvent = struct("anyloop_turn_event")
TurnInfo = struct("anyloop_turn_info")
STRUCTS = Value, LoopOptions, CoroutineOptions, TaskOptions, TurnEvent, TurnInfo

K = types.SimpleNamespace(**{name: int(value) for name, value in re.findall(r"\bANYLOOP_(\w+)(?: =)? (-?\d+)", TEXT)},
                          FOREVER=2**63 - 1, NEVER=2**64 - 1)
K.VERSION = K.VERSION_MAJOR << 16 | K.VERSION_MINOR << 8 | K.VERSION_PATCH

FUNCTIONS = {name: (ctype(result), [] if arguments == "void" else [ctype(a) for a in arguments.split(",")])
             for result, name, arguments
             in re.findall(r"^ANYLOOP_API ([^;{]*?)\banyloop_(\w+)\(([^;{]*)\);", TEXT, re.M)}


class Library:
    """Empty until it is opened."""

    def open(self, path):
        dll = ctypes.CDLL(path)
        for name, (result, arguments) in FUNCTIONS.items():
            function = dll["anyloop_" + name]
            function.restype, function.argtypes = result, arguments
            setattr(self, name, function)
        self.error_text.restype = c_void_p    # a text with a size
        if self.abi_check(K.VERSION) != K.OK:
            raise SystemExit(f"{path} is another version")


lib = Library()


# ---- what the library answers

class Refused(Exception):
    """The word for what came to nothing: closed, stopped, deadlock."""


def must(status):
    if status == K.E_CLOSED:
        raise Refused("closed")
    assert status >= 0, f"status {status}"
    return status


def refusal(future):
    """The code, when a call that gives a future refused instead: it gave a constant."""
    return K.OK if lib.future_loop(future) else lib.future_error_code(future)


def given(future):
    must(refusal(future))
    return future


def new(function, *arguments):
    out = c_void_p()
    must(function(*arguments, byref(out)))
    return out.value


def array(futures):
    """Of futures to give away."""
    return (c_void_p * len(futures))(*map(lib.future_retain, futures)), len(futures)


# ---- values

ERRORS = {K.E_TIMED_OUT: "timeout", K.E_BROKEN: "broken", K.E_EMPTY: "empty", K.E_FULL: "full",
          K.E_SHUTDOWN: "shutdown", K.E_SELF_AWAIT: "self_await", K.E_NOT_HELD: "not_held"}


class Raised(Exception):
    """An error or a cancellation of the library's, which holds the value whole."""

    def __init__(self, value):
        self.value = value             # owned
        self.cancelled = lib.error_code(value) == K.E_CANCELLED

    def __del__(self):
        lib.value_release(self.value)

    def __str__(self):
        return text_of(self.value)


def text_of(error):
    code, size = lib.error_code(error), c_size_t()
    text = string_at(lib.error_text(error, byref(size)), size.value).decode()
    if code == K.E_CANCELLED:
        return f"cancelled({text})" if text else "cancelled"
    if code == K.E_GROUP:
        return "group(" + ",".join(map(text_of, items(lib.error_children(error)[0]))) + ")"
    return text if code == K.E_USER else ERRORS.get(code, f"error {code}: {text}")


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
        return string_at(value.bits, value.size).decode()
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


def make_error(code, text=""):
    value, text = Value(), text.encode()
    must(lib.value_error(None, code, text or None, len(text), value))
    return value


# ---- --self

def check(path):
    lib.open(path)
    said = {f"ANYLOOP_{name}": value & K.NEVER for name, value in vars(K).items()}
    said["sizeof(anyloop_done_fn)"] = ctypes.sizeof(c_void_p)
    for name, of in TYPES.items():
        said[f"sizeof({name})"] = ctypes.sizeof(of)
        said[f"(({name})-1 < 0)"] = int(of(-1).value < 0)
    for made in STRUCTS:
        said[f"sizeof({made.__name__})"] = ctypes.sizeof(made)
        for name, _ in made._fields_:
            said[f"offsetof({made.__name__}, {name})"] = getattr(made, name).offset
            said[f"sizeof((({made.__name__} *)0)->{name})"] = getattr(made, name).size
    if len(FUNCTIONS) != len(re.findall("^ANYLOOP_API ", TEXT, re.M)):
        raise SystemExit("the headers declare functions that were not understood")
    compiler = next(filter(None, map(shutil.which, [os.environ.get("CC", "cc"), "gcc", "clang"])), None)
    if not compiler:
        print("SKIPPED: no C compiler", file=sys.stderr)
        return 77
    lines = [f"#include <anyloop/{header.name}>" for header in HEADERS]
    lines += [f'_Static_assert((uint64_t)({e}) == {value}u, "{e} is not {value}");' for e, value in said.items()]
    status = subprocess.run([compiler, "-std=c11", "-fsyntax-only", f"-I{INCLUDE}", "-x", "c", "-"],
                            input="\n".join(lines), text=True).returncode
    print(f"{len(FUNCTIONS)} functions; {len(said)} sizes, offsets and constants")
    return status
