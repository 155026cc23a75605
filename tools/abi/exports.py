"""exports: what a built library exports, against the list.

A shared library is asked by nm. A module of WebAssembly is read here: its exports are one section, and binutils do not
know the format.
"""
import pathlib
import subprocess

# What wasm-ld adds of itself to a module of clang's.
OF_THE_LINKER = {"memory", "_initialize"}


def of_shared_library(path):
    listing = subprocess.run(["nm", "--dynamic", "--defined-only", "--format=posix", path], check=True,
                             capture_output=True, text=True).stdout
    symbols = (line.split()[:2] for line in listing.splitlines())
    # A version's node is itself a symbol, an absolute one.
    return {name.split("@")[0] for name, kind in symbols if kind != "A"}


def leb128(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        shift, at = shift + 7, at + 1
        if data[at - 1] < 0x80:
            return value, at


def of_wasm(data):
    at = 8
    while at < len(data):
        section = data[at]
        size, at = leb128(data, at + 1)
        if section == 7:
            count, here = leb128(data, at)
            names = set()
            for _ in range(count):
                length, here = leb128(data, here)
                names.add(data[here:here + length].decode())
                _, here = leb128(data, here + length + 1)     # a byte says of what kind it is
            return names - OF_THE_LINKER
        at += size
    return set()


def problems(path, declared):
    data = pathlib.Path(path).read_bytes()
    exported = of_wasm(data) if data[:4] == b"\0asm" else of_shared_library(path)
    yield from (f"{name} is declared and not exported" for name in sorted(set(declared) - exported))
    yield from (f"{name} is exported and in no header" for name in sorted(exported - set(declared)))
