// The programs of CMakeLists.txt, in a page: they print what they print elsewhere.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readFileSync, readdirSync } from "node:fs";
import { BUILD, pageTest } from "./harness.mjs";

const root = `${BUILD}/tests/web/pages`;
const text = (name) => readFileSync(`${root}/${name}.txt`, "utf8");
const programs = readdirSync(root).filter((file) => file.endsWith(".js")).map((file) => file.replace(/\.js$/, ""));

test("there are programs to run in a page", () => assert.ok(programs.includes("quickstart"), `of ${root}: ${programs}`));
for (const name of programs.filter((name) => name !== "status")) {
  pageTest(`${name} prints its text`, { root }, async ({ open }) => (await open(`/${name}.js`)).prints(text(name)));
}
// Its text is of a shell: the command, what it prints, and the status.
const status = `<!doctype html><link rel="icon" href="data:,"><script src="status.before.js"></script><script src="status.js"></script>`;
const before = "var Module = { onExit: (status) => console.log(`[status ${status}]`) };";
pageTest("a main that has waited ends the program with its status, and what it printed last is seen",
  { root, pages: { "/status.html": status, "/status.before.js": before } },
  async ({ open }) => (await open("/status.html")).prints(text("status").replace(/^.*\n/, "")));
// A policy that allows a page its own scripts, WebAssembly and workers allows all that a program needs.
const policy = { "Content-Security-Policy": "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src data:" };
pageTest("a strict policy is enough", { root, headers: policy }, async ({ open }) =>
  (await open("/quickstart.js")).prints(text("quickstart")));
