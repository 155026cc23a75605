// A WebAssembly module as a runner: node wasi.mjs MODULE SCENARIO.json...
//
// The files are given by their absolute paths, and the module sees the whole file system under its own names.
import { readFileSync } from "node:fs";
import { WASI } from "node:wasi";

const [path, ...files] = process.argv.slice(2);
const wasi = new WASI({ version: "preview1", args: [path, ...files], preopens: { "/": "/" }, returnOnExit: true });
const module = await WebAssembly.compile(readFileSync(path));
process.exitCode = wasi.start(await WebAssembly.instantiate(module, wasi.getImportObject()));
