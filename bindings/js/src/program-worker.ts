// program-worker.ts -- the script of the workers that run a program's own jobs: each has its own copy of the program.
import { load } from "./index.js";

if (globalThis.process?.versions?.node) {
  void load(process.getBuiltinModule("node:worker_threads").workerData.anyloop.module, {});
} else {
  self.onmessage = ({ data }: MessageEvent<WebAssembly.Module>) => void load(data, {});
}
