// workerpool.mjs -- the rows of pools by the package of this name.
import workerpool from "workerpool";
import { fileURLToPath } from "node:url";
import { mainOf } from "./trips.mjs";

const script = fileURLToPath(new URL("workerpool-worker.mjs", import.meta.url));

await mainOf(count => {
  const pool = workerpool.pool(script, { workerType: "thread", minWorkers: count, maxWorkers: count });
  return { run: number => pool.exec("echo", [number]), close: () => pool.terminate() };
});
