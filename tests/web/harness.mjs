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
//   silent    paths that are never answered
//   init      a function that runs in every page before its scripts
//   hideable  true: a browser of its own, of which `hide(page)` can hide a page
//   errors    regular expressions; every error of the page must match one, and every one of them an error
//   aside     patterns of lines that may come anywhere: what a worker says to the console itself
//   server    what serves it all, if not server.mjs
//   timeout   milliseconds for the whole case (30000)
//
// `open("/program.js", { arguments: [...] })` gives the program that Module. `open` gives Playwright's page with `lines`, all
// that console.log and console.warn said so far; `workersBegun()`, how many there have been; and `prints(expected)`, which
// waits until the lines are a text's, or those of an array of lines and of patterns of lines. What comes later fails the case
// too. A case that fails shows its page's console and errors.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { BUILD } from "./build.mjs";
import { ISOLATION, serve } from "./server.mjs";

export { BUILD };
// What the program NAME of the pages prints.
export const textOf = (name) => readFileSync(`${BUILD}/tests/web/pages/${name}.txt`, "utf8");
const { chromium } = createRequire(new URL("../../build/tools/", import.meta.url))("playwright-core");
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const SPOKEN = new Set(["log", "info", "warning"]);

let browser;
before(async () => { browser = await chromium.launch({ executablePath: CHROMIUM }); });
after(() => browser?.close());

// Playwright gives every page of its browsers the focus for ever, and tells them to throttle nothing: there no page is hidden. In
// the first context of a browser that was started by hand a page behind another one is, and its timers come once a second.
async function startOwnBrowser() {
  const folder = await mkdtemp(join(tmpdir(), "anyloop-"));
  const program = spawn(CHROMIUM, ["--headless", "--no-sandbox", "--no-first-run", "--remote-debugging-port=0",
    `--user-data-dir=${folder}`, "about:blank"], { stdio: ["ignore", "ignore", "pipe"] });
  const ended = new Promise((resolve) => program.once("close", resolve));
  const close = async () => {
    program.kill();
    await ended;
    await rm(folder, { recursive: true, maxRetries: 5 });
  };
  try {
    let said = "", url;
    for await (const text of program.stderr) if ((url = /ws:\S+/.exec(said += text))) break;
    assert.ok(url, `the browser tells no address: ${said}`);
    const own = await chromium.connectOverCDP(url[0], { noDefaults: true });
    return { context: own.contexts()[0], close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function hide(page) {
  await (await page.context().newPage()).bringToFront();
  await page.waitForFunction("document.hidden");
}

// As an `init`: window.asked counts what the page asks of its event loop.
export function countAsked() {
  const asked = window.asked = { timeouts: 0, pendingMost: 0, intervals: 0, messages: 0 }, pending = new Set();
  const { setTimeout, clearTimeout, setInterval } = window, { postMessage } = MessagePort.prototype;
  window.setTimeout = (run, ...rest) => {
    const id = setTimeout(() => { pending.delete(id); run(); }, ...rest);
    pending.add(id);
    asked.timeouts++;
    asked.pendingMost = Math.max(asked.pendingMost, pending.size);
    return id;
  };
  window.clearTimeout = (id) => { pending.delete(id); clearTimeout(id); };
  window.setInterval = (...all) => { asked.intervals++; return setInterval(...all); };
  MessagePort.prototype.postMessage = function (...all) { asked.messages++; postMessage.apply(this, all); };
}

// And of the program `sleeps`: no more than its three sleeps and three jobs need. A timer is for each sleep, and another if the
// browser ends it early; a message is for a turn.
export function checkAsked({ timeouts, pendingMost, intervals, messages }) {
  const told = JSON.stringify({ timeouts, pendingMost, intervals, messages });
  assert.ok(timeouts >= 3 && timeouts <= 6 && pendingMost === 1 && intervals === 0 && messages <= 20, told);
}

const pageOf = (script, module) => `<!doctype html><meta charset="utf-8"><title>${script}</title><link rel="icon" href="data:,">
${module ? `<script>var Module = ${JSON.stringify(module)};</script>` : ""}<script src="${script}"></script>`;

// What Emscripten tells the console, each release in its way, of a module that cannot be loaded.
export const UNLOADABLE = [/^wasm streaming compile failed/, /^falling back to ArrayBuffer/, /^failed to asynchronously prepare wasm/, /^Aborted\(/];

// Everything that a page says, as it comes.
class Record {
  constructor(aside) {
    this.aside = aside;
  }

  lines = [];
  errors = [];
  transcript = [];
  workers = 0;

  follow(page) {
    page.on("console", (message) => {
      const type = message.type(), text = message.text();
      this.transcript.push(`${type}: ${text}`);
      if (this.aside.some((pattern) => pattern.test(text))) return;
      if (SPOKEN.has(type)) this.lines.push(text);
      if (type === "error") this.errors.push(text);
    });
    page.on("worker", () => this.workers++);
    page.on("pageerror", (error) => this.fail(`page error: ${error.stack ?? error}`));
    page.on("crash", () => this.fail("the page crashed"));
    page.on("requestfailed", (request) => this.fail(`request failed: ${request.url()}: ${request.failure()?.errorText}`));
  }

  fail(text) {
    this.errors.push(text);
    this.transcript.push(text);
  }

  async prints(expected, patience, { inAnyOrder = false } = {}) {
    this.inAnyOrder = inAnyOrder;
    this.expected = typeof expected === "string" ? expected.replace(/\n$/, "").split("\n") : expected;
    for (const end = Date.now() + patience; this.lines.length < this.expected.length && Date.now() < end;) await sleep(10);
    this.compare();
  }

  compare() {
    const like = this.expected.map((line, i) => (line instanceof RegExp && line.test(this.lines[i]) ? this.lines[i] : line));
    if (this.inAnyOrder) assert.deepEqual([...this.lines].sort(), like.sort());
    else assert.deepEqual(this.lines, like);
  }

  // At the end: nothing more was printed than was expected, and the errors are those that were. The network's come a little late.
  async check(patterns, patience) {
    const lacks = () => patterns.find((pattern) => !this.errors.some((error) => pattern.test(error)));
    for (const end = Date.now() + patience; lacks() && Date.now() < end;) await sleep(10);
    if (this.expected) this.compare();
    const unexpected = this.errors.filter((error) => !patterns.some((pattern) => pattern.test(error)));
    assert.deepEqual(unexpected, [], "the page has errors");
    assert.equal(lacks(), undefined, "no error of the page is like it");
  }
}

// One case, once.
export async function visit({ root = BUILD, pages = {}, headers = {}, missing, silent, init, hideable, server: start = serve, errors = [],
  aside = [], patience = 10_000 }, isolated, run) {
  const server = await start({ root, pages, missing, silent, headers: { ...(isolated ? ISOLATION : {}), ...headers } });
  const own = hideable && await startOwnBrowser();
  const context = own ? own.context : await browser.newContext();
  const record = new Record(aside);
  const open = async (path, module) => {
    const page = await context.newPage();
    record.follow(page);
    if (init) await page.addInitScript(init);
    if (path.endsWith(".js")) {
      const script = path;
      path = path.replace(/\.js$/, ".html");
      pages[path] ??= pageOf(script, module);
    }
    await page.goto(server.url + path);
    assert.equal(await page.evaluate("crossOriginIsolated"), isolated);
    return Object.assign(page, {
      lines: record.lines, workersBegun: () => record.workers, prints: (expected, how) => record.prints(expected, patience, how),
    });
  };
  try {
    await run({ open, hide, isolated });
    // What the page has said by now is to have come here.
    await Promise.all(context.pages().map((page) => page.evaluate("new Promise((r) => setTimeout(r, 10))").catch(() => {})));
    await record.check(errors, patience);
  } catch (error) {
    error.message += `\n--- what the page said\n${record.transcript.join("\n") || "(nothing)"}\n---`;
    throw error;
  } finally {
    await (own ?? context).close();
    await server.close();
  }
}

export function pageTest(name, options, run) {
  for (const isolated of [false, true]) {
    test(`${name} (${isolated ? "isolated" : "no headers"})`, { timeout: options.timeout ?? 30_000 },
      () => visit({ ...options, pages: { ...options.pages } }, isolated, run));
  }
}
