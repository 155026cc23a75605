// piscina.mjs -- the rows of pools by the package of this name.
import { Piscina } from "piscina";
import { mainOf } from "./trips.mjs";

await mainOf(count => {
  const pool = new Piscina({ filename: new URL("jobs.mjs", import.meta.url).href, minThreads: count, maxThreads: count });
  return { run: number => pool.run(number), close: () => pool.destroy() };
});
