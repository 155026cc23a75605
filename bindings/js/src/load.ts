// load.ts -- loading the module: the package's own, or a program's, which holds the core too.
import { K, type ProgramExports } from "./abi.js";
import { located } from "./checks.js";
import { errorOf, given, must } from "./errors.js";
import { adopt, c, heap8, hooks, need, text, textAt, withText } from "./module.js";
import { isNode } from "./node.js";
import type { Serving } from "./program.js";
import { anyloopTurns, type Turns } from "./turns.js";
import { write } from "./value.js";
import type { Module } from "./web.js";

/** A program of C as `anyloop-cc` builds it: where it is, or itself. */
export type Program = string | URL | Module;

const serving = () => c as ProgramExports & Serving;

async function compile(program: Program): Promise<WebAssembly.Module> {
  if (program instanceof WebAssembly.Module) return program;
  const url = new URL(located(program, 'load(new URL("./x.wasm", import.meta.url))'));
  if (isNode && url.protocol === "file:") {
    const { readFile } = process.getBuiltinModule("node:fs/promises");
    return WebAssembly.compile(await readFile(url));
  }
  const response = await fetch(url);
  if (!response.ok) throw new Error(`anyloop: cannot load ${url}: ${response.status} ${response.statusText}`);
  return WebAssembly.compile(await response.arrayBuffer());
}

// The headers of this package's version are those that a program's C is to have been built with.
function link(module: WebAssembly.Module, imports: WebAssembly.Imports): WebAssembly.Exports {
  const lacking = WebAssembly.Module.imports(module).find((wanted) => imports[wanted.module]?.[wanted.name] === undefined);
  const { exports } = lacking ? { exports: {} } : new WebAssembly.Instance(module, imports);
  const program = exports as unknown as Partial<ProgramExports>;
  if (!program.malloc || program.anyloop_abi_check?.(K.VERSION)) { // the package's own has no such function
    const why = lacking ? `there is no ${lacking.module}.${lacking.name}` : "it is of another version";
    throw new Error(`anyloop: cannot load the module: ${why}; build it again by anyloop-cc`);
  }
  return exports;
}

function coreImports({ now, turn_at }: Turns): WebAssembly.ModuleImports {
  return {
    now,
    turn_at,
    log(level: number, line: number, size: number) {
      console[level === 1 ? "error" : "warn"](`anyloop: ${text(line, size)}`);
    },
    step: hooks.step,
    call: hooks.call,
    hand_back: hooks.handBack,
    drop: hooks.drop,
    submit: hooks.submit,
    cancel: hooks.cancel,
    slow: hooks.slow,
    write: (line: number, size: number) => hooks.write(text(line, size)),
    unhandled(loop: number, message: number, error: number, task: number) {
      hooks.unhandled(loop, textAt(message), error, textAt(task));
    },
  };
}

// Here, since webpack warns of a script which is asked for where only that script itself comes later, by `import()`.
// Without a name: Vite, up to 6.0, wants options that are known when it builds.
function startWorker(): Worker {
  return new Worker(new URL("./program-worker.js", import.meta.url), { type: "module" });
}

async function begin(program: Program | undefined, born: object | null): Promise<void> {
  const module = await compile(program ?? new URL("./anyloop.wasm", import.meta.url));
  const turns = anyloopTurns({
    turn: (call, data) => (call === 0 ? hooks.turn(data) : serving().anyl_wasm_turn(call, data)),
    stay() {},
    ended: () => false,
  });
  const own = program ? await import("./program.js") : undefined;
  const more = own?.importsOf(module, serving, turns, born, startWorker);
  adopt(link(module, { ...more, anyloop: { ...more?.anyloop, ...coreImports(turns) } }), turns);
  if (own) hooks.native = own.nativeCalls({ program: serving(), heap8, need, withText, write, must, given, errorOf });
  serving().guest_begin?.(); // the package's own has none
}

let loading: Promise<void> | undefined;

/**
 * Loads the module. All that starts by itself (`run`, `Runner`, `getEventLoop`) does it; call it before you make a loop or a
 * future by yourself, and first of all to load a program of your own instead of the package's module.
 */
export function load(program?: Program): Promise<void>;
/** @internal `born` in a worker of the program's jobs. */
export function load(program: Program, born: object): Promise<void>;
export async function load(program?: Program, born: object | null = null): Promise<void> {
  if (program && loading) throw new Error("anyloop: a module is loaded already: load your own first");
  return (loading ??= begin(program, born).catch((error) => {
    loading = undefined;
    throw error;
  }));
}
