// Each sample prints its text, and nothing else: no warning, no stack.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const folder = new URL("../samples/", import.meta.url), names = readdirSync(folder);
const samples = names.filter((name) => name.endsWith(".txt")).map((name) => name.slice(0, -4));

function run(file) {
  return new Promise((done) => {
    const child = spawn(process.execPath, [file], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (more) => { text += more; });
    child.on("close", (status) => done({ text, status }));
  });
}

test("there are samples", () => assert.ok(samples.length > 0));

for (const name of samples) {
  test(name, async () => {
    assert.deepEqual(await run(`${name}.mjs`), { text: readFileSync(new URL(`${name}.txt`, folder), "utf8"), status: 0 });
  });
}
