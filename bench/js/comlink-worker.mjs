// comlink-worker.mjs -- a worker of comlink.mjs.
import { parentPort } from "node:worker_threads";
import * as comlink from "comlink";
import nodeEndpoint from "comlink/dist/esm/node-adapter.mjs";
import { echo } from "./jobs.mjs";

comlink.expose({ echo }, nodeEndpoint(parentPort));
