// Ctrl-C cancels the program's first task, which cleans up; a page would do so by a button.
import { run, sleep } from "anyloop";

function* main() {
  try {
    console.log("working");
    yield* sleep(60_000);
  } finally {
    yield* sleep(1); // what is cleaned up may take its time
    console.log("cleaned up");
  }
}

const controller = new AbortController();
process.once("SIGINT", () => controller.abort("interrupted"));
setTimeout(() => process.kill(process.pid, "SIGINT"), 100); // for this sample: as if somebody pressed Ctrl-C

try {
  await run(main, { signal: controller.signal });
} catch (error) {
  console.log(`${error.name}: ${error.message}`);
}
