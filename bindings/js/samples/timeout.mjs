// Time limits and cancellation: who is cancelled sees it at its await, cleans up, and ends.
import { createTask, run, shield, sleep, waitFor } from "anyloop";

function* download(name, takes) {
  console.log(`${name}: begins`);
  try {
    yield* sleep(takes);
    console.log(`${name}: complete`);
  } finally {
    console.log(`${name}: closed`);
  }
}

await run(function* main() {
  // Not longer than 20 ms: then it is cancelled, and the error is a timeout.
  try {
    yield* waitFor(download("slow", 60_000), 20);
  } catch (error) {
    console.log(`waitFor: ${error.name}`);
  }

  // Anybody who has the task may cancel it.
  const unwanted = createTask(download("unwanted", 60_000));
  yield* sleep(10);
  unwanted.cancel("changed my mind");
  try {
    yield* unwanted;
  } catch (error) {
    console.log(`${error.name}: ${error.message}`);
  }

  // A shield takes the cancellation; what is behind it goes on.
  const precious = createTask(download("precious", 40));
  try {
    yield* waitFor(shield(precious), 20);
  } catch (error) {
    console.log(`waitFor: ${error.name}`);
  }
  yield* precious;
});
