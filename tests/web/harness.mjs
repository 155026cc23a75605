// What the cases that run in a page share. A case is a function:
//
//   pageTest("a fact", options, async ({ open, isolated }) => {
//     const page = await open("/program.js");  // or "/page.html"
//     await page.prints("Hello!\n");
//   });
//
// It becomes two tests, without the headers that isolate a page (no SharedArrayBuffer) and with them. The options are:
//   root      the folder that is served; by default the build's
//   pages     { "/name.html": text }, served before what is in the root
//   headers   { name: value } of every answer, such as { "Content-Security-Policy": ... }
//   missing   paths that are not found though they are there
//   errors    regular expressions; every error of the page must match one, and every one of them an error
//   timeout   milliseconds for the whole case (30000)
//
// `open` gives Playwright's page with `lines`, all that console.log and console.warn said so far, and `prints(text)`, which
// waits until they are the text's. What comes later fails the case too. A case that fails shows its page's console and errors.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";
import { ISOLATION, serve } from "./server.mjs";

export const BUILD = process.env.BUILD_DIR ?? new URL("../../build/web", import.meta.url).pathname;
const { chromium } = createRequire(new URL("../../build/tools/", import.meta.url))("playwright-core");
const SPOKEN = new Set(["log", "info", "warning"]);

let browser;
before(async () => { browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium" }); });
after(() => browser?.close());

const pageOf = (script) => `<!doctype html><meta charset="utf-8"><title>${script}</title><link rel="icon" href="data:,">
<script src="${script}"></script>`;

// Everything that a page says, as it comes.
class Record {
  lines = [];
  errors = [];
  transcript = [];

  follow(page) {
    page.on("console", (message) => {
      const type = message.type(), text = message.text();
      this.transcript.push(`${type}: ${text}`);
      if (SPOKEN.has(type)) this.lines.push(text);
      if (type === "error") this.errors.push(text);
    });
    page.on("pageerror", (error) => this.fail(`page error: ${error.stack ?? error}`));
    page.on("crash", () => this.fail("the page crashed"));
    page.on("requestfailed", (request) => this.fail(`request failed: ${request.url()}: ${request.failure()?.errorText}`));
  }

  fail(text) {
    this.errors.push(text);
    this.transcript.push(text);
  }

  async prints(expected, patience) {
    const lines = expected.replace(/\n$/, "").split("\n");
    for (const end = Date.now() + patience; this.lines.length < lines.length && Date.now() < end;) await sleep(10);
    this.expected = lines;
    assert.deepEqual(this.lines, lines);
  }

  // At the end: nothing more was printed than was expected, and the errors are those that were.
  check(patterns) {
    if (this.expected) assert.deepEqual(this.lines, this.expected);
    const unexpected = this.errors.filter((error) => !patterns.some((pattern) => pattern.test(error)));
    assert.deepEqual(unexpected, [], "the page has errors");
    for (const pattern of patterns) {
      assert.ok(this.errors.some((error) => pattern.test(error)), `no error of the page is like ${pattern}`);
    }
  }
}

// One case, once.
export async function visit({ root = BUILD, pages = {}, headers = {}, missing, errors = [], patience = 10_000 }, isolated, run) {
  const server = await serve({ root, pages, missing, headers: { ...(isolated ? ISOLATION : {}), ...headers } });
  const context = await browser.newContext();
  const record = new Record();
  const open = async (path) => {
    const page = await context.newPage();
    record.follow(page);
    if (path.endsWith(".js")) {
      pages[path.replace(/\.js$/, ".html")] ??= pageOf(path);
      path = path.replace(/\.js$/, ".html");
    }
    await page.goto(server.url + path);
    assert.equal(await page.evaluate("crossOriginIsolated"), isolated);
    return Object.assign(page, { lines: record.lines, prints: (text) => record.prints(text, patience) });
  };
  try {
    await run({ open, isolated });
    // What the page has said by now is to have come here.
    await Promise.all(context.pages().map((page) => page.evaluate("new Promise((r) => setTimeout(r, 10))").catch(() => {})));
    record.check(errors);
  } catch (error) {
    error.message += `\n--- what the page said\n${record.transcript.join("\n") || "(nothing)"}\n---`;
    throw error;
  } finally {
    await context.close();
    await server.close();
  }
}

export function pageTest(name, options, run) {
  for (const isolated of [false, true]) {
    test(`${name} (${isolated ? "isolated" : "no headers"})`, { timeout: options.timeout ?? 30_000 },
      () => visit({ ...options, pages: { ...options.pages } }, isolated, run));
  }
}
