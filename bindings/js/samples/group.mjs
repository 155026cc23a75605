// Tasks that end together: when one fails the others are cancelled, and all errors arrive as one.
import { ExceptionGroup, run, sleep, TaskGroup } from "anyloop";

function* service(name, lives) {
  console.log(`${name}: up`);
  try {
    yield* sleep(lives);
    throw new Error("connection lost");
  } finally {
    console.log(`${name}: down`);
  }
}

await run(function* main() {
  try {
    yield* new TaskGroup().run(function* (group) {
      group.createTask(service("database", 20));
      group.createTask(service("web", 60_000));
      console.log("all started");
    });
  } catch (error) {
    if (!(error instanceof ExceptionGroup)) throw error;
    console.log(error.message);
    for (const { message } of error.errors) console.log(`  ${message}`);
  }
});
