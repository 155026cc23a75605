// trips.mjs -- the rows of pools, for those whose jobs give promises.
import { check, main } from "./row.mjs";

export const BURST = 1000;

/** `open(workers)` gives `run`, which takes a number and gives a promise of it, and `close`. */
export async function mainOf(open) {
  const [name] = process.argv.slice(2);
  const pool = name ? open(name === "W19" ? 1 : 2) : undefined;

  async function roundTrips(operations) {
    for (let left = operations; left; left--) check(await pool.run(left) === left, "another job's number");
  }

  async function bursts(operations) {
    for (let left = operations; left > 0; left -= BURST) {
      const numbers = await Promise.all(Array.from({ length: BURST }, (_, i) => pool.run(i)));
      check(numbers.every((number, i) => number === i), "another job's number");
    }
  }

  await main({
    "W19": [30000, 10000, roundTrips],
    "W20": [50000, 10000, bursts],
  });
  await pool?.close();
}
