#!/usr/bin/env python3
"""abi.py [--check]: writes src/abi.ts from the interface's description, core/api.json: constants, layouts of structs, and what
the module exports.
abi.py --names FOLDER: writes names.h and names.json, by which C and JavaScript call each of these in the module by a short name.

A function is listed when the sources call it, so the module exports what the package needs and no more; a size or a field
when they name it.
"""
import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent.parent
API = json.loads((HERE.parent.parent / "core/api.json").read_text())
TO = HERE / "src/abi.ts"
WIDE = re.compile(r"^(const )?u?int64_t$")
GUEST = re.compile(r"^EXPORT\(\w+\)\s+([^(]*?)(guest_\w+)\(([^)]*)\)", re.M)
GUEST_STRUCT = re.compile(r"^struct (\w+) \{\n(.*?)^\};", re.M | re.S)
GUEST_FIELDS = re.compile(r"^ +(double|uint32_t) ([\w, ]+);", re.M)


# What the package does without, and why.
ABSENT = {
    "blocks; the package's runs give promises": """condition_wait_for loop_run_forever loop_run_until_complete loop_shutdown run
        runner_close start loop_is_running""",
    "is for other threads, or for what they hold": """future_release_threadsafe job_stopping loop_call_soon_threadsafe loop_hold
        loop_unhold task_waker waker_cancel waker_release waker_retain waker_wake thread_pool_new""",
    "is how another language drives a loop": "loop_fd task_stepped",
    "is another executor's, or C's": """executor_get_figures inline_executor_new job_context job_raise job_run
        try_run_in_executor worker_main worker_pool_new""",
    "an object of JavaScript says it itself": """context_retain contextvar_retain executor_retain future_kind get_event_loop
        get_running_loop loop_default_executor loop_retain promise_retain runtime_id set_event_loop task_get_stack task_loop""",
    "is put together from others here": """coroutine_create ensure_future error_os_code failed gather_pending loop_call_exception_handler
        loop_visit_tasks task_create task_raise task_reraise value_future""",
    "a pool is JavaScript's, and the loop's own too": """executor_shutdown loop_set_default_executor
        run_in_executor_when_free shutdown_default_executor""",
    "the console is told": "loop_set_log",
    "what fits is asked, not what it is": "version",
}


def parameter(name):
    return name + "_" if name in ("in", "function", "var") else name


def typescript(type_name):
    return "void" if type_name == "void" else "bigint" if WIDE.match(type_name) else "number"


def sources():
    return "".join(p.read_text() for p in sorted((HERE / "src").glob("*.ts")) if p != TO)


def used():
    """What the sources call in every module, and what only in one of a program's own."""
    text = sources()
    names = set(re.findall(r"\bc\.(anyloop_\w+)", text))
    programs = set(re.findall(r"\bprogram(?:\(\))?\.(anyloop_\w+)", text)) - names
    unknown = [n for n in names | programs if n not in API["functions"]]
    if unknown:
        sys.exit(f"abi.py: not in api.json: {', '.join(unknown)}")
    bound = names | programs | set(re.findall(r"\banyloop_\w+", (HERE / "core/guest.c").read_text()))
    absent = {f"anyloop_{name}" for names in ABSENT.values() for name in names.split()}
    for what, wrong in {"neither bound nor listed as absent": API["functions"].keys() - bound - absent,
                        "listed as absent, and not": absent - (API["functions"].keys() - bound)}.items():
        if wrong:
            sys.exit(f"abi.py: {what}: {', '.join(sorted(wrong))}")
    return sorted(names), sorted(programs)


def guest(file):
    """What a file of C adds, read from there."""
    for gives, name, parameters in GUEST.findall((HERE / "core" / file).read_text()):
        words = [re.fullmatch(r"(.*?)(\w+)", p.strip()).groups() for p in parameters.split(",") if p != "void"]
        declared = ", ".join(f"{parameter(n)}: {typescript(t.strip())}" for t, n in words)
        yield f"  {name}({declared}): {typescript(gives.strip())};"


def layouts():
    """The sizes and offsets of all structs, in wasm: those of api.json, and guest.c's own."""
    sizes, offsets = {}, {}
    for name, struct in API["structs"].items():
        short = name.removeprefix("anyloop_").upper()
        sizes[short] = struct["size"]["32"]
        offsets |= {f"{short}_{field['name'].upper()}": field["offset"]["32"] for field in struct["fields"]}
    for name, body in GUEST_STRUCT.findall((HERE / "core/guest.c").read_text()):
        at, widest = 0, 1
        for type_name, names in GUEST_FIELDS.findall(body):
            width = 8 if type_name == "double" else 4
            for field in names.split(", "):
                at = -(-at // width) * width
                offsets[f"{name}_{field}".upper()] = at
                at, widest = at + width, max(widest, width)
        sizes[name.upper()] = -(-at // widest) * widest
    return sizes, offsets


def members(enum, known):
    """Those that the sources name."""
    names = sorted(set(re.findall(rf"\b{enum}\.(\w+)", sources())))
    unknown = [f"{enum}.{name}" for name in names if name not in known]
    if unknown:
        sys.exit(f"abi.py: of no struct: {', '.join(unknown)}")
    return [f"  {name} = {known[name]}," for name in names]


def declaration(name):
    function = API["functions"][name]
    parameters = ", ".join(f"{parameter(p['name'])}: {typescript(p['type'])}" for p in function["parameters"])
    return f"  {name}({parameters}): {typescript(function['returns'])};"


def write_names(folder):
    """With their own names the exports would be a thirtieth of the module. No function of a program's can have one of these."""
    names, programs = used()
    guests = [re.match(r"  (\w+)", line)[1] for line in guest("guest.c")]
    short = {name: f"${i:x}" for i, name in enumerate(names + guests + programs)}

    def declared(those):
        return [f'__typeof__({name}) {name} __attribute__((export_name("{short[name]}")));' for name in those]

    (folder / "names.h").write_text("\n".join([
        "/* names.h -- the short names under which the module exports what JavaScript calls. Generated by tools/abi.py.",
        " *", " * SPDX-License-Identifier: MIT", " */", "#include <anyloop.h>", "",
        *declared(names), *(f'#define NAME_{name} "{short[name]}"' for name in guests),
        "#ifdef ANYLOOP_PORT_REACTOR", *declared(programs), "#endif", ""]))
    kept = [re.match(r"  (\w+)", line)[1] for line in guest("program.c")]
    (folder / "names.json").write_text(json.dumps(short | dict.fromkeys(kept, False), indent=0))


def main():
    if sys.argv[1:2] == ["--names"]:
        write_names(pathlib.Path(sys.argv[2]))
        return
    lines = ["// abi.ts -- the C interface as the module exports it. Generated by tools/abi.py from core/api.json: change that.",
             'import type { Memory } from "./web.js";',
             "", "/** Constants of the headers, without their prefix. */", "export const enum K {"]
    lines += [f"  {name.removeprefix('ANYLOOP_')} = {constant['value']}," for name, constant in API["constants"].items()
              if isinstance(constant["value"], int) and abs(constant["value"]) < 2**53]
    sizes, offsets = layouts()
    lines += ["}", "", "/** Bytes of structs of the headers', and of guest.c's `turn`. */", "export const enum Size {",
              *members("Size", sizes), "}", "",
              "/** Where in them a field is, in words of 32 bits. */", "export const enum At {",
              *members("At", {name: offset // 4 for name, offset in offsets.items()}),
              "}", "", "/** Pointers are numbers, 64-bit integers are bigints. */", "export interface Exports {",
              "  memory: Memory;", "  malloc(size: number): number;", "  free(pointer: number): void;"]
    names, programs = used()
    lines += [*(declaration(name) for name in names), *guest("guest.c"), "}", "",
              "/** What the module of a program of its own has besides. */", "export interface ProgramExports extends Exports {",
              *(declaration(name) for name in programs), *guest("program.c"), "}", ""]
    text = "\n".join(lines)
    if sys.argv[1:] == ["--check"]:
        if TO.read_text() != text:
            sys.exit("abi.py: src/abi.ts is not what abi.py writes")
    elif not TO.exists() or TO.read_text() != text:
        TO.write_text(text)


if __name__ == "__main__":
    main()
