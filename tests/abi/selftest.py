#!/usr/bin/env python3
"""selftest.py: does tools/api.py see what it is there to see?

A small interface that keeps the rules, fixture/, is broken in one way after the other: the lint must say so in the
words of the case; and the contract that was written of it before must not compile on any target any more if the ABI
changed, and must compile if it did not.
"""
import pathlib
import shutil
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "tools"))

from abi import emit, exports, lint, reader  # noqa: E402

ALL = list(reader.TARGETS)
BREAKS, KEEPS = True, False
SET = "anyloop_status anyloop_thing_set(anyloop_thing *thing, const anyloop_pair *pair)"
DELAY = "int64_t delay)"
SECOND = "uint32_t second;     /* and the other */"
RETURNS = r" * \returns as `anyloop_thing_new`."
RELEASE = "/* Let go of a thing."
PROSE = "/* Set a pair.\n *\n * \\param thing  the thing.\n * \\param pair   copied."

# What becomes what in the fixture; a part of what lint must say, "" for nothing; and does the ABI change?
CASES = [
    # The ABI changes, and no rule is broken.
    ("ANYLOOP_NEVER UINT64_MAX", "ANYLOOP_NEVER 18446744073709551615u", "", KEEPS),
    ("#define ANYLOOP_NEVER UINT64_MAX", "enum { ANYLOOP_NEVER = 0 };", "", BREAKS),
    ("const anyloop_pair *pair);", "anyloop_pair *pair);", "", BREAKS),
    (DELAY, "uint64_t delay)", "", BREAKS),
    ("ANYLOOP_E_INVALID = -9 ", "ANYLOOP_E_INVALID = -8 ", "", BREAKS),
    ("ANYLOOP_NEVER UINT64_MAX", "ANYLOOP_NEVER INT64_MAX", "", BREAKS),
    ("uint32_t first;      /* one */\n    " + SECOND, SECOND + "\n    uint32_t first;      /* one */", "", BREAKS),
    (SECOND, "int32_t second;      /* of the same size */", "", BREAKS),
    ("uint64_t buckets[4]", "uint64_t buckets[5]", "", BREAKS),
    ("int32_t (*choose)(void *user_data, uint32_t", "int32_t (*choose)(void *user_data, uint64_t", "", BREAKS),
    ("anyloop_drop_fn)(void *user_data)", "anyloop_drop_fn)(void *user_data, uint32_t why)", "", BREAKS),
    ("typedef int32_t anyloop_status", "typedef int64_t anyloop_status", "", BREAKS),
    ("ANYLOOP_API void anyloop_thing_release", "ANYLOOP_API void anyloop_thing_let_release", "", BREAKS),
    ("/* A pair. Never", "/* Two. Never", "", KEEPS),
    # A parameter more, and its documentation forgotten.
    ("const anyloop_pair *pair);", "const anyloop_pair *pair, uint32_t flags);", "tells of the parameters", BREAKS),
    # types
    (DELAY, "long delay)", "delay has the type long", KEEPS),
    (DELAY, "int delay)", "delay has the type int", BREAKS),
    (SET, SET.replace("const anyloop_pair *pair", "anyloop_pair pair"), "pair has anyloop_pair by value", BREAKS),
    (SET, SET.replace("anyloop_status", "_Bool", 1), "its result has the type _Bool", BREAKS),
    (SET, SET.replace("const anyloop_pair *", "const long *"), "pair points at long", BREAKS),
    (SET, f"void (*{SET.removeprefix('anyloop_status ')})(void)", "its result points at", BREAKS),
    ("const char *name;  ", "size_t name;  ", "name has the type size_t", BREAKS),
    ("void *user_data, uint32_t whether", "void *user_data, int whether", "choose has the type int", BREAKS),
    # shape
    ("const anyloop_pair *pair);", "const anyloop_pair *pair, ...);", "has varargs", BREAKS),
    ("anyloop_drop_fn)(void *user_data)", "anyloop_drop_fn)(void *user_data, ...)", "has varargs", BREAKS),
    (RELEASE, "enum anyloop_colour { ANYLOOP_RED };\n\n" + RELEASE, "a public enum", KEEPS),
    (RELEASE, "union anyloop_either { int32_t a; };\n\n" + RELEASE, "a public record", KEEPS),
    (RELEASE, "struct anyloop_loose { int32_t a; };\n\n" + RELEASE, "a public record", KEEPS),
    (RELEASE, "extern int32_t anyloop_count;\n\n" + RELEASE, "a public var", KEEPS),
    (RELEASE, "/* Twice. */\n#define ANYLOOP_TWICE(x) ((x) * 2)\n\n" + RELEASE, "a macro with parameters", KEEPS),
    (RELEASE, "static inline int32_t anyloop_one(void) { return 1; }\n\n" + RELEASE, "anyloop_one is inline", KEEPS),
    ("ANYLOOP_API " + SET, SET, "lacks ANYLOOP_API", KEEPS),
    (RELEASE, f"ANYLOOP_API {SET};\n\n{RELEASE}", "is declared twice", KEEPS),
    ("ANYLOOP_API ANYLOOP_OWNED", "ANYLOOP_API", "without ANYLOOP_OWNED", KEEPS),
    # names
    (RELEASE, "/* Three. */\nenum { ANYLOOP_three = 3 };\n\n" + RELEASE, "is not named ANYLOOP_X", KEEPS),
    (RELEASE, "/* Three. */\n#define THREE 3\n\n" + RELEASE, "is not named ANYLOOP_X", KEEPS),
    (RELEASE, "/* A size. */\ntypedef int32_t anyloop_size_t;\n\n" + RELEASE, "ends in _t", KEEPS),
    (RELEASE, "/* Hears. */\ntypedef void (*anyloop_ear)(void *user_data);\n\n" + RELEASE, "does not end in _fn",
     KEEPS),
    ("anyloop_thing_set(", "anyloop_set_thing(", "is not named anyloop_thing_verb", BREAKS),
    ("anyloop_thing_set(", "anyloop_thingSet(", "is not named anyloop_noun_verb", BREAKS),
    ("const anyloop_pair *pair);", "const anyloop_pair *);", "has a parameter named ''", KEEPS),
    # structs
    ("    uint32_t struct_size;\n", "", "neither begins with uint32_t struct_size", BREAKS),
    ("A pair. Never grows.", "A pair.", "neither begins with uint32_t struct_size", KEEPS),
    (SECOND, "uint32_t second : 3;     /* few */", "second is a bitfield", BREAKS),
    # docs
    (PROSE, PROSE.replace("/* Set a pair.\n *\n", "/*\n"), "does not say what it does", KEEPS),
    ("/* Frees a user_data. */\n", "", "anyloop_drop_fn has no documentation", KEEPS),
    (" /* any: a loop */", "", "anyloop_loop has no documentation", KEEPS),
    (" /* and the other */", "", "second has no documentation", KEEPS),
    ("/* No time at all. */\n", "", "ANYLOOP_NEVER has no documentation", KEEPS),
    (" /* a bad argument */", "", "ANYLOOP_E_INVALID has no documentation", KEEPS),
    (RETURNS, "", "anyloop_thing_set has no \\returns", KEEPS),
    (RETURNS, RETURNS + "\n * \\thread  loop", "has \\thread twice", KEEPS),
    (RETURNS + "\n * \\thread  loop", " * \\thread  loop\n" + RETURNS, "in another order", KEEPS),
    (RETURNS + "\n * \\thread  loop", RETURNS, "has no \\thread", KEEPS),
    (RETURNS + "\n * \\thread  loop", RETURNS + "\n * \\thread  its own", "neither loop nor any", KEEPS),
    (RETURNS, RETURNS + "\n * \\warning hot", "unknown tag \\warning", KEEPS),
    (PROSE, PROSE + "\n * \\param more   none.", "tells of the parameters", KEEPS),
    (PROSE, PROSE.replace("\\param pair   copied.", "\\param pair"), "says nothing after \\param pair", KEEPS),
    (" * \\owns    takes `thing`.\n", " * \\returns nothing.\n * \\owns    takes `thing`.\n", "is void and has", KEEPS),
    ("gives the future.\n * \\since   0.1", "gives the future.", "has no \\since", KEEPS),
    ("gives the future.\n * \\since   0.1", "gives the future.\n * \\since   now", "no version", KEEPS),
    ("Wait for a thing.", "Wait for a thing, ANYLOOP_E_GONE.", "speaks of ANYLOOP_E_GONE", KEEPS),
    ("Wait for a thing.", "Wait, as `anyloop_thing_stay` does.", "speaks of anyloop_thing_stay", KEEPS),
    # codes
    ("_OK, ANYLOOP_E_THREAD, ANYLOOP_E_INVALID", "_OK, ANYLOOP_E_THREAD", "can fail with ANYLOOP_E_INVALID", KEEPS),
    ("failed with ANYLOOP_E_THREAD, ", "failed with ", "can fail with ANYLOOP_E_THREAD", KEEPS),
    (RETURNS, " * \\returns well or not.", "names no code", KEEPS),
    (RETURNS + "\n * \\thread  loop", RETURNS + "\n * \\thread  any", "handle of the loop's thread", KEEPS),
    ("anyloop_thing_set(", "anyloop_thing_set_threadsafe(", "is named _threadsafe", BREAKS),
    # ownership
    ("takes `before`; gives the future.", "gives the future.", "does not say takes `before`", KEEPS),
    ("takes `before`; gives the future.", "takes `before`.", "does not say gives", KEEPS),
    ("takes `before`; gives the future.", "takes `before` and `x`; gives the future.", "speaks of x", KEEPS),
    (" * \\owns    takes `thing`.\n", "", "does not say takes `thing`", KEEPS),
    ("; `out` is yours to release.", ".", "does not say gives `out`", KEEPS),
    ("`user_data`, through `drop`; ", "", "`user_data`, through `drop`", KEEPS),
    ("the name, borrowed.", "the name.", "neither borrowed nor static", KEEPS),
    ("/* any: a loop */", "/* a loop */", "does not begin by whose thread", KEEPS),
    # units
    ("\\param delay   ns.", "\\param delay   how long.", "does not say that delay is in ns", KEEPS),
    ("close_timeout;                               /* ns */", "close_timeout; /* long */", "timeout is in ns", KEEPS),
    ("gets how many bytes.", "gets how many.", "does not say what size counts", KEEPS),
    # targets
    (RELEASE, "#ifdef __i386__\n/* One. */\nenum { ANYLOOP_ONE = 1 };\n#endif\n\n" + RELEASE,
     "ANYLOOP_ONE is not the same on", KEEPS),
    (SECOND, "uint32_t second;     /* and */\n#ifdef __aarch64__\n    uint32_t third; /* more */\n#endif",
     "anyloop_pair is not the same on aarch64", KEEPS),
    # clang
    ("anyloop_pair *pair);", "anyloop_pear *pair);", "unknown type name", BREAKS),
    ("#include <stddef.h>", "#include <stddef.h>\n#include <string.h>", "'string.h' file not found", BREAKS),
]


def said_of(include, targets):
    try:
        return lint.problems(reader.read(include, targets))
    except reader.Unreadable as why:
        return [str(why)]


def try_case(folder, contract, old, new, wanted, breaks):
    """What is wrong with how the tool took a case."""
    paths = [path for path in folder.rglob("*.h") if old in path.read_text()]
    if len(paths) != 1 or (text := paths[0].read_text()).count(old) != 1:
        return ["the fixture has not exactly one such place"]
    paths[0].write_text(text.replace(old, new))
    # One target is enough for what is the same on all.
    said = said_of(folder, ALL if "not the same" in wanted else ALL[:1])
    wrong = []
    if not (any(wanted in each for each in said) if wanted else not said):
        wrong.append(f"lint says {said or 'nothing'}, wanted was {wanted or 'nothing'!r}")
    fails = [target for target in (ALL if breaks else ALL[:1]) if reader.compile_error(folder, target, contract)]
    if fails != (ALL if breaks else []):
        wrong.append(f"the contract fails for {', '.join(fails) or 'no target'}")
    paths[0].write_text(text)
    return wrong


def check_lists(api):
    """The lists of the fixture: a node for each version, and a difference between list and library is seen."""
    script = emit.version_script(api)
    second = "ANYLOOP_0.2 {\n  global:\n    anyloop_thing_name;\n} ANYLOOP_0.1;\n"
    yield script.endswith(second) and "ANYLOOP_0.1 {" in script.removesuffix(second)
    yield emit.symbols(api).split() == sorted(one.name for one in api.all("function"))
    module = b"\0asm\1\0\0\0" + bytes([7, 13, 2, 1]) + b"a" + bytes([0, 0, 6]) + b"memory" + bytes([2, 0])
    yield exports.of_wasm(module) == {"a"}


def main():
    count, wrong = 0, []
    with tempfile.TemporaryDirectory() as work:
        folder = pathlib.Path(work) / "include"
        shutil.copytree(HERE / "fixture", folder)
        api = reader.read(folder)
        wrong += [f"the fixture itself: {problem}" for problem in lint.problems(api)]
        wrong += [f"lists, check {number}" for number, good in enumerate(check_lists(api)) if not good]
        contract = pathlib.Path(work) / "contract.c"
        contract.write_text(emit.contract(api))
        for old, new, wanted, breaks in CASES:
            count += 1
            wrong += [f"{old!r} -> {new!r}: {what}" for what in try_case(folder, contract, old, new, wanted, breaks)]
    for each in wrong:
        print(f"selftest.py: {each}", file=sys.stderr)
    print(f"selftest.py: {count} ways to break it, {len(wrong)} wrong")
    return len(wrong) > 0


if __name__ == "__main__":
    sys.exit(main())
