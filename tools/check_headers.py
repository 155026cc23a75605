#!/usr/bin/env python3
"""check_headers.py [LIBRARY]: is what the headers say complete, and what the shared library exports?

Each rule of asyncio that a header names, "S-33" or "S-70 to S-77", is on the guide's page of rules.

Every function of the interface has a comment right above it: what it does, then \\param for each parameter, in order and by its
name, \\returns unless it is void, \\thread, \\since. With LIBRARY, a libanyloop.so, its exported symbols are the functions that the headers
declare, no more and no fewer.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = ROOT / "core/include"
RULES = ROOT / "docs/guide/09-rules.md"
DECLARATION = re.compile(r"(?P<comment>/\*(?:(?!\*/).)*\*/\n)?^ANYLOOP_API\s+(?P<type>[^;(]*?)\b(?P<name>\w+)"
                         r"\((?P<parameters>[^;]*)\)\s*;", re.MULTILINE | re.DOTALL)
RULE = re.compile(r"\bS-(\w+)(?:\s+(?:\* )?to\s+(?:\* )?S-(\w+))?")
TAG = re.compile(r"^ \* \\(\w+)(?:[ \t]+(\w+))?", re.MULTILINE)


def parameters_of(text):
    """The names of a declaration's parameters; that of a function pointer stands in its own parentheses."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    text = re.sub(r"\(\s*\*\s*(\w+)\s*\)\s*\([^()]*\)", r"\1", text)
    names = [re.search(r"(\w+)\s*(?:\[[^]]*\])?\s*$", part)[1] for part in text.split(",")]
    return [] if names == ["void"] else names


def what_lacks(found):
    """What is wrong with the comment of a function."""
    if found["comment"] is None:
        return ["has no comment right above it"]
    tags = TAG.findall(found["comment"])
    kinds = [kind for kind, _ in tags]
    told = [name for kind, name in tags if kind == "param"]
    wanted = parameters_of(found["parameters"])
    lacks = [f"has no \\{kind}" for kind in ("thread", "since") if kind not in kinds]
    if told != wanted:
        lacks.append(f"tells of the parameters {', '.join(told) or 'none'}, and has {', '.join(wanted) or 'none'}")
    void = re.sub(r"ANYLOOP_\w+", "", found["type"]).split() == ["void"]
    if void == ("returns" in kinds):
        lacks.append("is void and has a \\returns" if void else "has no \\returns")
    unknown = set(kinds) - {"param", "returns", "thread", "owns", "since"}
    lacks.extend(f"has an unknown tag \\{kind}" for kind in sorted(unknown))
    return lacks


def rules_in(text):
    """The rules that a header names, a range with all of its numbers."""
    for first, last in RULE.findall(text):
        yield from (f"S-{number}" for number in range(int(first), int(last) + 1)) if last else [f"S-{first}"]


def main():
    if len(sys.argv) > 2:
        sys.exit(__doc__)
    declared, problems = {}, []
    rules = set(re.findall(r"^- \*\*(S-\w+)\*\*", RULES.read_text(), re.MULTILINE))
    for path in [INCLUDE / "anyloop.h", *sorted((INCLUDE / "anyloop").glob("*.h"))]:
        text = path.read_text()
        found = list(DECLARATION.finditer(text))
        lacking = sorted(set(rules_in(text)) - rules)
        problems.extend(f"{path.name}: {rule} is not in {RULES.relative_to(ROOT)}" for rule in lacking)
        marks = len(re.findall(r"^ANYLOOP_API\b", text, re.MULTILINE))
        if marks != len(found):
            problems.append(f"{path.name}: {marks} ANYLOOP_API, of which {len(found)} can be read as functions")
        for one in found:
            name = one["name"]
            if name in declared:
                problems.append(f"{path.name}: {name} is declared twice, in {declared[name]} too")
            declared[name] = path.name
            problems.extend(f"{path.name}: {name} {what}" for what in what_lacks(one))
    if not declared:
        sys.exit("check_headers.py: no functions in the headers")
    if len(sys.argv) == 2:
        listing = subprocess.run(["nm", "--dynamic", "--defined-only", "--format=posix", sys.argv[1]], check=True,
                                 capture_output=True, text=True).stdout
        exported = {line.split()[0].split("@")[0] for line in listing.splitlines()}
        problems.extend(f"{name} is declared in {declared[name]} and not exported" for name in sorted(set(declared) - exported))
        problems.extend(f"{name} is exported and in no header" for name in sorted(exported - set(declared)))
    for problem in problems:
        print(f"check_headers.py: {problem}", file=sys.stderr)
    print(f"check_headers.py: {len(declared)} functions, {len(problems)} problems")
    sys.exit(len(problems) > 0)


if __name__ == "__main__":
    main()
