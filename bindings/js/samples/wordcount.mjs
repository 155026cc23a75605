// Counts the words of files, each in a job of its own: a time limit for all of them, results in order.
//
//     node wordcount.mjs [FILE...]
import { asCompleted, job, run, runInExecutor, timeout, TimeoutError } from "anyloop";

const countWords = job(new URL("./count.mjs", import.meta.url), "countWords");
const paths = process.argv.length > 2 ? process.argv.slice(2) : ["queue.txt", "nothing.txt", "timeout.txt"];

await run(function* main() {
  const jobs = paths.map((path) => runInExecutor(null, countWords, path));
  try {
    yield* timeout(10_000, function* () {
      let done = 0;
      for (const next of asCompleted(jobs)) {
        try {
          yield* next;
        } catch {} // which is told below, in the files' order
        if (process.stderr.isTTY) process.stderr.write(`\r${++done} of ${jobs.length} files\x1b[K\r`);
      }
    });
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
  }

  let total = 0;
  for (const [i, counting] of jobs.entries()) {
    if (counting.cancel("not counted in time") || counting.exception()) {
      console.log(`wordcount: ${paths[i]}: ${counting.exception()?.code ?? "not counted in time"}`);
      continue;
    }
    console.log(`${String(counting.result()).padStart(8)} ${paths[i]}`);
    total += counting.result();
  }
  console.log(`${String(total).padStart(8)} total`);
});
