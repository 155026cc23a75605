"""The library as ctypes sees it, read out of core/api.json, so that nothing of the interface is written down twice.

    K.E_CLOSED               a constant, without its ANYLOOP_
    Value, TurnInfo, ...     the structs in use
    lib.sleep                a function, without its anyloop_, once lib is open
    read, make, Raised       the library's values, as Python's
    check(path)              does ctypes lay the structs out as C does, and has the library every function?
"""
import ctypes
import json
import pathlib
import platform
import types
from ctypes import POINTER, byref, c_char_p, c_int32, c_int64, c_size_t, c_uint32, c_uint64, c_void_p, string_at

API = json.loads((pathlib.Path(__file__).resolve().parents[2] / "core/api.json").read_text())
TYPES = {"void": None, "int32_t": c_int32, "uint32_t": c_uint32, "int64_t": c_int64, "uint64_t": c_uint64,
         "double": ctypes.c_double, "size_t": c_size_t, "char *": c_char_p}


def ctype(type):
    """Of a type as the headers write it. A pointer is an address, but for texts and values."""
    type = type.replace("const ", "", 1)
    if type.endswith("]"):
        of, _, count = type[:-1].partition("[")
        return ctype(of) * int(count)
    if type == "anyloop_value *":
        return POINTER(Value)
    if type not in TYPES and ("*" in type or type in API["callbacks"]):
        return c_void_p
    return TYPES[API["aliases"].get(type, type)]


def struct(name):
    fields = [(field["name"], ctype(field["type"])) for field in API["structs"][name]["fields"]]

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

K = types.SimpleNamespace(**{name.removeprefix("ANYLOOP_"): int(constant["value"])
                             for name, constant in API["constants"].items()})


class Library:
    """Empty until it is opened."""

    def open(self, path):
        dll = ctypes.CDLL(path)
        for name, declared in API["functions"].items():
            function = dll[name]
            function.restype = ctype(declared["returns"])
            function.argtypes = [ctype(parameter["type"]) for parameter in declared["parameters"]]
            setattr(self, name.removeprefix("anyloop_"), function)
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
    narrow = "i386" if platform.machine() in ("i386", "i586", "i686") else "32"
    layout = "64" if ctypes.sizeof(c_void_p) == 8 else narrow
    wrong, count = [], 0
    for name, declared in API["structs"].items():
        made = struct(name)
        seen = [("its size", ctypes.sizeof(made), declared["size"][layout])]
        seen += [(field, getattr(made, field).offset, offset[layout])
                 for field, offset in ((each["name"], each["offset"]) for each in declared["fields"])]
        wrong += [f"{name}: {what} is {here} here, and {there} in C" for what, here, there in seen if here != there]
        count += len(seen)
    print(*wrong, f"{len(API['functions'])} functions, {count} sizes and offsets, {len(wrong)} wrong", sep="\n")
    return len(wrong) > 0
