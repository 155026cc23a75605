// conformance.mjs [--delegating] FILE... | - : the conformance runner `js-wasm`, or `js-wasm-delegating`, which awaits by
// `yield*` instead of `yield`. With - the files' names come from the standard input.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { load } from "anyloop";
import { Scenario } from "./conformance/scenario.mjs";

await load();
const given = process.argv.slice(2), files = given.filter((word) => word !== "--delegating");
const delegating = files.length < given.length, streamed = files.length === 1 && files[0] === "-";
for await (const file of streamed ? createInterface({ input: process.stdin }) : files) {
  if (streamed || files.length > 1) process.stdout.write(`=== ${file}\n`);
  process.stdout.write(`${new Scenario(JSON.parse(readFileSync(file, "utf8")), delegating).run().join("\n")}\n`);
}
