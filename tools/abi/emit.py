"""emit: what is written of the headers, for the linkers, for the compilers, for the bindings. All of it is committed.

Owns:          the form of each file. Sorted by name, so that moving a declaration changes nothing.
Must not know: clang; what is allowed.
"""
import json
import re

from . import doc as docs_of
from .reader import signature

NOTE = "Generated from core/include by tools/api.py: `make api` writes it anew."
EXACT = 2**53    # beyond it a reader of JSON may round a number


# ---- api.json: read by every binding, and in every review

def described(api):
    functions = {one.name: one for one in sorted(api.all("function"), key=lambda one: one.name)}
    docs = {name: docs_of.parse(one.comment) for name, one in functions.items()}
    by_name = {kind: sorted(api.all(kind), key=lambda one: one.name)
               for kind in ("constant", "alias", "handle", "struct", "callback")}
    version = [str(one.value) for part in ("MAJOR", "MINOR", "PATCH") for one in by_name["constant"]
               if one.name == f"ANYLOOP_VERSION_{part}"]
    return {
        "note": f"{NOTE} tests/README.md says what is in it.",
        "version": ".".join(version),
        "constants": {one.name: {"value": one.value if abs(one.value) < EXACT else str(one.value), "type": one.type}
                      for one in by_name["constant"]},
        "aliases": {one.name: one.type for one in by_name["alias"]},
        "handles": {one.name: {"thread": docs_of.lines_of(one.comment).partition(":")[0]} for one in by_name["handle"]},
        "callbacks": {one.name: pointer(one) for one in by_name["callback"]},
        "structs": {one.name: struct(one) for one in by_name["struct"]},
        "functions": {name: function(one, docs) for name, one in functions.items()},
    }


def pointer(one):
    return {"returns": signature(one.type)[0], "parameters": named(one.parts)}


def named(parts):
    return [{"name": part.name, "type": part.type} for part in parts]


def struct(one):
    fields = []
    for part in one.parts:
        fields.append({"name": part.name, "type": part.type, "offset": part.layout})
        if part.parts:
            fields[-1]["parameters"] = named(part.parts)
    return {"header": one.file, "size": {layout: size for layout, (size, _) in one.layout.items()},
            "alignment": {layout: alignment for layout, (_, alignment) in one.layout.items()}, "fields": fields}


def function(one, docs):
    doc, parameters = docs[one.name], named(one.parts)
    owns = docs_of.ownership(doc)
    for part in parameters:
        if part["name"] in owns:
            part["owns"] = owns[part["name"]]
        if "May be NULL" in doc.text("param", part["name"]):
            part["null"] = True
    made = {"header": one.file, "since": doc.text("since"), "thread": doc.text("thread"), "returns": one.type}
    if owns.get(""):
        made["owns"] = owns[""]
    if codes := docs_of.codes(one.name, docs):
        made["codes"] = codes
    return {**made, "parameters": parameters}


def api_json(api):
    return json_lines(described(api)) + "\n"


def json_lines(value, depth=0):
    """Two levels of lines; below them whatever fits on one is on one."""
    flat = json.dumps(value)
    if not isinstance(value, (dict, list)) or depth > 1 and len(flat) + 2 * depth <= 110 or not value:
        return flat
    if isinstance(value, list) and not isinstance(value[0], (dict, list)):
        return flat
    inner, outer = "\n" + "  " * (depth + 1), "\n" + "  " * depth
    if isinstance(value, dict):
        return "{" + ",".join(f"{inner}{json.dumps(key)}: {json_lines(each, depth + 1)}"
                              for key, each in value.items()) + outer + "}"
    return "[" + ",".join(inner + json_lines(each, depth + 1) for each in value) + outer + "]"


# ---- lists for linkers

def names(api):
    return sorted(one.name for one in api.all("function"))


def symbols(api):
    return "".join(f"{name}\n" for name in names(api))


def wasm_exports(api):
    """For wasm-ld: clang -Wl,@FILE."""
    return "".join(f"--export={name}\n" for name in names(api))


def version_script(api):
    """A node for each version that brought functions; each stands on the one before."""
    nodes = {}
    for one in sorted(api.all("function"), key=lambda one: one.name):
        since = docs_of.parse(one.comment).text("since")
        nodes.setdefault(tuple(map(int, since.split("."))), []).append(one.name)
    text, before = f"/* {NOTE} */\n", ""
    for version in sorted(nodes):
        name = "ANYLOOP_" + ".".join(map(str, version))
        brought = "".join(f"    {each};\n" for each in nodes[version])
        hidden = "" if before else "  local: *;\n"
        text += f"{name} {{\n  global:\n{brought}{hidden}}}{before};\n"
        before = " " + name
    return text


# ---- a C file that compiles with these headers, and with no others

def around(declarator, type):
    """The C of `declarator` being of a type."""
    if "(*)" in type:
        return type.replace("(*)", f"(*{declarator})", 1)
    array = re.search(r"\[\d+\]$", type)
    if array:
        return f"{type[:array.start()]} ({declarator}){array[0]}"
    return f"{type}{'' if type.endswith('*') else ' '}{declarator}"


def on(numbers):
    return f"ON({', '.join(map(str, numbers))})"


CONTRACT = """\
/* contract.c -- the ABI as it was when this was written: compiles only while it is the same.
 *
 * {note}
 *
 * SPDX-License-Identifier: MIT
 */
{includes}

/* The targets differ in their pointers, and i386 in how it aligns a 64-bit integer. */
#if defined(__i386__)
#define ON(wide, narrow, i386) (i386)
#elif UINTPTR_MAX > UINT32_MAX
#define ON(wide, narrow, i386) (wide)
#else
#define ON(wide, narrow, i386) (narrow)
#endif
#define SAME(expression, type) _Static_assert(_Generic((expression), type: 1, default: 0), #expression)
#define IS(expression, value) _Static_assert((expression) == (value), #expression)
"""


def contract(api):
    includes = "\n".join(f"#include <{header}>" for header in api.headers)
    lines = [CONTRACT.format(note=NOTE, includes=includes)]
    by_name = {kind: sorted(api.all(kind), key=lambda one: one.name)
               for kind in ("alias", "callback", "constant", "struct", "function")}
    for one in by_name["alias"]:
        lines.append(f"SAME(({one.name} *)0, {around('*', one.type)});")
    for one in by_name["callback"]:
        lines.append(f"SAME(({one.name})0, {one.type});")
    for one in by_name["constant"]:
        lines.append(f"IS({one.name}, {one.value}{'u' if one.value >= 2**63 else ''});")
        if "enumerator" not in one.marks:
            lines.append(f"SAME({one.name}, {one.type});")
    for one in by_name["struct"]:
        lines.append(f"IS(sizeof({one.name}), {on(size for size, _ in one.layout.values())});")
        lines.append(f"IS(_Alignof({one.name}), {on(alignment for _, alignment in one.layout.values())});")
        for part in one.parts:
            lines.append(f"IS(offsetof({one.name}, {part.name}), {on(part.layout.values())});")
            lines.append(f"SAME(&(({one.name} *)0)->{part.name}, {around('*', part.type)});")
    lines += ["", "/* Each function by its prototype. */"]
    for one in by_name["function"]:
        parameters = ", ".join(part.type for part in one.parts) or "void"
        lines.append(f"SAME(&{one.name}, {around('(*)', one.type)}({parameters}));")
    return "\n".join(lines) + "\n"


FILES = {
    "core/api.json": api_json,
    "cmake/anyloop.symbols": symbols,
    "cmake/anyloop.map": version_script,
    "cmake/anyloop.wasm-exports": wasm_exports,
    "tests/abi/contract.c": contract,
}
