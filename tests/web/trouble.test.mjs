// What can be wrong with the script of a page's workers: the job fails with a word of which script, and nothing hangs.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { BUILD, pageTest, textOf, UNLOADABLE } from "./harness.mjs";

const root = `${BUILD}/tests/web/pages`, script = readFileSync(`${root}/one.js`, "utf8");

// Of a page that runs one.js.
function fails(what, options, reason) {
  pageTest(`${what} fails the job`, { root, aside: UNLOADABLE, ...options }, async ({ open }) =>
    (await open("/one.js", options.program && { anyloop: { program: options.program } })).prints(
      [new RegExp(`^ANYLOOP_E_OS: no worker could be started: cannot load ${reason.source}$`), "shutdown: ANYLOOP_OK"]));
}

fails("a script that is not there", { program: "/none.js", errors: [/none\.js: net::ERR_/] }, /\/none\.js/);
fails("one that throws", { program: "/bad.js", pages: { "/bad.js": "throw new Error('not today')" } },
  /\/bad\.js: Uncaught Error: not today/);
fails("one that is no script", { program: "/bad.js", pages: { "/bad.js": "<!doctype html>" } },
  /\/bad\.js: Uncaught SyntaxError: Unexpected token '<'/);
fails("one whose module is not there", { program: "/other/one.js", pages: { "/other/one.js": script } },
  /\/other\/one\.js: Uncaught RuntimeError: Aborted\(.*/);
fails("one whose module is no module",
  { program: "/other/one.js", pages: { "/other/one.js": script, "/other/one.wasm": "none" } },
  /\/other\/one\.js: Uncaught RuntimeError: Aborted\(CompileError.*/);
const policy = "default-src 'self' 'wasm-unsafe-eval'; img-src data:; worker-src 'none'";
fails("a policy without workers", { headers: { "Content-Security-Policy": policy }, errors: [/worker-src 'none'/] },
  /http:\/\/127\.0\.0\.1:\d+\/one\.js/);
pageTest("and without trouble it does not", { root }, async ({ open }) =>
  (await open("/one.js", { anyloop: { program: "/one.js" } })).prints(textOf("one")));

// The same in Node, where the program blocks while its worker fails: a copy of it that loses a file when a worker begins.
function failsInNode(what, file, reason) {
  test(`${what} fails the job in Node`, { timeout: 30_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "anyloop-"));
    try {
      for (const name of ["one.js", "one.wasm"]) copyFileSync(`${BUILD}/tests/web/web-${name}`, join(folder, `web-${name}`));
      const lose = `const fs = require("node:fs"), threads = require("node:worker_threads");
        threads.Worker = class extends threads.Worker {
          constructor(...all) { fs.rmSync(${JSON.stringify(join(folder, file))}); super(...all); }
        };
        require(${JSON.stringify(join(folder, "web-one.js"))});`;
      const { stdout } = await promisify(execFile)(process.execPath, ["--eval", lose], { timeout: 20_000 });
      assert.match(stdout, new RegExp(`^ANYLOOP_E_OS: no worker could be started: ${reason.source}\nshutdown: ANYLOOP_OK\n$`));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}
failsInNode("a script that is not there", "web-one.js", /cannot load file:\/\/.*\/web-one\.js: .*/);
failsInNode("one whose module is not there", "web-one.wasm", /cannot load file:\/\/.*\/web-one\.js: Aborted.*/);
