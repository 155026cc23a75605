#!/usr/bin/env python3
"""check_ids.py: is each fact of tests/conformance/ids.txt proved by a test?

By a scenario, tests/conformance/scenarios/A01-name.json with A01-name.trace beside it, or by a cmocka case whose name
begins with a01_ and which a table in tests/unit or tests/stress lists. A fact that begins with "not yet:" needs none, and may have none: when there is a
test, the line is to be changed.
"""
import pathlib
import re
import sys

TESTS = pathlib.Path(__file__).resolve().parent.parent / "tests"


def read_ids(problems):
    ids = {}
    for number, line in enumerate((TESTS / "conformance/ids.txt").read_text().splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        match = re.fullmatch(r"([A-Z]\d\d) (\S.*)", line)
        if not match or match[1] in ids:
            problems.append(f"ids.txt, line {number}: no id with a fact, or one that was there before")
        else:
            ids[match[1]] = match[2]
    return ids


def main():
    problems = []
    ids = read_ids(problems)
    proofs = {}
    for path in sorted((TESTS / "conformance/scenarios").glob("*.json")):
        if not re.match(r"[A-Z]\d\d-\w", path.name):
            problems.append(f"{path.name} does not begin with an id")
        elif not path.with_suffix(".trace").exists():
            problems.append(f"{path.name} has no trace")
        else:
            proofs.setdefault(path.name[:3], []).append(path.name)
    for path in sorted([*(TESTS / "unit").glob("*.c"), *(TESTS / "stress").glob("*.c")]):
        for case in re.findall(r"\bcmocka_unit_test(?:_\w+)?\(\s*([a-z]\d\d_\w+)", path.read_text()):
            proofs.setdefault(case[:3].upper(), []).append(case)
    later = {name for name, fact in ids.items() if fact.startswith("not yet:")}
    problems.extend(f"{name} has no scenario and no cmocka case: {ids[name]}"
                    for name in sorted(set(ids) - later - set(proofs)))
    problems.extend(f"{name} is proved by {proofs[name][0]}, and its line still says {ids[name]}"
                    for name in sorted(later & set(proofs)))
    if len(ids) == len(later):
        problems.append("ids.txt asks for nothing")
    for problem in problems:
        print(f"check_ids.py: {problem}", file=sys.stderr)
    print(f"check_ids.py: {len(ids)} facts, {len(later)} not yet, {sum(map(len, proofs.values()))} tests with an id, "
          f"{len(problems)} problems")
    sys.exit(len(problems) > 0)


if __name__ == "__main__":
    main()
