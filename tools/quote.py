#!/usr/bin/env python3
"""quote.py [--check]: the code in README.md, docs/ and those of the bindings that is quoted from files, kept equal to them.

A marker on a line of its own says what the code block after it holds:

    <!-- quote: FILE -->                    the whole file, without its leading comment
    <!-- quote: FILE: FROM ... TO -->       from the first line that begins with FROM to the next that begins with TO,
                                            dedented; a TO of } is the one that stands below FROM

Without --check the blocks are rewritten. With it nothing is: a block that differs, a block of C or JavaScript without a marker, or no quote
at all, is a failure.
"""

import pathlib
import re
import sys
import textwrap

ROOT = pathlib.Path(__file__).resolve().parent.parent
MARKER = re.compile(r"<!-- quote: (?P<file>[^:\s]+)(?:: (?P<begin>.+?) \.\.\. (?P<end>.+?))? -->$")
BLOCK = re.compile(r"(?P<before>^[^\n]*\n)```(?P<language>[^\n]*)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)


class Problem(Exception):
    pass


def indent(line):
    return len(line) - len(line.lstrip())


def find(lines, prefix, start, marker):
    for number in range(start, len(lines)):
        line = lines[number]
        if line.strip().startswith(prefix) and (prefix != "}" or indent(line) == indent(lines[start - 1])):
            return number
    raise Problem(f"no line begins with {prefix!r}: {marker[0]}")


def quoted(marker):
    path = ROOT / marker["file"]
    if not path.is_file():
        raise Problem(f"no such file: {marker[0]}")
    text = path.read_text()
    if marker["begin"] is None:
        return re.sub(r"\A(/\*.*?\*/\n|(//[^\n]*\n)+)", "", text, count=1, flags=re.DOTALL)
    lines = text.splitlines(keepends=True)
    begin = find(lines, marker["begin"], 0, marker)
    end = find(lines, marker["end"], begin + 1, marker)
    return textwrap.dedent("".join(lines[begin : end + 1]))


def renew(text, problems):
    """The text with its quotes as they should be, and how many there are."""
    count = 0

    def replace(block):
        nonlocal count
        marker = MARKER.match(block["before"].strip())
        if marker is None:
            if block["language"] in ("c", "js"):
                problems.append(f"a block of {block['language']} that is quoted from nowhere: {block['code'].splitlines()[:1]}")
            return block[0]
        count += 1
        try:
            return f"{block['before']}```{block['language']}\n{quoted(marker)}```"
        except Problem as problem:
            problems.append(str(problem))
            return block[0]

    renewed = BLOCK.sub(replace, text)
    if count != text.count("<!-- quote:"):
        problems.append("a marker that stands before no code block, or that cannot be read")
    return renewed, count


def main():
    if sys.argv[1:] not in ([], ["--check"]):
        sys.exit(__doc__)
    check, total, failures = bool(sys.argv[1:]), 0, 0
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")),
                 *sorted((ROOT / "bindings").glob("*/*.md")), *sorted((ROOT / "bindings").glob("*/docs/*.md"))]:
        text, problems = path.read_text(), []
        renewed, count = renew(text, problems)
        if renewed != text:
            if check:
                problems.append("code that is not what the file says; tools/quote.py renews it")
            else:
                path.write_text(renewed)
        for problem in problems:
            print(f"{path.relative_to(ROOT)}: {problem}", file=sys.stderr)
        total, failures = total + count, failures + len(problems)
    if total == 0:
        sys.exit("quote.py: nothing is quoted anywhere")
    print(f"quote.py: {total} quotes, {failures} problems")
    sys.exit(failures > 0)


main()
