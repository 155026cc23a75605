// Node lives exactly as long as a started program has something pending: it ends after the last line, or without one.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { BUILD } from "./build.mjs";

const program = `${BUILD}/tests/web/web-alive.js`;

for (const [what, expected] of [["timer", "timer: ANYLOOP_OK\n"], ["job", "job: ANYLOOP_OK\n"], ["nothing", ""]]) {
  test(`pending: ${what}`, { timeout: 20_000 }, async () => {
    const node = spawn(process.execPath, [program, what], { stdio: ["ignore", "pipe", "inherit"], timeout: 15_000 });
    let printed = "", last = performance.now();
    node.stdout.on("data", (text) => { printed += text; last = performance.now(); });
    const [status] = await once(node, "close");
    const after = performance.now() - last;
    assert.equal(printed, expected);
    assert.equal(status, 0);
    assert.ok(after < 3000, `it ended ${after} ms after that`);
  });
}
