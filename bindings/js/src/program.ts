// program.ts -- what a program of C imports beside what the package's own module does: workers for its jobs, and WASI. It is
// loaded with the program.
import { anyloopHost } from "./host.js";
import type { Turns } from "./turns.js";
import { printBy, say, sayRests, wasi } from "./wasi.js";

export { nativeCalls } from "./native-calls.js";

/** What it exports beside the core, for its turns and its jobs in workers (core/port/wasm/host.h), and to serve them. */
export interface Serving {
  memory: WebAssembly.Memory;
  anyl_wasm_turn(call: number, data: number): void;
  anyl_wasm_head(size: number): number;
  anyl_wasm_body(size: number): number;
  anyl_wasm_heard(worker: number, news: number, ticket: number, size: number, ran: number): void;
  anyl_wasm_find(size: number): number;
  anyl_wasm_serve(job: number, size: number): void;
}

const here = import.meta.url; // bundlers would follow what is asked for beside the name itself

/** `born`: null but in a worker of the program's jobs. */
export function importsOf(
  module: WebAssembly.Module, serving: () => Serving, turns: Turns, born: object | null,
  startWorker: () => Worker,
): Record<string, WebAssembly.ModuleImports> {
  const bytes = () => new Uint8Array(serving().memory.buffer), decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const host = anyloopHost({
    bytes,
    head: (size) => serving().anyl_wasm_head(size),
    body: (size) => serving().anyl_wasm_body(size),
    heard: (...news) => serving().anyl_wasm_heard(...news),
    find: (size) => serving().anyl_wasm_find(size),
    serve: (job, size) => serving().anyl_wasm_serve(job, size),
    text: (start, size) =>
      decoder.decode(bytes().subarray(start, size < 0 ? bytes().indexOf(0, start) : start + size)),
    print: say,
    printBy,
    open() {},
    stay() {},
    suspends: () => false,
    builtin: (name) => process.getBuiltinModule(name as any),
    program: () => new URL("./program-worker.js", here).href,
    // A worker has its own copy of the program. Node's finds it in its data, a page's is sent it first.
    worker() {
      const worker = startWorker();
      worker.postMessage(module);
      return worker;
    },
    module,
    born,
  }, turns);
  const env = { emscripten_notify_memory_growth() {} }; // Emscripten's; the views see it by themselves
  const reply = (...answer: number[]) => {
    sayRests(); // a job's end is told after all that it said
    host.reply!(...answer);
  };
  return { anyloop: { ...host, reply, blocking: () => 0 }, wasi_snapshot_preview1: wasi(() => serving().memory), env };
}
