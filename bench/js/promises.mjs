// promises.mjs -- what JavaScript has itself: async functions and promises. The yardstick of anyloop.mjs, in the same shape.
import { check, main } from "./row.mjs";

const sumTo = count => count * (count + 1) / 2;

async function child(number) {
  return number;
}

async function spawn(operations) {
  let sum = 0;
  for (let left = operations; left; left--) sum += await child(left);
  check(sum === sumTo(operations), "another sum");
}

async function exchange(operations) {
  let wanted, sum = 0, over = false, number = 0;
  async function ask() {
    for (let left = operations; left; left--) {
      sum += await new Promise(resolve => { wanted = resolve; });
    }
    over = true;
  }
  async function answer() {
    while (!over) {
      if (wanted) {
        wanted(++number);
        wanted = undefined;
      }
      await null;
    }
  }
  await Promise.all([ask(), answer()]);
  check(sum === sumTo(operations), "another sum");
}

async function yieldingChild(number) {
  await null;
  return number;
}

async function gathering(operations, size) {
  for (let left = operations; left > 0; left -= size) {
    const numbers = await Promise.all(Array.from({ length: size }, (_, i) => yieldingChild(i + 1)));
    check(numbers.reduce((sum, number) => sum + number) === sumTo(size), "another sum");
  }
}

async function done(operations, size, watch) {
  for (let left = operations; left > 0; left -= size) {
    const promises = Array.from({ length: size }, (_, i) => Promise.resolve(i + 1));
    let sum = 0;
    watch.start();
    for (const promise of promises) sum += await promise;
    watch.stop();
    check(sum === sumTo(size), "another sum");
  }
}

await main({
  "W1": [200000, 50000, spawn],
  "W4": [200000, 50000, exchange],
  "W5 n=1000": [200000, 50000, count => gathering(count, 1000)],
  "W18 n=100": [500000, 200000, (count, watch) => done(count, 100, watch)],
  "W18 n=1000": [500000, 200000, (count, watch) => done(count, 1000, watch)],
});
