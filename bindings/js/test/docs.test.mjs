// What the README and the pages of docs/ say, as npm installed them: their programs run and print what stands below them or
// behind `// prints`, their C is built by the command that they give, and the names and files in them are the package's.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { brotliCompressSync } from "node:zlib";
import * as anyloop from "anyloop";

const here = new URL("../", import.meta.url), own = new URL("node_modules/anyloop/", here);
const read = (path) => readFileSync(new URL(path, own), "utf8");
const list = (folder, ending) =>
  readdirSync(new URL(folder, own)).filter((name) => name.endsWith(ending)).map((name) => folder + name);
const pages = ["README.md", ...list("docs/", ".md")];
const work = mkdtempSync(fileURLToPath(new URL("docs-", here)));
after(() => rmSync(work, { recursive: true }));

const FENCE = /^(?:<!-- quote: \S*?(?<file>[^/\s:]+)(?:: [^\n]*)? -->\n)?```(?<language>[^\n]*)\n(?<code>.*?)^```$/gms;

// { language, code, file: its name in the samples }, in order.
function blocksOf(text) {
  return Array.from(text.matchAll(FENCE), ({ groups: { file, language, code } }) => ({ file, language, code }));
}

function sample(name) {
  for (const folder of ["samples/", "samples/own-c/"]) {
    const path = new URL(folder + name, here);
    if (existsSync(path)) return readFileSync(path, "utf8");
  }
}

const isModule = (code) => /^export /m.test(code);
const plain = (code) => code.replace(/^\s+/gm, "");

// An excerpt is made a program by the rest of its sample.
function complete({ file, code }) {
  if (/^(import|export|#include) /m.test(code)) return code;
  const whole = plain(sample(file));
  assert.ok(whole.includes(plain(code)), `an excerpt that is not in ${file}:\n${code}`);
  return whole.replace(plain(code), () => code);
}

function start(program, parameters, options = {}) {
  return new Promise((done, failed) => {
    const child = spawn(program, parameters, { cwd: work, stdio: ["ignore", "pipe", "pipe"], ...options });
    const text = { stdout: "", stderr: "" };
    for (const name of Object.keys(text)) child[name].setEncoding("utf8").on("data", (more) => { text[name] += more; });
    child.on("error", failed);
    child.on("close", (status) => done({ ...text, status }));
  });
}

// What `// prints` promises.
function promised(code) {
  return Array.from(code.matchAll(/\/\/ prints (.*)$/gm), ([, line]) => line);
}

function isSubsequence(some, all) {
  let at = 0;
  return some.every((line) => (at = all.indexOf(line, at) + 1) > 0);
}

for (const page of pages) {
  const text = read(page), blocks = blocksOf(text);

  describe(page, () => {
    test("has blocks of code that are read", () => assert.equal(2 * blocks.length, (text.match(/^```/gm) ?? []).length));

    // The modules of jobs, C, and then the programs, which find them beside themselves.
    for (const { file, language, code } of blocks) {
      if (language === "c" || isModule(code)) writeFileSync(`${work}/${file}`, complete({ file, code }));
    }

    for (const { language, code } of blocks) {
      for (const [command, parameters] of code.matchAll(/^npx anyloop-cc (.* -o \S+\.wasm)$/gm)) {
        if (language !== "sh") continue;
        test(command, { skip: lacks(code) }, async () => {
          const built = await start(fileURLToPath(new URL("node_modules/.bin/anyloop-cc", here)), parameters.split(" "));
          assert.deepEqual(built, { stdout: "", stderr: "", status: 0 });
        });
      }
    }

    for (const [i, block] of blocks.entries()) {
      if (block.language !== "js" || isModule(block.code)) continue;
      const output = blocks.slice(i + 1).find(({ language, code }) => language === "" || !isModule(code));
      const [wasm] = block.code.match(/[\w-]+\.wasm/) ?? [], built = blocks.find(({ language, code }) =>
        language === "sh" && code.includes(` -o ${wasm}\n`));
      test(block.file, { skip: wasm !== undefined && lacks(built.code) }, async () => {
        writeFileSync(`${work}/${block.file}`, complete(block));
        const { stdout, ...rest } = await start(process.execPath, [block.file]);
        assert.deepEqual(rest, { stderr: "", status: 0 });
        if (output?.language === "") {
          // What a worker prints comes when it comes.
          const lines = (all) => /runInExecutor/.test(block.code) ? all.split("\n").sort() : all;
          assert.deepEqual(lines(stdout), lines(output.code));
        }
        const lines = promised(block.code);
        assert.ok(isSubsequence(lines, stdout.split("\n")), `not in this order:\n${lines.join("\n")}\n\nbut:\n${stdout}`);
      });
    }

    test("leads to files and headings that are there", () => {
      for (const [, target] of text.matchAll(/\]\((?!https:)([^)]+)\)/g)) {
        const url = new URL(target, new URL(page, own));
        assert.ok(existsSync(url), `${page} leads to ${target}`);
        const headings = readFileSync(url, "utf8").match(/^#+ .*$/gm).map((line) => line.replace(/^#+ /, ""));
        const anchors = headings.map((heading) => "#" + heading.toLowerCase().replace(/[^\w\- ]/g, "").replaceAll(" ", "-"));
        assert.ok(url.hash === "" || anchors.includes(url.hash), `${page} leads to ${target}`);
      }
      for (const [, path] of text.matchAll(/"\/node_modules\/anyloop\/([^"]+)"/g)) {
        assert.ok(existsSync(new URL(path, own)), path);
      }
    });

    test("names what there is", () => {
      const here = new Set(blocks.flatMap(({ code }) => wordsOf(code)));
      assert.deepEqual(spansOf(text).flatMap(namesIn).filter((name) => !known.has(name) && !here.has(name)), []);
    });
  });
}

function lacks(text) {
  if (process.env.CI || !text.includes("libstb-dev") || existsSync("/usr/include/stb/stb_image.h")) return false;
  return "there is no /usr/include/stb: Debian's libstb-dev has it";
}

// ---- names

// Inline code, but the names of others: those in the first column of a table.
function spansOf(text) {
  return Array.from(text.replace(FENCE, "").replace(/^\|[^|]*\|/gm, "").matchAll(/`([^`]+)`/g), ([, span]) => span);
}

// What is called, made, or a name alone.
function namesIn(span) {
  return span.replace(/"[^"]*"/g, "").match(/\w+(?=\()|(?<=\bnew )\w+|^[A-Za-z]\w*$/g) ?? [];
}

const wordsOf = (text) => text.match(/\b[A-Za-z_]\w*/g) ?? [];
const packaged = [...list("dist/", ".d.ts"), ...list("c/", ".h"), "package.json"].map(read).flatMap(wordsOf);
const OTHERS = "finally yield import AbortError exit checkThenables npm brotli CC EMCC EM_JS".split(" ");
const known = new Set([...packaged, ...OTHERS, ...Object.getOwnPropertyNames(globalThis)]);

test("the codes of errors are the package's", async () => {
  await anyloop.load();
  const codes = new Set(Array.from({ length: 100 }, (_, i) => new anyloop.AnyloopError(-i).code));
  const named = pages.flatMap((page) => read(page).match(/\bANYLOOP_E_[A-Z_]+/g) ?? []);
  assert.ok(named.length > 0);
  assert.deepEqual(named.filter((code) => !codes.has(code)), []);
});

// ---- what differs from promises and asyncio

test("the differences are those that the page tells of", () => anyloop.run(function* () {
  const { ContextVar, createTask, gather, getRunningLoop, Lock, PriorityQueue, Queue, Semaphore, sleep } = anyloop;
  const code = (call) => {
    try {
      call();
    } catch (error) {
      return error.code.replace("ANYLOOP_E_", "");
    }
  };
  function* seven() {
    yield;
    return 7;
  }

  const loop = getRunningLoop(), refused = [
    () => gather(seven(), seven()), () => sleep(1, "result"), () => new Queue(2), () => new Lock(loop),
  ];
  for (const call of refused) assert.throws(call, TypeError);

  const future = getRunningLoop().createFuture();
  const few = new Semaphore(1, { bounded: true }), queue = new Queue({ maxsize: 1 });
  assert.deepEqual([code(() => future.result()), code(() => future.exception())], ["STATE", "STATE"]);
  future.cancel();
  assert.ok(future.exception() instanceof anyloop.CancelledError);
  assert.deepEqual([code(() => future.setResult(1)), code(() => few.release()), code(() => new Lock().release())],
    ["STATE", "STATE", "NOT_HELD"]);
  queue.putNowait(1);
  assert.deepEqual([code(() => queue.putNowait(2)), queue.getNowait(), code(() => queue.getNowait())], ["FULL", 1, "EMPTY"]);
  queue.shutdown();
  assert.equal(code(() => queue.putNowait(2)), "SHUTDOWN");
  const urgent = new PriorityQueue();
  for (const [item, priority] of [["c", 2], ["a", -1], ["b", 1], ["b, later", 1]]) yield* urgent.put(item, priority);
  assert.deepEqual([1, 2, 3, 4].map(() => urgent.getNowait()), ["a", "b", "b, later", "c"]);
  assert.equal(new ContextVar("x").get(), undefined);
  assert.equal(new ContextVar("x").set(1), undefined);

  const [first, second] = [seven(), seven()];
  assert.deepEqual([yield* first, yield* first, yield second], [7, undefined, 7]);
  const [again] = yield* gather([(function* () { yield second; })()], { returnExceptions: true });
  assert.equal(again.code, "ANYLOOP_E_STATE");
  assert.equal(yield* [seven(), seven()], undefined);
  assert.throws(() => (function* () { yield* Promise.resolve(); })().next(), TypeError);

  // What a cancellation reaches.
  const through = createTask(seven()), kept = createTask(sleep(1));
  const all = createTask(function* () { yield* gather([through]); });
  const promises = createTask(function* () { yield Promise.all([kept]); });
  yield;
  all.cancel();
  promises.cancel();
  yield* anyloop.wait([through, kept, all, promises]);
  assert.deepEqual([through, kept, all, promises].map((task) => task.cancelled()), [true, false, true, true]);
  assert.ok(!((yield Promise.all([seven()]))[0] instanceof anyloop.Future));
}));

// ---- figures

test("the sizes are those of the files", () => {
  const brotli = (name) => brotliCompressSync(readFileSync(new URL(`dist/${name}`, own))).length;
  const small = (...names) => names.reduce((sum, name) => sum + brotli(name), 0);
  const figures = /module is ([\d.]+) kB, .* with it ([\d.]+) kB of JavaScript, and a job's worker ([\d.]+) kB\./;
  const told = read("README.md").replace(/\s+/g, " ").match(figures).slice(1).map(Number);
  const bytes = [small("anyloop.wasm"), small("index.js"), small("worker.js", "serve.js")];
  for (const [i, kB] of told.entries()) assert.ok(Math.abs(bytes[i] / 1000 - kB) < kB / 10, `${kB} kB: ${bytes[i]} bytes`);
});

test("the oldest Node is the one that npm is told", () => {
  const [, oldest] = JSON.parse(read("package.json")).engines.node.match(/^>=(.*)$/);
  assert.ok(read("README.md").includes(`\nNode >= ${oldest}, `));
});
