// hand-worker.mjs -- a worker of hand.mjs.
import { parentPort } from "node:worker_threads";
import * as jobs from "./jobs.mjs";

parentPort.on("message", ({ ticket, name, parameters }) => {
  parentPort.postMessage({ ticket, result: jobs[name](...parameters) });
});
