// workerpool-worker.mjs -- a worker of workerpool.mjs.
import workerpool from "workerpool";
import { echo } from "./jobs.mjs";

workerpool.worker({ echo });
