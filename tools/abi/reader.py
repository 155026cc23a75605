"""reader: the public headers as clang's AST has them.

Owns:          what a header declares, as a tree of Entity: types by the names that the header gives them, comments raw,
               sizes and offsets on each target.
Must not know: what is allowed (lint.py), and what is written of it (emit.py).
Why:           the compiler is the parser. No target needs a sysroot: the headers stand on stddef.h and stdint.h alone,
               which clang has for each. coro.h is left out: macros for C, and no part of the ABI.
"""
import dataclasses
import json
import pathlib
import re
import subprocess

CLANG = "clang-19"
# Each target, and whose layouts it has. On i386 a 64-bit integer is aligned to four.
TARGETS = {"x86_64-linux-gnu": "64", "aarch64-linux-gnu": "64", "wasm32": "32", "i386-linux-gnu": "i386"}
INTEGERS = ["int32_t", "uint32_t", "int64_t", "uint64_t"]
# Macros that are no constants: how the headers are written.
PLUMBING = {"ANYLOOP_API", "ANYLOOP_OWNED", "ANYLOOP_BEGIN_DECLS", "ANYLOOP_END_DECLS", "ANYLOOP_ALIGN8"}


class Unreadable(Exception):
    """Clang does not take the headers; says why."""


@dataclasses.dataclass
class Entity:
    kind: str                  # function callback struct handle alias constant; parameter field; macro other
    name: str
    type: str = ""             # of a function the result's; of a constant that of INTEGERS
    file: str = ""
    line: int = 0
    comment: str | None = None
    parts: list = dataclasses.field(default_factory=list)     # parameters, fields
    marks: set = dataclasses.field(default_factory=set)       # exported owned inline variadic bitfield enumerator
    value: int | None = None                                  # of a constant
    layout: dict = dataclasses.field(default_factory=dict)    # "64": (size, alignment), or of a field the offset


@dataclasses.dataclass
class Api:
    headers: list
    entities: list             # in the order of the headers
    differences: list          # what is not the same on every target

    def all(self, *kinds):
        return [entity for entity in self.entities if entity.kind in kinds]


# ---- clang

def clang(include, target, headers, more, *flags):
    source = "".join(f"#include <{header}>\n" for header in headers) + more
    command = [CLANG, f"--target={target}", "-std=c11", "-ffreestanding", "-nostdlibinc", f"-I{include}", *flags]
    done = subprocess.run([*command, "-x", "c", "-"], input=source, capture_output=True, text=True)
    if done.returncode:
        raise Unreadable(f"{target}: {done.stderr.strip()}")
    return done.stdout


def ast(include, target, headers, more=""):
    tree = json.loads(clang(include, target, headers, more, "-fsyntax-only", "-fparse-all-comments", "-Xclang",
                            "-ast-dump=json"))
    stamp(tree, {"file": "", "line": 0})
    return tree["inner"]


def stamp(node, place):
    """Clang writes a file and a line only where they change: give them to every location."""
    if isinstance(node, list):
        for each in node:
            stamp(each, place)
    elif isinstance(node, dict):
        if "offset" in node:
            for key in place:
                place[key] = node[key] = node.get(key, place[key])
        for each in node.values():
            stamp(each, place)


def location(node, end=None):
    at = node["range"][end] if end else node["loc"]
    return at.get("expansionLoc", at)


# ---- what stands in the files themselves: comments, and names that the AST forgets

class Sources:
    def __init__(self):
        self.texts = {}

    def text(self, file):
        if file not in self.texts:
            self.texts[file] = pathlib.Path(file).read_bytes()
        return self.texts[file]

    def cut(self, node):
        begin, end = location(node, "begin"), location(node, "end")
        return self.text(begin["file"])[begin["offset"]:end["offset"] + end["tokLen"]].decode()

    def comment(self, node):
        """The one that clang found to belong to the declaration; of a typedef rather one behind it."""
        if node["kind"] == "TypedefDecl":
            end = location(node, "end")
            behind = re.match(rb"\w+;[ \t]*/\*(.*?)\*/", self.text(end["file"])[end["offset"]:], re.S)
            if behind:
                return behind[1].decode()
        for child in node.get("inner", []):
            if child["kind"] == "FullComment":
                begin, end = child["range"]["begin"], child["range"]["end"]
                return self.text(begin["file"])[begin["offset"]:end["offset"] + end["tokLen"]].decode()
        return None

    def above(self, file, name):
        """The comment and the line of a macro; those that stand together share one."""
        text = self.text(file).decode()
        before = text[:re.search(rf"^#[ \t]*define[ \t]+{name}\b", text, re.M).start()]
        line = before.count("\n") + 1
        while above := re.search(r"^#[ \t]*define[ \t]+\w+[ \t]+\S+\n\Z", before, re.M):
            before = before[:above.start()]
        found = re.search(r"/\*((?:(?!\*/).)*)\*/\n\Z", before, re.S)
        return found[1] if found else None, line


def split(types):
    """A list of parameters at the commas outside of all parentheses."""
    parts, depth = [""], 0
    for letter in types:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts if part.strip() not in ("", "void")]


def signature(type):
    """A function pointer's result, and the types of its parameters."""
    result, parameters = re.fullmatch(r"(.*?)\s*\(\*\)\((.*)\)", type).groups()
    return result, split(parameters)


def parameters_of_pointer(type, declared):
    """Of a function pointer: the AST has the types, the text has the names."""
    text = " ".join(re.sub(r"/\*.*?\*/", "", declared, flags=re.S).split())
    written = split(re.search(r"\(\*\s*\w*\)\s*\((.*)\)", text)[1])
    made = []
    for part, of in zip(written, signature(type)[1], strict=True):
        name = re.search(r"\w*$", part)[0] if part != of else ""
        made += [Entity("parameter", name, of)] if of != "..." else []
    return made


# ---- from nodes to entities

def entity(node, sources, kind, type=""):
    at = location(node)
    made = Entity(kind, node.get("name", ""), type, pathlib.Path(at["file"]).name, at["line"], sources.comment(node))
    made.marks.update({"variadic"} if node.get("variadic") else {}, {"bitfield"} if node.get("isBitfield") else {})
    return made


def function(node, sources):
    inner = node.get("inner", [])
    type = node["type"]["qualType"]
    # One that gives a function pointer is left as it is: no rule allows it.
    made = entity(node, sources, "function", type if re.match(r"[^(]*\(\*", type) else type.partition("(")[0].strip())
    made.parts = [Entity("parameter", child.get("name", ""), child["type"]["qualType"])
                  for child in inner if child["kind"] == "ParmVarDecl"]
    kinds = {child["kind"] for child in inner}
    if node.get("inline") or node.get("storageClass") == "static" or "CompoundStmt" in kinds:
        made.marks.add("inline")
    if "VisibilityAttr" in kinds:
        made.marks.add("exported")
    if "WarnUnusedResultAttr" in kinds:
        made.marks.add("owned")
    return made


def typedef(node, sources, structs):
    type = node["type"]["qualType"]
    if "(*)" in type:
        made = entity(node, sources, "callback", type)
        made.parts = parameters_of_pointer(type, sources.cut(node))
        if "..." in type:
            made.marks.add("variadic")
    elif type == "struct " + node["name"]:
        record = structs.get(node["name"])
        made = entity(record or node, sources, "struct" if record else "handle")
        made.comment = made.comment or sources.comment(node)
        for child in record["inner"] if record else []:
            if child["kind"] == "FieldDecl":
                made.parts.append(entity(child, sources, "field", child["type"]["qualType"]))
                if "(*)" in made.parts[-1].type:
                    made.parts[-1].parts = parameters_of_pointer(made.parts[-1].type, sources.cut(child))
    else:
        made = entity(node, sources, "alias", type)
    return made


def constant_value(node):
    """The first constant expression below; an enumerator without one counts up, and has none."""
    for child in node.get("inner", []):
        if child["kind"] == "ConstantExpr":
            return int(child["value"])
        value = constant_value(child)
        if value is not None:
            return value
    return None


def constants(node, sources):
    shared, value = sources.comment(node), -1
    for child in node.get("inner", []):
        if child["kind"] == "EnumConstantDecl":
            said = constant_value(child)
            value = value + 1 if said is None else said
            made = entity(child, sources, "constant", "int32_t")
            made.comment, made.value = made.comment or shared, value
            made.marks.add("enumerator")
            yield made


def entities_of(tree, include, sources):
    structs = {node["name"]: node for node in tree
               if node["kind"] == "RecordDecl" and node.get("completeDefinition") and "name" in node}
    typedefs = {node["name"] for node in tree if node["kind"] == "TypedefDecl"}
    for node in tree:
        if "loc" not in node or not str(location(node).get("file", "")).startswith(f"{include}/"):
            continue
        if node["kind"] == "FunctionDecl":
            yield function(node, sources)
        elif node["kind"] == "TypedefDecl":
            yield typedef(node, sources, structs)
        elif node["kind"] == "EnumDecl" and "name" not in node:
            yield from constants(node, sources)
        elif node["kind"] != "RecordDecl" or node["tagUsed"] != "struct" or node.get("name") not in typedefs:
            yield entity(node, sources, "other", node["kind"].removesuffix("Decl").lower())


def macros_of(include, headers, sources):
    """The macros of the headers: constants, and those with parameters."""
    file = ""
    for line in clang(include, next(iter(TARGETS)), headers, "", "-E", "-dD").splitlines():
        if place := re.match(r'# \d+ "(.*?)"', line):
            file = place[1]
        found = re.match(r"#define (\w+)(\(?)(.*)", line)
        if not found or not file.startswith(f"{include}/"):
            continue
        name, parameters, body = found.groups()
        if name not in PLUMBING and (parameters or body.strip()):
            comment, at = sources.above(file, name)
            yield Entity("macro" if parameters else "constant", name, "", pathlib.Path(file).name, at, comment)


# ---- values, sizes and offsets: clang is asked by an enumerator each

def questions_about(entities):
    for one in entities:
        if one.kind == "constant" and "enumerator" not in one.marks:
            yield one, "value", one.name
            yield one, "type", f"_Generic(({one.name}), " + ", ".join(
                f"{type}: {number}" for number, type in enumerate(INTEGERS)) + ", default: -1)"
        elif one.kind == "struct":
            yield one, "size", f"sizeof({one.name})"
            yield one, "alignment", f"_Alignof({one.name})"
            for field in one.parts:
                if "bitfield" not in field.marks:
                    yield field, "offset", f"__builtin_offsetof({one.name}, {field.name})"


def answer(entities, tree, asked, layout):
    """What is not asked, since it is not there on the first target, stays without an answer."""
    values = [constant_value(node) for node in tree
              if node["kind"] == "EnumDecl" and node["inner"][0].get("name", "").startswith("anyl_asked_")]
    answers = dict(zip(asked, values, strict=True))
    for one, what, expression in questions_about(entities):
        said = answers.get(expression)
        if what == "value":
            one.value = said
        elif what == "type":
            one.type = INTEGERS[said] if said >= 0 else "another type"
        elif what == "alignment":
            one.layout[layout] = one.layout[layout], said
        else:
            one.layout[layout] = said


def facts(entities):
    """All that must be the same on every target that shares a layout."""
    return {one.name: (one.kind, one.type, one.value, one.layout, sorted(one.marks),
                       [(part.name, part.type, part.layout) for part in one.parts]) for one in entities}


def read(include, targets=tuple(TARGETS)):
    """The Api of the headers that anyloop.h in the folder `include` brings."""
    include = pathlib.Path(include)
    umbrella = (include / "anyloop.h").read_text()
    headers = [name for name in re.findall(r"#include <(anyloop/\w+\.h)>", umbrella) if name != "anyloop/coro.h"]
    sources, seen, differences = Sources(), {}, []
    macros = list(macros_of(include, headers, sources))
    entities = list(entities_of(ast(include, targets[0], headers), include, sources)) + macros
    asked = [expression for _, _, expression in questions_about(entities)]
    asking = "".join(f"enum {{ anyl_asked_{number} = ({each}) }};\n" for number, each in enumerate(asked))
    for target in targets:
        tree = ast(include, target, headers, asking)
        found = list(entities_of(tree, include, sources))
        here = found + [dataclasses.replace(macro, layout={}) for macro in macros]
        answer(here, tree, asked, TARGETS[target])
        answer(entities, tree, asked, TARGETS[target])
        everywhere = {name: (*fact[:3], fact[4], [part[:2] for part in fact[5]]) for name, fact in facts(here).items()}
        for group, what in (("everywhere", everywhere), (TARGETS[target], facts(here))):
            known = seen.setdefault(group, what)
            differences += [f"{name} is not the same on {target}" for name in sorted(known.keys() | what.keys())
                            if known.get(name) != what.get(name)]
    order = {pathlib.Path(header).name: number for number, header in enumerate(headers)}
    entities.sort(key=lambda one: (order[one.file], one.line))
    return Api(headers, entities, sorted(set(differences)))


def compile_error(include, target, file):
    """What clang says of a C file on a target, or nothing."""
    try:
        clang(include, target, [], pathlib.Path(file).read_text(), "-fsyntax-only", "-Wall", "-Werror")
    except Unreadable as why:
        return str(why)
    return ""
