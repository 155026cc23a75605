// anyloop.mjs -- the package's tasks, which are generators, and its pool. Each row has the shape of its namesake in
// promises.mjs or trips.mjs.
import { gather, getEventLoop, job, runInExecutor, WorkerPool } from "anyloop";
import { check, main } from "./row.mjs";

const loop = await getEventLoop();
const sumTo = count => count * (count + 1) / 2;

function* child(number) {
  return number;
}

function* spawn(operations) {
  let sum = 0;
  for (let left = operations; left; left--) sum += yield* loop.createTask(child(left));
  check(sum === sumTo(operations), "another sum");
}

function* exchange(operations) {
  let wanted, sum = 0, over = false, number = 0;
  function* ask() {
    for (let left = operations; left; left--) {
      sum += yield* (wanted = loop.createFuture());
    }
    over = true;
  }
  function* answer() {
    while (!over) {
      if (wanted) {
        wanted.setResult(++number);
        wanted = undefined;
      }
      yield;
    }
  }
  yield* gather([ask(), answer()]);
  check(sum === sumTo(operations), "another sum");
}

function* yieldingChild(number) {
  yield;
  return number;
}

function* gathering(operations, size) {
  for (let left = operations; left > 0; left -= size) {
    const numbers = yield* gather(Array.from({ length: size }, (_, i) => yieldingChild(i + 1)));
    check(numbers.reduce((sum, number) => sum + number) === sumTo(size), "another sum");
  }
}

function known(number) {
  const future = loop.createFuture();
  future.setResult(number);
  return future;
}

// Each is another one, and they are made, `size` at a time, while the watch is stopped.
function* done(operations, size, watch) {
  for (let left = operations; left > 0; left -= size) {
    const futures = Array.from({ length: size }, (_, i) => known(i + 1));
    let sum = 0;
    watch.start();
    for (const future of futures) sum += yield* future;
    watch.stop();
    check(sum === sumTo(size), "another sum");
  }
}

// ---- jobs: as trips.mjs

const BURST = 1000;
const echo = job(new URL("jobs.mjs", import.meta.url), "echo");
const one = new WorkerPool({ maxWorkers: 1 }), two = new WorkerPool({ maxWorkers: 2 });

function* roundTrips(operations) {
  for (let left = operations; left; left--) check((yield* runInExecutor(one, echo, left)) === left, "another job's number");
}

function* bursts(operations) {
  for (let left = operations; left > 0; left -= BURST) {
    const numbers = yield* gather(Array.from({ length: BURST }, (_, i) => runInExecutor(two, echo, i)));
    check(numbers.every((number, i) => number === i), "another job's number");
  }
}

const run = row => (...parameters) => loop.runUntilComplete(row(...parameters));

await main({
  "W1": [200000, 50000, run(spawn)],
  "W4": [200000, 50000, run(exchange)],
  "W5 n=1000": [200000, 50000, run(count => gathering(count, 1000))],
  "W18 n=100": [500000, 200000, run((count, watch) => done(count, 100, watch))],
  "W18 n=1000": [500000, 200000, run((count, watch) => done(count, 1000, watch))],
  "W19": [30000, 10000, run(roundTrips)],
  "W20": [50000, 10000, run(bursts)],
});
await one.shutdown();
await two.shutdown();
await loop.close();
