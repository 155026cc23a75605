// What is stuck? The tasks as a tree, and a run that nothing can complete says so.
import { createTask, formatTree, getEventLoop, Lock, sleep } from "anyloop";

const loop = await getEventLoop(), lock = new Lock();

createTask(function* holder() {
  yield* lock.acquire(); // and never lets it go
  yield* loop.createFuture();
});
const waiting = createTask(function* waiter() {
  yield* lock.with(function* () {});
});
const main = createTask(function* main() {
  yield* sleep(10);
  console.log(formatTree().trimEnd());
  yield* waiting;
});

try {
  await loop.runUntilComplete(main);
} catch (error) {
  console.log(error.message.trimEnd());
}
await loop.close();
