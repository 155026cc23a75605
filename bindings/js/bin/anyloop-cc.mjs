#!/usr/bin/env node
// anyloop-cc [--emcc] FILE.c... [OPTION...] -o FILE.wasm: one's own C and the core of anyloop as one module, for `load`.
//
// Everything is handed on to the compiler, with what makes the module of it. That is clang-19 or newer with wasi-libc
// (Debian: clang-19 lld-19 wasi-libc libclang-rt-19-dev-wasm32), the one of WASI_SDK_PATH, or of CC; with --emcc Emscripten's.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const c = fileURLToPath(new URL("../c", import.meta.url)), { CC, EMCC, WASI_SDK_PATH } = process.env;

function fail(message) {
  console.error(`anyloop-cc: ${message}`);
  process.exit(1);
}

function found({ names, remedy }) {
  const name = names.find((one) => spawnSync(one, ["--version"]).status === 0);
  return name ?? fail(`there is no ${names.join(", nor ")}: ${remedy}`);
}

// The compilers' own stacks of 64 kB are soon used up, and what is beyond is the program's data, unless the stack is before
// that.
const STACK = 1 << 20;
// Debian's clang also looks into the machine's own /usr/include, whose headers are for another C library.
const given = process.argv.slice(2), DEBIAN = "/usr/include/wasm32-wasi";
const ownHeaders = CC || WASI_SDK_PATH || given.some((option) => option.startsWith("--sysroot")) || !existsSync(DEBIAN);
const clang = {
  names: CC ? [CC] : WASI_SDK_PATH ? [join(WASI_SDK_PATH, "bin/clang")] : ["clang-21", "clang-20", "clang-19", "clang"],
  remedy: "install clang-19 lld-19 wasi-libc libclang-rt-19-dev-wasm32, or set WASI_SDK_PATH",
  options: ["--target=wasm32-wasi", "-mexec-model=reactor", "-Wl,--max-memory=2147483648",
    `-Wl,--stack-first,-z,stack-size=${STACK}`, ...(ownHeaders ? [] : ["-nostdlibinc", "-isystem", DEBIAN])],
};
// Emscripten takes what is imported from elsewhere than `env` for undefined, so that is looked at afterwards.
const emcc = {
  names: [EMCC ?? "emcc"],
  remedy: "install emscripten, or set EMCC",
  options: ["-sSTANDALONE_WASM", "--no-entry", "-sALLOW_MEMORY_GROWTH", `-sTOTAL_STACK=${STACK}`,
    "-sERROR_ON_UNDEFINED_SYMBOLS=0", "-sWARN_ON_UNDEFINED_SYMBOLS=0"],
  undefinedIn(file) {
    return WebAssembly.Module.imports(new WebAssembly.Module(readFileSync(file)))
      .filter(({ module, name }) => module === "env" && name !== "emscripten_notify_memory_growth").map(({ name }) => name);
  },
};

const options = given.filter((option) => option !== "--emcc");
const compiler = given.length > options.length ? emcc : clang, out = options[options.indexOf("-o") + 1];
if (!options.includes("-o") || !out?.endsWith(".wasm")) {
  fail("usage: anyloop-cc [--emcc] FILE.c... [OPTION OF THE COMPILER...] -o FILE.wasm");
}
if (!existsSync(join(c, "anyloop.c"))) fail(`${c} is not complete: it has no anyloop.c`);

const { status, error } = spawnSync(found(compiler), [
  ...compiler.options, "-O2", "-DANYLOOP_PORT_REACTOR", `-I${c}`, ...options,
  ...["anyloop.c", "guest.c", "program.c"].map((file) => join(c, file)),
  "-Wl,--wrap=malloc,--wrap=free",
], { stdio: "inherit" });
if (error) fail(error.message);
const missing = status === 0 && compiler.undefinedIn?.(out);
if (missing?.length) fail(`undefined: ${missing.join(", ")}`);
process.exit(status ?? 1);
