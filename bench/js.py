"""js.py: what the package for JavaScript costs: its tasks beside promises and async functions, its pool beside one that is
written by hand and beside workerpool, piscina and comlink; and how large its files are.

The programs are those of js/. Without what builds the package, or without a Node, they are skipped loudly; so is each of
the other pools that is not there. With CI=1 a skip is a failure.
"""
import json
import shutil
import subprocess
import sys

from measure import Table, by_row
from node import ROOT, TOOLS, find_node
from peers import Lacks, skip

ROWS = ("W1", "W4", "W5", "W18", "W19", "W20", "W21")     # the last is sizes
POOLS = ("workerpool", "piscina", "comlink")
AIMS = {"W4": 3, "W18 n=100": 1.5, "W18 n=1000": 1.5, "W19": 1.2}
AIMS_BESIDE_POOLS = {"W19": 1.1}     # beside the best of them
FOLDER = ROOT / "build/bench/js"


def build():
    """The package. What does not build is no skip."""
    done = subprocess.run([ROOT / "bindings/js/tools/build"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"run: bindings/js/tools/build failed:\n{done.stdout}{done.stderr}")


def lay_out(packages):
    """The programs in a folder where they find these packages, `{name: where}`, by name."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    shutil.copytree(ROOT / "bench/js", FOLDER)
    (FOLDER / "node_modules").mkdir()
    for name, place in packages.items():
        (FOLDER / "node_modules" / name).symlink_to(place)


def find_pools():
    """Where those are that npm has brought, with what they are."""
    found = {}
    for name in POOLS:
        if (TOOLS / name).is_dir():
            found[name] = TOOLS / name
            print(name, json.loads((TOOLS / name / "package.json").read_text())["version"])
        else:
            skip(f"the rows of {name}", f"{name} in {TOOLS.relative_to(ROOT)}; tools/setup bench installs it")
    return found


def table(wanted, rounds):
    """None: nothing of it is wanted, or the package cannot be built."""
    if wanted and not set(wanted) & set(ROWS):
        return None
    try:
        node = find_node("clang-19", "wasm-ld-19", "wasm-opt", "tsc", "esbuild", "terser")
    except Lacks as lacks:
        skip("the rows of the package for JavaScript", lacks)
        return None
    build()
    pools = find_pools()
    lay_out({"anyloop": ROOT / "bindings/js", **pools})
    names = {"js": "anyloop", "promises": "promises", "hand": "hand", **{name: name for name in pools}}
    programs = {who: by_row([[node, FOLDER / f"{name}.mjs"]]) for who, name in names.items()}
    return Table(programs, "js", ["promises", "hand"], rounds, "at_least", AIMS, list(pools), AIMS_BESIDE_POOLS)


def sizes():
    """Of the package's files, once `table` has built them: name, and bytes raw, with gzip and with brotli."""
    done = subprocess.run(["node", ROOT / "tools/wasm-size.mjs", ROOT / "bindings/js/dist"], capture_output=True, text=True,
                          check=True)
    for line in done.stdout.splitlines():
        name, *numbers = line.split()
        yield name, dict(zip(["bytes", "gzip", "brotli"], map(int, numbers)))
