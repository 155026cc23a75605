#!/usr/bin/env python3
"""check_faults.py: is each fault of docs/reliability.md held by tests that there are?

A row's last cell names, in backticks, at least one of: a cmocka case that a table in tests/unit or tests/stress lists, a
scenario that has a trace, a torture of tests/fault/CMakeLists.txt. Or it says with what it comes. Faults are numbered
from 1 to 62, each once.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TESTS = ROOT / "tests"
LAST = 62


def tests_there_are():
    names = set()
    for path in [*(TESTS / "unit").glob("test_*.c"), *(TESTS / "stress").glob("test_*.c")]:
        names.update(re.findall(r"\bcmocka_unit_test(?:_\w+)?\(\s*(\w+)", path.read_text()))
    for path in (TESTS / "conformance/scenarios").glob("*.json"):
        if path.with_suffix(".trace").exists():
            names.add(path.stem)
    for faults in re.findall(r"foreach\(fault ([\w ]+)\)", (TESTS / "fault/CMakeLists.txt").read_text()):
        names.update(f"fault/{fault}" for fault in faults.split())
    return names


def main():
    problems, numbers, named, later = [], [], 0, 0
    there = tests_there_are()
    for line in (ROOT / "docs/reliability.md").read_text().splitlines():
        if not line.startswith("| ") or line.startswith(("| | fault", "| fault")):
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        row, proof = cells[0], cells[-1]
        if row.isdigit():
            numbers.append(int(row))
        proofs = re.findall(r"`([^`]+)`", proof)
        named += len(proofs)
        problems.extend(f"{row}: there is no test {name}" for name in proofs if name not in there)
        if proof.startswith("comes with "):
            later += 1
        elif not proofs:
            problems.append(f"{row}: no test, and nothing that it comes with")
    if numbers != list(range(1, LAST + 1)):
        problems.append(f"the faults are not numbered from 1 to {LAST}: {numbers}")
    for problem in problems:
        print(f"check_faults.py: {problem}", file=sys.stderr)
    print(f"check_faults.py: {len(numbers)} faults, {named} tests named, {later} come later, {len(problems)} problems")
    sys.exit(len(problems) > 0)


if __name__ == "__main__":
    main()
