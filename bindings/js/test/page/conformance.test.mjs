// The corpus in a page: the same scenarios by the same runner as in Node, compared with the same traces.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { pageTest } from "../../../../tests/web/harness.mjs";

const installed = process.cwd(), corpus = new URL("../../../../tests/conformance/corpus/", import.meta.url);
const read = (name) => readFileSync(new URL(name, corpus), "utf8");
const names = readdirSync(corpus).filter((name) => name.endsWith(".json")).map((name) => name.slice(0, -5));
const map = JSON.stringify({ imports: { anyloop: "/node_modules/anyloop/dist/index.js" } });
const html = `<!doctype html><meta charset="utf-8"><title>conformance</title><link rel="icon" href="data:,">
<script type="importmap">${map}</script><script type="module" src="/main.js"></script>`;
const script = `
import { load } from "anyloop";
import { Scenario } from "/test/conformance/scenario.mjs";

const answer = await fetch("/corpus.json"), scenarios = await answer.json();
await load();
window.traces = scenarios.map((scenario) => new Scenario(scenario).run().join("\\n") + "\\n");
console.log("ran", traces.length);
`;

assert.ok(names.length >= 400);
pageTest(`${names.length} scenarios have CPython's traces`, {
  root: installed, timeout: 120_000, patience: 60_000,
  pages: {
    "/index.html": html, "/main.js": script, "/corpus.json": `[${names.map((name) => read(`${name}.json`)).join(",")}]`,
  },
}, async ({ open }) => {
  const page = await open("/index.html");
  await page.prints(`ran ${names.length}\n`);
  const traces = await page.evaluate("traces");
  const different = names.filter((name, i) => traces[i] !== read(`${name}.trace`));
  assert.deepEqual(different, []);
});
