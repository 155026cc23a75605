// Runs a WASI program in Node: node --no-warnings wasi-run.mjs MODULE [ARGUMENT...]
//
// It sees the environment, and the whole file system under absolute names: beside "/", WASI's libc tells no other folder for
// relative ones. Its exit status is this one's; a trap, such as abort(), is status 134.
import { readFileSync } from "node:fs";
import { WASI } from "node:wasi";

const [path, ...args] = process.argv.slice(2);
if (path === undefined) {
  console.error("usage: node --no-warnings wasi-run.mjs MODULE [ARGUMENT...]");
  process.exit(2);
}
const wasi = new WASI({
  version: "preview1",
  args: [path, ...args],
  env: process.env,
  preopens: { "/": "/" },
  returnOnExit: true,
});
const module = await WebAssembly.compile(readFileSync(path));
const instance = await WebAssembly.instantiate(module, wasi.getImportObject());
try {
  process.exitCode = wasi.start(instance);
} catch (error) {
  if (!(error instanceof WebAssembly.RuntimeError)) throw error;
  console.error(error.stack);
  process.exitCode = 134;
}
