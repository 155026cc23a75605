import { gather, load, nativeJob, run } from "anyloop";

await load(new URL("./count-primes.wasm", import.meta.url));
const countPrimes = nativeJob("count_primes");

await run(function* main() {
  console.log(yield* gather([10, 1000, 100_000].map((below) => countPrimes(below)))); // each in a worker
});
