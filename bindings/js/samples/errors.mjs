// An error travels up through the awaits, and `finally` runs on every way out: also when the loop ends a task.
import { createTask, gather, run, sleep } from "anyloop";

function* fetchPage(page, takes = 0) {
  console.log(`page ${page}: open`);
  try {
    yield* sleep(takes);
    if (page === 3) throw new Error("no such page");
    return 100 * page;
  } finally {
    yield* sleep(1); // cleaning up may await
    console.log(`page ${page}: closed`);
  }
}

function* main() {
  let words = 0;
  for (const page of [1, 2, 3]) {
    try {
      words += yield* fetchPage(page);
    } catch (error) {
      console.log(`caught: ${error.message}`);
    }
  }
  console.log(`${words} words`);

  // The first error fails a gather. The other task goes on, until the end of the program cancels it.
  yield* gather([createTask(fetchPage(3)), createTask(fetchPage(4, 60_000))]);
  console.log("not reached");
}

await run(main).catch((error) => console.log(`the program ended with: ${error.message}`));
