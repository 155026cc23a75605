"""wasm.py: what the web build costs in Node: beside the native build, and its worker pool beside a hand-written one.

The programs are those of the preset `web`, from the same sources as the native ones. Without Emscripten and Node it is
skipped loudly, or, with CI=1, a failure.
"""
import subprocess
import sys

from measure import Table, by_row
from node import ROOT, find_node
from peers import Lacks, skip

SHARED = ("W1", "W2", "W3", "W4", "W5", "W8", "W9")     # with the native build
WORKERS = ("W16", "W17")
AIMS = {"W1": 5, "W3 k=2": 5, "W3 k=1000": 5}
AIM_BESIDE_POOL = 1.1


def build():
    """The folder with the programs. What does not build is no skip."""
    (ROOT / "build/web").mkdir(parents=True, exist_ok=True)
    for step in (["cmake", "--preset", "web"], ["cmake", "--build", "--preset", "web", "--target", "bench-programs"]):
        done = subprocess.run(step, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"run: {' '.join(step)} failed:\n{done.stdout}{done.stderr}")
    return ROOT / "build/web/bench"


def table(native, wanted, rounds):
    """None: nothing of it is wanted, or there is no Emscripten. `native` has the rows of the native build."""
    if wanted and not set(wanted) & {*SHARED, *WORKERS}:
        return None
    try:
        node = find_node("emcc")
    except Lacks as lacks:
        skip("the rows of wasm in Node", lacks)
        return None
    folder = build()
    mine = by_row([[node, folder / "anyloop.js"], [node, folder / "anyloop_workers.js"]])
    mine = {row: command for row, command in mine.items() if row.split()[0] in (*SHARED, *WORKERS)}
    pool = by_row([[node, folder / "pool.mjs"]])
    programs = {"wasm": mine, "anyloop": {row: native[row] for row in mine if row in native}, "pool": pool}
    return Table(programs, "wasm", ["anyloop", "pool"], rounds, "at_least", AIMS | dict.fromkeys(pool, AIM_BESIDE_POOL))
