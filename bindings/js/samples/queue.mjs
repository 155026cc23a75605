// A bounded queue, one producer and three workers.
import { AnyloopError, createTask, gather, Queue, run, sleep } from "anyloop";

function* worker(queue, id) {
  try {
    for (;;) {
      const item = yield* queue.get();
      yield* sleep(10);
      console.log(`worker ${id}: item ${item}`);
      queue.taskDone();
    }
  } catch (error) {
    if (!(error instanceof AnyloopError && error.code === "ANYLOOP_E_SHUTDOWN")) throw error; // no more items, ever
  }
  console.log(`worker ${id}: done`);
}

await run(function* main() {
  const queue = new Queue({ maxsize: 2 });
  const workers = [1, 2, 3].map((id) => createTask(worker(queue, id)));
  for (let item = 1; item <= 7; item++) yield* queue.put(item); // waits while two items are in the queue
  yield* queue.join();
  console.log("all items are dealt with");
  queue.shutdown();
  yield* gather(workers);
});
