// The programs of CMakeLists.txt, in a page: they print what they print elsewhere.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readdirSync } from "node:fs";
import { BUILD, pageTest, textOf } from "./harness.mjs";

const root = `${BUILD}/tests/web/pages`;
// A transcript says what the program ends with, and so does a page that asks Emscripten for it.
const transcript = (name) => ({ [`/${name}.html`]: `<!doctype html><meta charset="utf-8"><title>${name}</title><link rel="icon" href="data:,">
<script>var Module = { onExit: (status) => console.log("[status " + status + "]") };</script><script src="${name}.js"></script>` });
const programs = readdirSync(root).filter((file) => file.endsWith(".js")).map((file) => file.replace(/\.js$/, ""));

test("there are programs to run in a page", () => assert.ok(programs.includes("quickstart"), `of ${root}: ${programs}`));
// A worker's start may take longer than the half second that the quickstart leaves for it.
const quickstart = { inAnyOrder: true };
for (const name of programs) {
  const text = textOf(name), expected = text.replace(/^\$ .*\n/, "");
  const pages = expected === text ? {} : transcript(name);
  pageTest(`${name} prints its text`, { root, pages }, async ({ open }) => (await open(`/${name}.js`)).prints(expected, /quickstart$/.test(name) ? quickstart : {}));
}
// A policy that allows a page its own scripts, WebAssembly and workers allows all that a program needs.
const policy = { "Content-Security-Policy": "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src data:" };
pageTest("a strict policy is enough", { root, headers: policy }, async ({ open }) =>
  (await open("/quickstart.js")).prints(textOf("quickstart"), quickstart));
