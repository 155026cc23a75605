// What tasks share: a lock is held by one, a semaphore lets some in, an event wakes all.
import { createTask, Event, gather, Lock, run, Semaphore, sleep } from "anyloop";

await run(function* main() {
  const lock = new Lock(), few = new Semaphore(2), go = new Event();
  let balance = 0, inside = 0, most = 0;

  function* deposit() {
    yield* lock.with(function* () {
      const before = balance;
      yield* sleep(1); // nobody else gets here meanwhile
      balance = before + 1;
    });
  }

  function* guest() {
    yield* go.wait();
    yield* few.with(function* () {
      most = Math.max(most, ++inside);
      yield* sleep(1);
      inside--;
    });
  }

  const guests = Array.from({ length: 6 }, () => createTask(guest()));
  yield* gather(Array.from({ length: 10 }, deposit));
  go.set();
  yield* gather(guests);
  console.log(`${balance} deposits, at most ${most} guests at once`);
});
