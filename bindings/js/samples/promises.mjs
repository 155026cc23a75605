// Both ways: a coroutine awaits promises, an async function awaits tasks, and each runs in its own order.
import { createTask, gather, getEventLoop, sleep } from "anyloop";

const loop = await getEventLoop();

function* twice(n) {
  yield* sleep(1);
  return 2 * n;
}

async function inAsync() {
  return (await createTask(twice(20))) + 1; // a task is a thenable
}

function* inCoroutine() {
  const response = yield Promise.resolve("a promise"); // `yield` awaits a promise, `yield*` a future
  return [response, yield* gather([twice(1), inAsync(), Promise.resolve(3)])];
}

console.log(await loop.runUntilComplete(inCoroutine()));
await loop.close();
