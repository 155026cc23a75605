// load.ts -- loading the module: the package's own, or a program's, which holds the core too.
import { K, type ProgramExports } from "./abi.js";
import { anyloopHost } from "./host.js";
import { adopt, c, heap8, hooks, text, textAt } from "./module.js";
import { isNode } from "./node.js";
import { printBy, say, wasi } from "./wasi.js";
import type { Module } from "./web.js";

/** A program of C as `anyloop-cc` builds it: where it is, or itself. */
export type Program = string | URL | Module;

// What such a program exports beside the core, for its jobs in workers (core/port/wasm/host.h), and to serve them.
interface Serving {
  anyl_wasm_turn(call: number, data: number): void;
  anyl_wasm_head(size: number): number;
  anyl_wasm_body(size: number): number;
  anyl_wasm_heard(worker: number, news: number, ticket: number, size: number, ran: number): void;
  anyl_wasm_find(size: number): number;
  anyl_wasm_serve(job: number, size: number): void;
}

const serving = () => c as ProgramExports & Serving;
const here = import.meta.url; // bundlers would follow what is asked for beside the name itself

async function compile(program: Program): Promise<WebAssembly.Module> {
  if (program instanceof WebAssembly.Module) return program;
  const url = new URL(program, here);
  if (isNode && url.protocol === "file:") {
    const { readFile } = process.getBuiltinModule("node:fs/promises");
    return WebAssembly.compile(await readFile(url));
  }
  const response = await fetch(url);
  if (!response.ok) throw new Error(`anyloop: cannot load ${url}: ${response.status} ${response.statusText}`);
  return WebAssembly.compile(await response.arrayBuffer());
}

// A worker of a program's own jobs has its own copy of the program. Node's finds it in its data, a page's is sent it first.
function startWorker(name: string, module: WebAssembly.Module): Worker {
  const worker = new Worker(new URL("./program-worker.js", import.meta.url), { type: "module", name: `anyloop ${name}` });
  worker.postMessage(module);
  return worker;
}

// The headers of this package's version are those that a program's C is to have been built with.
function link(module: WebAssembly.Module, imports: Record<string, any>): WebAssembly.Exports {
  const lacking = WebAssembly.Module.imports(module).find((wanted) => imports[wanted.module]?.[wanted.name] === undefined);
  const { exports } = lacking ? { exports: {} } : new WebAssembly.Instance(module, imports);
  const program = exports as unknown as Partial<ProgramExports>;
  if (!program.malloc || program.anyloop_abi_check?.(K.VERSION)) { // the package's own has no such function
    const why = lacking ? `there is no ${lacking.module}.${lacking.name}` : "it is of another version";
    throw new Error(`anyloop: cannot load the module: ${why}; build it again by anyloop-cc`);
  }
  return exports;
}

function instantiate(module: WebAssembly.Module, born: object | null): void {
  const host = anyloopHost({
    bytes: heap8,
    head: (size: number) => serving().anyl_wasm_head(size),
    body: (size: number) => serving().anyl_wasm_body(size),
    heard: (...news: [number, number, number, number, number]) => serving().anyl_wasm_heard(...news),
    find: (size: number) => serving().anyl_wasm_find(size),
    serve: (job: number, size: number) => serving().anyl_wasm_serve(job, size),
    turn: (call: number, data: number) => (call === 0 ? hooks.turn(data) : serving().anyl_wasm_turn(call, data)),
    text: (pointer: number, size: number) => (size < 0 ? textAt(pointer) : text(pointer, size)),
    log: (level: number, line: string) => console[level === 1 ? "error" : "warn"](`anyloop: ${line}`),
    print: say,
    printBy,
    open() {},
    stay() {},
    ended: () => false,
    suspends: () => false,
    builtin: (name: string) => process.getBuiltinModule(name as any),
    program: () => new URL("./program-worker.js", here).href,
    worker: (name: string) => startWorker(name, module),
    module,
    born,
  });
  const imports = {
    ...host,
    blocking: () => 0,
    step: hooks.step,
    call: hooks.call,
    hand_back: hooks.handBack,
    drop: hooks.drop,
    submit: hooks.submit,
    cancel: hooks.cancel,
    slow: hooks.slow,
    write: (line: number, size: number) => hooks.write(text(line, size)),
    unhandled: (loop: number, message: number, error: number) => hooks.unhandled(loop, textAt(message), error),
  };
  const env = { emscripten_notify_memory_growth() {} }; // Emscripten's; the views see it by themselves
  adopt(link(module, { anyloop: imports, wasi_snapshot_preview1: wasi, env }), host);
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
  return (loading ??= compile(program ?? new URL("./anyloop.wasm", import.meta.url))
    .then((module) => instantiate(module, born))
    .catch((error) => {
      loading = undefined;
      throw error;
    }));
}
