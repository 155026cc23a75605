// comlink.mjs -- the rows of pools by the package of this name, which has no pool: the workers take their turn.
import { Worker } from "node:worker_threads";
import * as comlink from "comlink";
import nodeEndpoint from "comlink/dist/esm/node-adapter.mjs";
import { mainOf } from "./trips.mjs";

await mainOf(count => {
  const workers = Array.from({ length: count }, () => new Worker(new URL("comlink-worker.mjs", import.meta.url)));
  const remotes = workers.map(worker => comlink.wrap(nodeEndpoint(worker)));
  let next = 0;
  return {
    run: number => remotes[next++ % count].echo(number),
    close: () => Promise.all(workers.map(worker => worker.terminate())),
  };
});
