#!/usr/bin/env python3
"""Does `run` find what it is there to find? Runners that do wrong, and folders that lack something."""
import importlib.machinery
import importlib.util
import contextlib
import io
import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
LOADER = importlib.machinery.SourceFileLoader("run", str(HERE / "run"))
sys.dont_write_bytecode = True
run = importlib.util.module_from_spec(importlib.util.spec_from_loader("run", LOADER))
LOADER.exec_module(run)
run.LIMIT = 2

# A runner: what it does at a scenario is the scenario's text; at a random one it is told by its number.
RUNNER = """
import os, sys, time
*words, dash = sys.argv[1:]
assert dash == "-"
numbered = dict(word.split("=") for word in words)
for file in map(str.strip, sys.stdin):
    print("===", file)
    what = numbered.get(file[-9:-5], "good") if "random-" in file else open(file).read()
    print("begin")
    sys.stdout.flush()
    if what == "crash": os.abort()
    if what == "leave": sys.exit(3)
    if what == "stop": sys.exit(0)
    if what == "hang": time.sleep(60)
    if what == "long": print("more")
    if what != "short": print("end")
"""
GOOD = "begin\nend\n"


def outcome(scenarios, traces=None):
    """(passed, failed, what is printed) of a folder with a scenario for each word, in their order."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for number, what in enumerate(scenarios):
            (folder / f"{number}-{what}.json").write_text(what)
            (folder / f"{number}-{what}.trace").write_text(GOOD)
        for file, text in (traces or {}).items():
            (folder / file).write_text(text) if text is not None else (folder / file).unlink()
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            passed, failed = run.compare([sys.executable, "-c", RUNNER], folder)
        return passed, failed, printed.getvalue()


CASES = [
    # scenarios, changed traces, passed, failed, words of the report
    (["good"], None, 1, 0, []),
    (["good", "good"], None, 2, 0, []),
    (["good", "short", "good"], None, 2, 1, ["1-short", "line 2", "expected: end", "(end of trace)"]),
    (["long"], None, 0, 1, ["0-long", "expected: end", "got:      more"]),
    (["good", "crash", "good", "good"], None, 3, 1, ["1-crash", "signal 6"]),
    (["crash", "good"], None, 1, 1, ["0-crash"]),
    (["good", "crash"], None, 1, 1, ["1-crash"]),
    (["leave", "good"], None, 1, 1, ["0-leave", "exit status 3"]),
    (["good", "stop", "good"], None, 2, 1, ["1-stop", "ended before"]),
    (["good", "hang", "good"], None, 2, 1, ["1-hang", "no end within"]),
    (["good", "good"], {"1-good.trace": None}, 1, 1, ["1-good.json", "no trace"]),
    (["good", "good"], {"1-good.trace": ""}, 1, 1, ["1-good.json", "an empty one"]),
    (["good"], {"x.trace": GOOD}, 1, 1, ["x.trace", "without a scenario"]),
    ([], None, 0, 0, []),
]


def outcome_of_random(oracle, runner):
    """The same of 120 random scenarios, more than a process is told of at once; also the files that stay."""
    oracle, runner = ([sys.executable, "-c", RUNNER, *words.split()] for words in (oracle, runner))
    with tempfile.TemporaryDirectory() as name:
        folder, printed = pathlib.Path(name), io.StringIO()
        with contextlib.redirect_stdout(printed):
            passed, failed = run.compare_random(oracle, runner, 120, "7", folder)
        traces = sorted(file.stem[-4:] for file in folder.glob("*.trace"))
        kept = sorted(file.stem[-4:] for file in folder.glob("*.json"))
        return passed, failed, " ".join(kept) if kept == traces else f"{kept} and traces {traces}", printed.getvalue()


RANDOM_CASES = [
    # what the oracle and the runner do, failed, the scenarios that stay, words of the report
    ("", "", 0, "", []),
    ("", "0005=short 0119=long", 2, "0005 0119", ["random-7-0005.json", "expected: end", "got:      more"]),
    ("0005=short 0060=long", "0005=short 0060=long", 0, "", []),
    ("", "0000=crash 0030=leave 0031=hang 0100=stop", 4, "0000 0030 0031 0100", ["signal 6", "exit status 3", "no end"]),
    ("0040=crash", "", 1, "0040", ["the oracle failed", "signal 6"]),
    ("0040=hang", "0041=short", 2, "0040 0041", ["the oracle failed"]),
]


def main():
    failures = 0
    for oracle, runner, failed, kept, words in RANDOM_CASES:
        got = outcome_of_random(oracle, runner)
        if got[:3] != (120 - failed, failed, kept) or not all(word in got[3] for word in words):
            failures += 1
            print(f"FAILED random, oracle {oracle!r}, runner {runner!r}: got {got[0]}, {got[1]}, {got[2]}\n{got[3]}")
    for scenarios, traces, passed, failed, words in CASES:
        got = outcome(scenarios, traces)
        if got[:2] != (passed, failed) or not all(word in got[2] for word in words):
            failures += 1
            print(f"FAILED {scenarios} {traces}: wanted {passed}, {failed}, {words}; got {got[0]}, {got[1]}\n{got[2]}")
    print(f"{len(CASES) + len(RANDOM_CASES) - failures} passed, {failures} failed")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
