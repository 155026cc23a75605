#!/usr/bin/env python3
"""amalgamate.py FOLDER: writes anyloop.h and anyloop.c, the whole interface and the whole core, into FOLDER.

Users drop the two into their own tree: `cc -c anyloop.c`, on Linux with -pthread. The compiler says which port it is for;
with ANYLOOP_PORT_SIM or ANYLOOP_PORT_REACTOR defined it is that one, with ANYLOOP_POLLER_POLL the poller of plain POSIX
instead of Linux's. cmake/ports.cmake tells what a port is made of.

All of the core is one translation unit there, as in a release build, so a name that is one file's own must be unique: a
clash is an error here, with both files. So is a macro of one file that another file happens to use as a name.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CORE = ROOT / "core"
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+(?:"([^"]+)"|<(anyloop[^>]*)>)[^\n]*\n', re.MULTILINE)
VERSION = re.compile(r"^#define ANYLOOP_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)", re.MULTILINE)
PARTS = re.compile(r"^set\(anyloop_(port|poller)_(\w+) ([^)]+)\)", re.MULTILINE)
# The ports in the order in which they are asked for, and when they are meant.
PORTS = {"sim": "defined(ANYLOOP_PORT_SIM)",
         "reactor": "defined(ANYLOOP_PORT_REACTOR)",
         "wasm": "defined(__EMSCRIPTEN__)",
         "wasi": "defined(__wasi__)",
         "posix": "defined(__linux__)"}

BEGIN = """\
/* anyloop.{suffix} {version} -- {what}
 *
 * Generated from the files named below by tools/amalgamate.py of anyloop: change those.
 *
 * SPDX-License-Identifier: MIT
 */
"""


def name_of(path):
    return path.relative_to(ROOT).as_posix()


def included(path, match):
    """The file of this project that an include line names."""
    name = match[1] or match[2]
    for base in ([path.parent, CORE] if match[1] else [CORE / "include"]):
        if (base / name).is_file():
            return (base / name).resolve()
    sys.exit(f"amalgamate.py: {name_of(path)} includes {name}, which is not there")


def add_header(path, seen, parts):
    """A header after those that it includes, each once."""
    if path in seen:
        return
    seen.add(path)
    text = path.read_text()
    for match in INCLUDE.finditer(text):
        add_header(included(path, match), seen, parts)
    parts.append(section(path, text))


def section(path, text):
    return f"\n/* ==== {name_of(path)} */\n\n{INCLUDE.sub('', text)}"


def code_of(text):
    """Without comments and literals."""
    return re.sub(r'/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', " ", text, flags=re.DOTALL)


def own_names(code):
    """What a source file names at file scope for itself alone: macros, and the rest."""
    macros = set(re.findall(r"^#[ \t]*define[ \t]+(\w+)", code, re.MULTILINE))
    code = re.sub(r"^#(?:[^\n]*\\\n)*[^\n]*", "", code, flags=re.MULTILINE)
    names = set()
    for body in re.findall(r"^(?:typedef )?enum\b[^{;]*\{([^}]*)\}", code, re.MULTILINE):
        names.update(re.findall(r"(?:^|,)\s*(\w+)", body))
    names.update(re.findall(r"^(?:typedef )?(?:struct|union|enum) (\w+)\s*\{", code, re.MULTILINE))
    depth, outside = 0, []
    for piece in re.split(r"([{}])", code):
        depth += (piece == "{") - (piece == "}")
        outside.append(piece if depth == 0 and piece != "}" else "\n" if piece == "}" else "")
    outside = "".join(outside)
    names.update(re.findall(r"^typedef [^;]*?(\w+)\s*;", outside, re.MULTILINE))
    for declaration in re.findall(r"^(?:static|ANYL_HOT|ANYL_ASIDE)\b([^(=;\[]*)", outside, re.MULTILINE):
        names.update(re.findall(r"(\w+)\s*(?:,|$)", declaration))
    return macros, names


def port_files():
    """The files of each port of this tree, and of each poller of the port posix, headers first."""
    files = {"port": {}, "poller": {}}
    for kind, name, parts in PARTS.findall((ROOT / "cmake/ports.cmake").read_text()):
        paths = [CORE / "port" / part for part in parts.split()]
        found = [sorted(path.glob("*.[ch]")) if path.is_dir() else [path.with_suffix(".c")] for path in paths]
        files[kind][name] = sorted(sum(found, []), key=lambda path: path.suffix != ".h")
    if unknown := set(files["port"]) - set(PORTS):
        sys.exit(f"amalgamate.py: when is the port {', '.join(unknown)} meant?")
    return files["port"], files["poller"]


def check_names(sources, ports):
    """Each name that one source file keeps for itself is no other's. Files that are of no port together never meet."""
    together = [set(sources) | set(files) for files in ports]
    paths = sources + sorted(set().union(*ports) - set(sources))
    codes = {path: code_of(path.read_text()) for path in paths if path.suffix == ".c"}
    owners, problems = {}, []
    for path, code in codes.items():
        macros, names = own_names(code)
        macros.discard("_GNU_SOURCE")
        for name in sorted(macros | names):
            for other in owners.get(name, []):
                if any({path, other} <= files for files in together):
                    problems.append(f"{name} is a name of both {name_of(other)} and {name_of(path)}")
            owners.setdefault(name, []).append(path)
        for name in sorted(macros):
            for other, text in codes.items():
                if other != path and re.search(rf"\b{name}\b", text):
                    problems.append(f"{name} is a macro of {name_of(path)} and is used in {name_of(other)}")
    if problems:
        sys.exit("\n".join(f"amalgamate.py: {problem}" for problem in problems))


def whole(files, seen):
    """Some files of a port; a header once for all that stand behind the same #if."""
    parts = []
    for path in files:
        if path.suffix == ".h":
            add_header(path, seen, parts)
        else:
            parts.append(section(path, path.read_text()))
    return "".join(parts)


def choice(alternatives, otherwise):
    """One text of several, by the preprocessor."""
    parts = [f"\n#{'elif' if number else 'if'} {condition}\n{text}"
             for number, (condition, text) in enumerate(alternatives)]
    return "".join([*parts, f"\n#else\n{otherwise}\n#endif\n"])


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[1])
    version = ".".join(VERSION.findall((CORE / "include/anyloop/version.h").read_text()))

    seen, interface = set(), []
    add_header(CORE / "include/anyloop.h", seen, interface)

    sources = sorted(CORE.glob("*.c"))
    ports, pollers = port_files()
    check_names(sources, [files for name, files in ports.items() if name != "posix"] +
                [ports["posix"] + poller for poller in pollers.values()])
    core = ["#ifndef _GNU_SOURCE\n#define _GNU_SOURCE /* before the first system header */\n#endif\n\n#include \"anyloop.h\"\n"]
    for path in sources:
        for match in INCLUDE.finditer(path.read_text()):
            add_header(included(path, match), seen, core)
    core += [section(path, path.read_text()) for path in sources]
    texts = {port: whole(ports[port], set(seen)) for port in PORTS if port in ports}
    texts["posix"] += choice([("defined(ANYLOOP_POLLER_POLL)", whole(pollers["poll"], set(seen)))],
                             whole(pollers["linux"], set(seen)))
    core.append(choice([(PORTS[port], text) for port, text in texts.items()],
                       '#error "anyloop has no port to this system; define ANYLOOP_PORT_SIM for the simulated one"'))

    folder.mkdir(parents=True, exist_ok=True)
    for suffix, what, parts in (("h", "the interface of anyloop", interface), ("c", "the core of anyloop", core)):
        text = BEGIN.format(suffix=suffix, version=version, what=what) + "".join(parts)
        (folder / f"anyloop.{suffix}").write_text(text)
        print(f"amalgamate.py: {folder}/anyloop.{suffix}, {text.count(chr(10))} lines")


if __name__ == "__main__":
    main()
