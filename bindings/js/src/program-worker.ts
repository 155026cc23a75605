// program-worker.ts -- the script of the workers that run a program's own jobs: each has its own copy of the program.
import { instantiate } from "./load.js";
import { isNode } from "./module.js";

if (isNode) {
  instantiate(process.getBuiltinModule("node:worker_threads").workerData.anyloop.module, {});
} else {
  self.onmessage = ({ data }: MessageEvent<WebAssembly.Module>) => instantiate(data, {});
}
