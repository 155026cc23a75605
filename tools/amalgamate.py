#!/usr/bin/env python3
"""amalgamate.py FOLDER: writes anyloop.h and anyloop.c, the whole interface and the whole core, into FOLDER.

Users drop the two into their own tree: `cc -c anyloop.c`, on Linux with -pthread. With ANYLOOP_PORT_SIM defined the
simulated port is compiled instead of the system's, with ANYLOOP_POLLER_POLL the poller of plain POSIX instead of Linux's.

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
PORTS = ("sim", "posix", "poll")
POLLER = "poller.c"  # of the port posix, the one that poll has as well

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


def port_folder(path):
    return path.parent if path.parent.parent == CORE / "port" else None


def check_names(sources):
    """Each name that one source file keeps for itself is no other's. Those of one port meet no other port's."""
    codes = {path: code_of(path.read_text()) for path in sources}
    owners, problems = {}, []
    for path, code in codes.items():
        macros, names = own_names(code)
        macros.discard("_GNU_SOURCE")
        for name in sorted(macros | names):
            for other in owners.get(name, []):
                if port_folder(path) == port_folder(other) or None in (port_folder(path), port_folder(other)):
                    problems.append(f"{name} is a name of both {name_of(other)} and {name_of(path)}")
            owners.setdefault(name, []).append(path)
        for name in sorted(macros):
            for other, text in codes.items():
                if other != path and re.search(rf"\b{name}\b", text):
                    problems.append(f"{name} is a macro of {name_of(path)} and is used in {name_of(other)}")
    if problems:
        sys.exit("\n".join(f"amalgamate.py: {problem}" for problem in problems))


def port_of(port, seen):
    """A port's files whole; its own header first. A poller stands behind an #if with the other one."""
    parts = []
    for path in sorted((CORE / "port" / port).glob("*.[ch]"), key=lambda path: (path.suffix != ".h", path.name)):
        if path.suffix == ".h":
            add_header(path, seen, parts)
        elif (port, path.name) == ("posix", POLLER):
            parts += ["\n#if defined(ANYLOOP_POLLER_POLL)\n", port_of("poll", seen), "\n#else\n",
                      section(path, path.read_text()), "\n#endif\n"]
        else:
            parts.append(section(path, path.read_text()))
    return "".join(parts)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[1])
    version = ".".join(VERSION.findall((CORE / "include/anyloop/version.h").read_text()))

    seen, interface = set(), []
    add_header(CORE / "include/anyloop.h", seen, interface)

    sources = sorted(CORE.glob("*.c"))
    check_names(sources + [path for port in PORTS for path in sorted((CORE / "port" / port).glob("*.c"))])
    core = ["#ifndef _GNU_SOURCE\n#define _GNU_SOURCE /* before the first system header */\n#endif\n\n#include \"anyloop.h\"\n"]
    for path in sources:
        for match in INCLUDE.finditer(path.read_text()):
            add_header(included(path, match), seen, core)
    core += [section(path, path.read_text()) for path in sources]
    sim, system = (port_of(port, seen) for port in ("sim", "posix"))
    core.append(f"\n#if defined(ANYLOOP_PORT_SIM)\n{sim}\n#elif defined(__linux__)\n{system}\n#else\n"
                '#error "anyloop has no port to this system; define ANYLOOP_PORT_SIM for the simulated one"\n#endif\n')

    folder.mkdir(parents=True, exist_ok=True)
    for suffix, what, parts in (("h", "the interface of anyloop", interface), ("c", "the core of anyloop", core)):
        text = BEGIN.format(suffix=suffix, version=version, what=what) + "".join(parts)
        (folder / f"anyloop.{suffix}").write_text(text)
        print(f"amalgamate.py: {folder}/anyloop.{suffix}, {text.count(chr(10))} lines")


if __name__ == "__main__":
    main()
