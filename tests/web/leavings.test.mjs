// A loop's close leaves no worker: twenty loops with a pool of their own each, in a page, and in Node.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { BUILD, pageTest, textOf } from "./harness.mjs";

pageTest("a page has no worker left", { root: `${BUILD}/tests/web/pages` }, async ({ open }) => {
  const page = await open("/loops.js");
  await page.prints(textOf("loops"));
  assert.ok(page.workersBegun() >= 20, `${page.workersBegun()} workers`);
  for (const end = Date.now() + 5000; page.workers().length && Date.now() < end;) await sleep(10);
  assert.deepEqual(page.workers().map((worker) => worker.url()), []);
});

// Before the program: at its end it waits for those workers that were begun, and says how many have not ended.
const watch = `
  const threads = require("node:worker_threads");
  const alive = new Set(), exit = process.exit;
  let begun = 0;
  threads.Worker = class extends threads.Worker {
    constructor(...all) { super(...all); begun++; alive.add(this); this.on("exit", () => alive.delete(this)); }
  };
  let asked = false;
  process.on("beforeExit", (status) => process.exit(status)); // newer Emscriptens leave it at that
  process.exit = (status) => {
    if (asked) return;
    asked = true;
    const end = Date.now() + 5000, look = setInterval(() => {
      if (alive.size && Date.now() < end) return;
      console.log(begun, "begun,", alive.size, "left");
      exit(status);
    }, 10);
  };`;

test("nor has Node", { timeout: 30_000 }, async () => {
  const program = `${BUILD}/tests/web/web-loops.js`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--eval", `${watch} require(${JSON.stringify(program)});`],
    { timeout: 20_000 });
  const [, begun, left] = /(\d+) begun, (\d+) left\n$/.exec(stdout) ?? [];
  assert.ok(begun >= 20 && left === "0", stdout);
});
