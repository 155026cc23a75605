"""node.py: the Node in which programs are measured, and what is needed to build them."""
import functools
import os
import pathlib
import shutil

from peers import Lacks, call

ROOT = pathlib.Path(__file__).resolve().parent.parent
TOOLS = ROOT / "build/tools/node_modules"


def find_node(*needs):
    """The path of a node that is new enough; `needs` are other programs that must be there too."""
    emsdk = os.environ.get("EMSDK")
    os.environ["PATH"] = os.pathsep.join(filter(None, [str(TOOLS / ".bin"), os.environ["PATH"],
                                                       emsdk and f"{emsdk}/upstream/emscripten"]))
    for need in (*needs, "node"):
        if not shutil.which(need):
            raise Lacks(f"{need}; tools/setup installs it")
    check_version()
    return shutil.which("node")


@functools.cache
def check_version():
    version = call("node", "--version").strip()
    if int(version.lstrip("v").split(".")[0]) < 20:
        raise Lacks(f"a node that is not older than 20, this one is {version}; tools/setup installs it")
    print(f"node {version}")
