#!/usr/bin/env python3
"""floors.py: does the core keep to the floors of ARCHITECTURE.md?

The table's rows name rooms: `heap` is core/heap.c and core/heap.h, `task (step, cancel)` has step.c and cancel.c besides,
`api (api_*)` all that the pattern matches, `port/sim` is the folder. The rules:

    a file includes its own room's header and rooms of lower floors, never one beside it or above;
    a port includes port.h, value.h, what ports share on a lower floor, and nothing else; nobody else includes a port;
    each file of the core has one room, and each room a file;
    C's freestanding headers are for all, the other system headers for the ports, stdlib.h for the allocator too;
    malloc and its kin are called by the allocator and the ports only;
    a public header includes only those that the umbrella brings before it;
    a function named anyloop_* is defined in the api's files, so that what users call is found in one place.
"""
import fnmatch
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CORE = ROOT / "core"
ROW = re.compile(r"^\|\s*(\d+)\s*\|(.+?)\|.+\|$", re.MULTILINE)
ROOM = re.compile(r"([\w/]+)(?:\s*\(([^)]*)\))?")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+(["<])([^">]+)[">]', re.MULTILINE)
FREE = {f"{name}.h" for name in "stdarg stdatomic stdbool stddef stdint limits string".split()}
MEMORY = re.compile(r"\b(?:malloc|calloc|realloc|aligned_alloc|free|strdup)\s*\(")
EXPORTED = re.compile(r"^(?:[a-z_][\w *]*?[ *])?(anyloop_\w+)\((?![^;{]*\);)", re.MULTILINE)
PORT = "port"


def read_table(text):
    """The floor of each room, in the table's order, and the patterns of each room's files within core/."""
    floors, patterns = {}, {}
    for floor, rooms in ROW.findall(text):
        for room, more in ROOM.findall(rooms.replace("`", "")):
            if room in floors:
                sys.exit(f"floors.py: ARCHITECTURE.md names the room {room} twice")
            floors[room] = int(floor)
            stem = f"{PORT}/{PORT}" if room == PORT else f"{room}/*" if room.startswith("port/") else room
            patterns[room] = [stem, *re.findall(r"[\w*]+", more)]
    if not floors:
        sys.exit("floors.py: ARCHITECTURE.md has no table of floors")
    return floors, patterns


def rooms_of(files, patterns, problems):
    """The room of each file, a path within core/."""
    rooms = {}
    for file in files:
        stem = file.rsplit(".", 1)[0]
        found = [room for room, names in patterns.items() if any(fnmatch.fnmatchcase(stem, name) for name in names)]
        if len(found) != 1:
            problems.append(f"core/{file} has {'no room' if not found else 'several rooms: ' + ', '.join(found)}: "
                            "give it one in the table of ARCHITECTURE.md")
        else:
            rooms[file] = found[0]
    stems = [file.rsplit(".", 1)[0] for file in files]
    for room, names in patterns.items():
        problems.extend(f"the room {room} of ARCHITECTURE.md has no file {name}"
                        for name in names if not fnmatch.filter(stems, name))
    return rooms


def without_comments(text):
    """Comments are blanked, lines stay where they are."""
    return re.sub(r"/\*.*?\*/", lambda comment: "\n" * comment[0].count("\n"), text, flags=re.DOTALL)


def check_include(file, room, include, rooms, floors):
    """What is wrong with an include of a file of the core, or None."""
    bracket, name = include
    if bracket == "<":
        if name.startswith("anyloop/") or name in FREE or room.startswith("port/") or (name, room) == ("stdlib.h", "alloc"):
            return None
        return f"includes <{name}>, a system header: only a port may"
    base = (CORE / file).parent
    target = next((path.resolve() for path in (base / name, CORE / name) if path.is_file()), None)
    if target is None:
        return f'includes "{name}", which is not there'
    other = rooms.get(target.relative_to(CORE).as_posix())
    if other is None or other == room:
        return None
    is_port, of_port = room.startswith("port/"), other.startswith("port/")
    if of_port and not is_port:
        return f"includes {name}: a port is linked, never included"
    if is_port and other not in (PORT, "value") and not of_port:
        return f"includes {name}: a port stands on port.h, on values, and on what ports share"
    if floors[other] >= floors[room]:
        where = "beside" if floors[other] == floors[room] else "above"
        return f"includes {name}: the room {other} on floor {floors[other]} is {where} {room} on floor {floors[room]}"
    return None


def check_public(problems):
    umbrella = [name for _, name in INCLUDE.findall((CORE / "include/anyloop.h").read_text())]
    here = {path.relative_to(CORE / "include").as_posix() for path in (CORE / "include/anyloop").glob("*.h")}
    problems.extend(f"core/include/{name} is not in the umbrella, anyloop.h" for name in sorted(here - set(umbrella)))
    for name in sorted(here & set(umbrella)):
        for _, other in INCLUDE.findall((CORE / "include" / name).read_text()):
            if other not in FREE and other not in umbrella[:umbrella.index(name)]:
                problems.append(f"core/include/{name} includes <{other}>, which the umbrella does not bring before it")


def main():
    floors, patterns = read_table((ROOT / "ARCHITECTURE.md").read_text())
    problems = []
    files = sorted(path.relative_to(CORE).as_posix() for path in CORE.rglob("*.[ch]")
                   if CORE / "include" not in path.parents)
    if not files:
        sys.exit("floors.py: no files in core/")
    rooms = rooms_of(files, patterns, problems)
    for file, room in rooms.items():
        text = without_comments((CORE / file).read_text())
        wrong = [check_include(file, room, include, rooms, floors) for include in INCLUDE.findall(text)]
        if MEMORY.search(text) and room != "alloc" and not room.startswith("port/"):
            wrong.append(f"calls {MEMORY.search(text)[0]}...): memory comes from the allocator")
        if room != "api" and file.endswith(".c") and EXPORTED.search(text):
            wrong.append(f"defines {EXPORTED.search(text)[1]}: what users call is in the api's files")
        problems.extend(f"core/{file} {what}" for what in wrong if what)
    check_public(problems)
    for problem in problems:
        print(f"floors.py: {problem}", file=sys.stderr)
    print(f"floors.py: {len(files)} files in {len(floors)} rooms, {len(problems)} problems")
    sys.exit(len(problems) > 0)


if __name__ == "__main__":
    main()
