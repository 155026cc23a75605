// The first program: a task, a blocking function in a worker, and what is left of both.
import { gather, getEventLoop, job, runInExecutor, sleep } from "anyloop";

const blocking = job(new URL("./blocking.mjs", import.meta.url), "blocking");
const loop = await getEventLoop();

function* hello() {
  console.log("Hello!");
  yield* sleep(1000);
  console.log("Goodbye!");
  loop.stop();
}

loop.createTask(hello());
runInExecutor(null, blocking);

await loop.runForever(); // until hello() stops it
await loop.runUntilComplete(gather(loop.allTasks(), { returnExceptions: true }));
await loop.close();
