#!/usr/bin/env python3
"""api.py: the one reader of the public headers, and what follows from them.

    api.py write          writes the files below anew
    api.py check          are the headers as the ABI's rules want them (abi/lint.py), and the files below up to date?
    api.py compile        does contract.c compile with the headers, for each target?
    api.py exports FILE   does a shared library, or a module of WebAssembly, export the functions, no more and no fewer?

    core/api.json                  the interface as data, for bindings and for the review of a change
    cmake/anyloop.symbols          the exported functions
    cmake/anyloop.map              the same as a version script, with the version that brought each
    cmake/anyloop.wasm-exports     the same for wasm-ld
    tests/abi/contract.c           each prototype, constant and layout as an assertion

All but `exports` need clang-19; who only builds or uses the library needs none of this.
"""
import difflib
import pathlib
import re
import sys

from abi import emit, exports, lint, reader

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = ROOT / "core/include"
RULES = ROOT / "docs/guide/09-rules.md"
RULE = re.compile(r"\bS-(\w+)(?:\s+(?:\* )?to\s+(?:\* )?S-(\w+))?")


def write():
    api = read()
    if problems := lint.problems(api):
        return report(problems, "nothing is written of headers that break the rules")
    for name, form in emit.FILES.items():
        text, path = form(api), ROOT / name
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            print(f"api.py: {name} is new")
    return check()


def check():
    api = read()
    problems = lint.problems(api) + list(rules_unknown())
    for name, form in emit.FILES.items():
        path = ROOT / name
        now, then = form(api), path.read_text() if path.exists() else ""
        if now != then:
            sys.stderr.writelines(difflib.unified_diff(then.splitlines(True), now.splitlines(True),
                                                       f"{name} as it is", f"{name} as the headers are"))
            problems.append(f"{name} is stale: run `make api`, and look at what changed")
    return report(problems, f"{len(api.all('function'))} functions, {len(api.all('constant'))} constants, "
                            f"{len(api.all('struct'))} structs")


def rules_unknown():
    """Each rule of asyncio that a header names, "S-33" or "S-70 to S-77", is on the guide's page of rules."""
    known = set(re.findall(r"^- \*\*(S-\w+)\*\*", RULES.read_text(), re.M))
    for path in sorted(INCLUDE.rglob("*.h")):
        for first, last in RULE.findall(path.read_text()):
            named = {f"S-{number}" for number in range(int(first), int(last) + 1)} if last else {f"S-{first}"}
            yield from (f"{path.name}: {rule} is not in {RULES.relative_to(ROOT)}" for rule in sorted(named - known))


def compile_contract():
    return report(contract_problems(INCLUDE, ROOT / "tests/abi/contract.c"), f"{len(reader.TARGETS)} targets")


def contract_problems(include, contract):
    for target in reader.TARGETS:
        wrong = reader.compile_error(include, target, contract)
        if wrong:
            yield f"{target}: the headers are not what contract.c says\n{wrong}"


def check_exports(file):
    declared = (ROOT / "cmake/anyloop.symbols").read_text().split()
    return report(exports.problems(file, declared), f"{len(declared)} functions")


def read():
    try:
        return reader.read(INCLUDE)
    except (reader.Unreadable, FileNotFoundError) as why:
        sys.exit(f"api.py: {reader.CLANG} cannot read the headers:\n{why}")


def report(problems, what):
    problems = list(problems)
    for problem in problems:
        print(f"api.py: {problem}", file=sys.stderr)
    print(f"api.py: {what}, {len(problems)} problems")
    return len(problems) > 0


def main():
    commands = {"write": (write, 0), "check": (check, 0), "compile": (compile_contract, 0),
                "exports": (check_exports, 1)}
    command, count = commands.get(sys.argv[1] if len(sys.argv) > 1 else "", (None, 0))
    if command is None or len(sys.argv) != 2 + count:
        sys.exit(__doc__)
    sys.exit(command(*sys.argv[2:]))


if __name__ == "__main__":
    main()
