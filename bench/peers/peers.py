"""peers.py: build the peers' programs, those that this machine can.

A peer that cannot be built is skipped loudly, or, with CI=1, a failure. Versions are named, since they matter.
"""
import pathlib
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
SKIP = HERE.parent.parent / "tools" / "skip"
COMPILE = ["cc", "-std=gnu11", "-O3", "-DNDEBUG", f"-I{HERE.parent}", HERE.parent / "row.c"]


class Lacks(Exception):
    """What this machine has not got."""


def skip(what, lacks):
    """Says so loudly; with CI=1 it is a failure."""
    if subprocess.run([SKIP, what, f"lacks {lacks}"]).returncode != 77:
        sys.exit(1)


def call(*command, **more):
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, **more)
    if done.returncode:
        raise Lacks(f"{command[0]} failed: {done.stdout.strip()[-400:]}")
    return done.stdout


def libuv(out, _dill):
    if not shutil.which("pkg-config") or subprocess.run(["pkg-config", "--exists", "libuv"]).returncode:
        raise Lacks("libuv's headers; libuv1-dev on Debian has them")
    flags = call("pkg-config", "--cflags", "--libs", "libuv").split()
    call(*COMPILE, HERE / "uv.c", "-o", out / "libuv", "-pthread", *flags)
    return call("pkg-config", "--modversion", "libuv").strip()


def tokio(out, _dill):
    if not shutil.which("cargo"):
        raise Lacks("cargo")
    call("cargo", "build", "--release", "--locked", "--quiet", "--manifest-path", HERE / "tokio/Cargo.toml",
         "--target-dir", out / "tokio-build")
    shutil.copy(out / "tokio-build/release/tokio-bench", out / "tokio")
    return re.search(r'name = "tokio"\nversion = "(.+)"', (HERE / "tokio/Cargo.lock").read_text())[1]


def libdill(out, dill):
    if not dill:
        raise Lacks("its source: say DILL=path")
    build = out / "libdill-build"
    call("cmake", "-S", dill, "-B", build, "-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_POLICY_VERSION_MINIMUM=3.5")
    call("cmake", "--build", build, "-j", "2")
    call(*COMPILE, f"-I{dill}", HERE / "dill.c", build / "libdill.a", "-o", out / "libdill", "-pthread")
    return pathlib.Path(dill).name


BUILDS = {"libuv": libuv, "tokio": tokio, "libdill": libdill}


def build(names, out, dill):
    """{peer: [its program]} of those that could be built."""
    unknown = [name for name in names if name not in BUILDS]
    if unknown:
        sys.exit(f"peers: no such peer: {' '.join(unknown)}; there are {' '.join(BUILDS)}")
    out.mkdir(parents=True, exist_ok=True)
    built = {}
    for name in names:
        try:
            version = BUILDS[name](out, dill)
        except Lacks as lacks:
            skip(f"the peer {name}", lacks)
            continue
        print(f"peer {name} {version}")
        built[name] = [out / name]
    return built
