"""lint: what is wrong with the headers, by the rules of the ABI.

Owns:          the rules. Each is a function of the Api that gives (entity, what is wrong).
Must not know: clang.
Why:           a rule that no tool holds is a wish. Bindings, and the four targets, stand on these.

    types      int32_t uint32_t int64_t uint64_t double; pointers to these, to char, void, uint8_t and what the headers
               declare; size_t as a length in a call; function pointers; arrays in structs. No enum type, bool, int or
               long, no struct by value
    shape      functions are exported and not inline, no varargs, no variables, no macro in place of a function
    names      anyloop_noun_verb, after the handle that comes first; ANYLOOP_*; callbacks end in _fn; no _t
    structs    begin with struct_size, or say that they never grow; no bitfields
    docs       doc.py's order, and nothing without documentation; what is named exists
    codes      what can fail by its thread or its arguments says so
    ownership  who gives says gives, who takes says takes; what is shown only is called borrowed
    units      a time says ns; a length says of what
"""
import re

from . import doc as docs_of
from .reader import INTEGERS, PLUMBING, signature

BY_VALUE = {*INTEGERS, "double"}
POINTEES = {*BY_VALUE, "size_t", "char", "void", "uint8_t"}
TIME = re.compile(r"(^|_)(delay|timeout|deadline|budget|start)$")
UNIT = re.compile(r"\b(bytes|items|tasks|jobs|frames)\b")
ALL_KINDS = "function", "callback", "struct", "handle", "alias", "constant"


def handle_of(type):
    """What a parameter points at."""
    return re.sub(r"^const | \*$", "", type)


def check_types(api, docs):
    names = {kind: {one.name for one in api.all(kind)} for kind in ("callback", "struct", "handle", "alias")}
    pointees = POINTEES | set().union(*names.values())
    by_value = BY_VALUE | names["callback"] | {one.name for one in api.all("alias") if one.type in BY_VALUE}

    def wrong(type, size_t=True):
        if "(*)" in type:
            result, parameters = signature(type)
            return next(filter(None, map(wrong, [result, *parameters])), None) if "..." not in type else None
        if not size_t:
            type = re.sub(r"\[\d+\]$", "", type)
        base = re.sub(r"\bconst\b", "", type).replace("*", "").strip()
        if "*" in type:
            return None if base in pointees else f"points at {base}"
        if base in by_value | ({"void", "size_t"} if size_t else set()):
            return None
        return f"has {base} by value" if base in names["struct"] | names["handle"] else f"has the type {base}"

    for one in api.all("function", "callback", "alias", "struct"):
        uses = [(part.name, part.type) for part in one.parts]
        if one.kind in ("function", "callback"):
            uses.append(("its result", one.type if one.kind == "function" else signature(one.type)[0]))
        if one.kind == "alias" and one.type not in names["handle"]:
            uses.append(("it", one.type))
        for name, type in uses:
            if what := wrong(type, one.kind != "struct"):
                yield one, f"{name} {what}"
    for one in api.all("constant"):
        if one.type not in INTEGERS:
            yield one, "is no 32 or 64-bit integer"


def check_shape(api, docs):
    for one in api.all("other"):
        yield one, f"a public {one.type}: only functions, structs, anonymous enums and typedefs are"
    for one in api.all("macro"):
        yield one, "a macro with parameters: only coro.h has them"
    seen = set()
    for one in api.all("function", "callback"):
        if "variadic" in one.marks:
            yield one, "has varargs"
        if one.kind == "function":
            if "inline" in one.marks:
                yield one, "is inline: only coro.h has those"
            elif "exported" not in one.marks:
                yield one, "lacks ANYLOOP_API"
            if one.name in seen:
                yield one, "is declared twice"
            seen.add(one.name)
            handle = one.type.removesuffix(" *")
            borrowed = re.search(r"\bborrowed\b", docs[one.name].text("returns"))
            if handle in ("anyloop_future", "anyloop_task") and "owned" not in one.marks and not borrowed \
                    and not one.name.endswith("_retain"):
                yield one, "gives a future without ANYLOOP_OWNED: nobody would notice that it is dropped"


def check_names(api, docs):
    handles = {one.name for one in api.all("handle", "alias")} - {"anyloop_loop", "anyloop_status"}
    for one in api.entities:
        constant = one.kind in ("constant", "macro")
        pattern = r"ANYLOOP_[A-Z][A-Z0-9]*(_[A-Z0-9]+)*" if constant else r"anyloop_[a-z][a-z0-9]*(_[a-z0-9]+)*"
        if not re.fullmatch(pattern, one.name):
            yield one, f"is not named {'ANYLOOP_X' if constant else 'anyloop_noun_verb'}"
        if one.name.endswith("_t"):
            yield one, "ends in _t"
        if (one.kind == "callback") != one.name.endswith("_fn"):
            yield one, "is a callback's type and does not end in _fn" if one.kind == "callback" else "ends in _fn"
        first = handle_of(one.parts[0].type) if one.kind == "function" and one.parts else ""
        if first in handles and not one.name.startswith((first + "_", "anyloop_value_")):
            yield one, f"is not named {first}_verb, and has that handle first"
        for part in one.parts:
            if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", part.name):
                yield one, f"has a {part.kind} named {part.name!r}"


def check_structs(api, docs):
    for one in api.all("struct"):
        begins = one.parts and (one.parts[0].name, one.parts[0].type) == ("struct_size", "uint32_t")
        if not begins and (one.name.endswith("_options") or "Never grows" not in docs_of.lines_of(one.comment)):
            yield one, "neither begins with uint32_t struct_size nor says \"Never grows\""
        for part in one.parts:
            if "bitfield" in part.marks:
                yield one, f"{part.name} is a bitfield"


def check_docs(api, docs):
    for one in api.all(*ALL_KINDS):
        if not docs_of.lines_of(one.comment):
            yield one, "has no documentation"
        for part in one.parts if one.kind == "struct" else []:
            if not part.comment and part.name not in ("struct_size", "reserved"):
                yield one, f"{part.name} has no documentation"
    for one in api.all("function"):
        yield from ((one, what) for what in tags_wrong(one, docs[one.name]) if one.comment)
    constants = {one.name for one in api.all("constant")} | PLUMBING
    others = {one.name for one in api.entities}
    for one in api.entities:
        for comment in [one.comment, *(part.comment for part in one.parts)]:
            for name, more in re.findall(r"\b(ANYLOOP_\w+)(\.\.\.|\?)?", comment or ""):
                if name not in constants and not (more and any(c.startswith(name) for c in constants)):
                    yield one, f"speaks of {name}, which is not there"
            for name in re.findall(r"`(anyloop_\w+)`", comment or ""):
                if name not in others:
                    yield one, f"speaks of {name}, which is not there"


def tags_wrong(one, doc):
    """What is wrong with the comment of a function, that it has."""
    kinds = [kind for kind, _, _ in doc.tags]
    if not doc.what:
        yield "does not say what it does"
    yield from (f"has an unknown tag \\{kind}" for kind in kinds if kind not in docs_of.TAGS)
    yield from (f"has no \\{kind}" for kind in ("thread", "since") if kind not in kinds)
    yield from (f"has \\{kind} twice" for kind in docs_of.TAGS[1:] if kinds.count(kind) > 1)
    yield from (f"says nothing after \\{kind} {name}".rstrip() for kind, name, text in doc.tags if not text)
    if [kind for kind in docs_of.TAGS for k in kinds if k == kind] != [kind for kind in kinds if kind in docs_of.TAGS]:
        yield "has its tags in another order than " + " ".join("\\" + tag for tag in docs_of.TAGS)
    told, has = ([name for kind, name, _ in doc.tags if kind == "param"], [part.name for part in one.parts])
    if told != has:
        yield f"tells of the parameters {', '.join(told) or 'none'}, and has {', '.join(has) or 'none'}"
    if (one.type == "void") == ("returns" in kinds):
        yield "is void and has a \\returns" if "returns" in kinds else "has no \\returns"
    if "thread" in kinds and not re.match(r"(loop|any)\b", doc.text("thread")):
        yield "has a \\thread that is neither loop nor any"
    if "since" in kinds and not re.fullmatch(r"\d+\.\d+", doc.text("since")):
        yield "has a \\since that is no version"


def check_codes(api, docs):
    loops = {one.name for one in api.all("handle") if docs_of.lines_of(one.comment).startswith("loop:")}
    for one in api.all("function"):
        doc, gives = docs[one.name], one.type.removesuffix(" *")
        named = docs_of.codes(one.name, docs)
        on_loop = doc.text("thread").startswith("loop")
        status = one.type == "anyloop_status" and not doc.text("returns").startswith("the code")
        if status or gives in ("anyloop_future", "anyloop_task") and "owned" in one.marks:
            checked = any("*" in part.type and "May be NULL" not in doc.text("param", part.name) for part in one.parts)
            lacks = ["ANYLOOP_E_THREAD"] * on_loop + ["ANYLOOP_E_INVALID"] * checked
            yield from ((one, f"can fail with {code} and does not say so") for code in lacks if code not in named)
        if one.type == "anyloop_status" and not re.search(r"ANYLOOP_\w+|`anyloop_\w+`|\bcode\b", doc.text("returns")):
            yield one, "gives a status and names no code"
        first = handle_of(one.parts[0].type) if one.parts else ""
        if one.name.endswith("_threadsafe"):
            if on_loop:
                yield one, "is named _threadsafe, and its \\thread is loop"
        elif not on_loop and first.replace("anyloop_task", "anyloop_future") in loops:
            yield one, f"has {first} first, a handle of the loop's thread, and its \\thread is not loop"


def check_ownership(api, docs):
    handles = {one.name for one in api.all("handle", "alias")} - {"anyloop_status"}
    for one in api.all("handle"):
        if one.comment and not re.match(r"(loop|any): ", docs_of.lines_of(one.comment)):
            yield one, 'does not begin by whose thread it belongs to, "loop: " or "any: "'
    for one in api.all("function"):
        doc = docs[one.name]
        owns = docs_of.ownership(doc)
        strangers = owns.keys() - {part.name for part in one.parts} - {""}
        yield from ((one, f"\\owns speaks of {name}, which is no parameter") for name in sorted(strangers))
        for part in one.parts:
            said, text = owns.get(part.name), doc.text("param", part.name)
            base = re.sub(r"\bconst\b|\*", "", part.type).strip()
            out = part.type.replace(" ", "") == base + "**" and base in handles or part.type == "anyloop_value *"
            released = part is one.parts[0] and re.search(r"_release(_threadsafe)?$", one.name)
            if (released or re.search(r"\btaken\b", text)) and said != "takes":
                yield one, f"takes {part.name}, and its \\owns does not say takes `{part.name}`"
            elif out and not released and said != "gives" and "borrowed" not in text:
                yield one, f"gives {part.name}, and its \\owns does not say gives `{part.name}`"
            elif part.type == "anyloop_drop_fn" and f"through {part.name}" not in owns.values():
                yield one, f"has a {part.name}, and its \\owns does not say `user_data`, through `{part.name}`"
        gives = "owned" in one.marks or one.name.endswith("_retain")
        if gives and owns.get("") != "gives":
            yield one, "gives a reference, and its \\owns does not say gives"
        elif not gives and "*" in one.type and not re.search(r"\b(borrowed|static)\b", doc.text("returns")):
            yield one, "gives a pointer, and its \\returns says neither borrowed nor static"


def check_units(api, docs):
    for one in api.all("function"):
        doc = docs[one.name]
        for part in one.parts:
            text = doc.text("param", part.name)
            if part.type in ("int64_t", "uint64_t") and TIME.search(part.name) and not re.search(r"\bns\b", text):
                yield one, f"does not say that {part.name} is in ns"
            if part.type in ("size_t", "size_t *") and not UNIT.search(text):
                yield one, f"does not say what {part.name} counts"
        if one.type == "size_t" and not UNIT.search(doc.text("returns")):
            yield one, "does not say what it counts"
        if one.type in ("int64_t", "uint64_t") and re.search(r"_(time|when)$", one.name) \
                and not re.search(r"\bns\b", doc.text("returns")):
            yield one, "does not say that it gives ns"
    for one in api.all("struct"):
        for part in one.parts:
            if part.comment and TIME.search(part.name) and not re.search(r"\bns\b", part.comment):
                yield one, f"does not say that {part.name} is in ns"
            if part.comment and re.search(r"(?<!^struct)_size$", part.name) and not UNIT.search(part.comment):
                yield one, f"does not say what {part.name} counts"


RULES = check_types, check_shape, check_names, check_structs, check_docs, check_codes, check_ownership, check_units


def problems(api):
    docs = {one.name: docs_of.parse(one.comment) for one in api.all("function")}
    found = [f"{one.file}:{one.line}: {one.name} {what}" for rule in RULES for one, what in rule(api, docs)]
    return found + api.differences
