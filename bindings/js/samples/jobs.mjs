// Work off the main thread: progress, bytes that are moved and not copied, and a job that is cancelled while it runs.
import { gather, job, run, runInExecutor, waitFor, WorkerPool } from "anyloop";

const primes = new URL("./primes.mjs", import.meta.url);
const countPrimes = job(primes, "countPrimes"), invert = job(primes, "invert"), forever = job(primes, "forever");

await run(function* main() {
  const counting = countPrimes.with({ onProgress: (part) => console.log(`${100 * part} %`) });
  console.log(`${yield* runInExecutor(null, counting, 20_000)} primes`);

  const pixels = new Uint8Array([0, 100, 255]);
  const inverted = yield* runInExecutor(null, invert.with({ transfer: [pixels.buffer] }), pixels);
  console.log(`${inverted}, and here are ${pixels.length} bytes left`);

  try {
    yield* waitFor(runInExecutor(null, forever), 100); // the worker ends with the job, and another takes its place
  } catch (error) {
    console.log(error.name);
  }

  const pool = new WorkerPool({ maxWorkers: 2 });
  try {
    console.log(yield* gather([10, 100, 1000].map((below) => runInExecutor(pool, countPrimes, below))));
  } finally {
    yield pool.shutdown();
  }
});
