// The demo, web-demo/: what it says of files is what the same program says of them in Node.
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BUILD, pageTest, UNLOADABLE } from "./harness.mjs";

const root = `${BUILD}/web-demo`;
const policy = { "Content-Security-Policy": "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; " +
  "img-src 'self'; connect-src 'self'; worker-src 'self'; frame-ancestors 'none'" };
const folder = mkdtempSync(join(tmpdir(), "anyloop-demo-"));
const at = (...names) => names.map((name) => join(folder, name));

before(() => {
  const write = (name, content) => writeFileSync(join(folder, name), content);
  mkdirSync(join(folder, "folder/sub"), { recursive: true });
  mkdirSync(join(folder, "folder/constructor"));
  write("notes.txt", "one two  three\nfour\tfive\n");
  write("empty.txt", "");
  write("latin1.bin", Buffer.from("d\u00e9j\u00e0 vu\u00a0\u0085 \u00ff\u0000\u00fe ", "latin1"));
  write("-wörter & mehr.txt", "ein zwei");
  write("large.txt", "lorem ipsum dolor\n".repeat(30e6 / 18));
  write("folder/b.txt", "a b c");
  write("folder/a.txt", "x");
  write("folder/.hidden", "not counted");
  write("folder/sub/c.txt", "1 2 3 4");
  for (let i = 0; i < 250; i++) write(`folder/constructor/${i}`, "w ".repeat(i)); // more than a reader gives at once
  write("huge.bin", ""); // it takes a while, and no room
  truncateSync(join(folder, "huge.bin"), 600e6);
});
after(() => rmSync(folder, { recursive: true }));

const inNode = (...names) => execFileSync(process.execPath, [`${BUILD}/examples/wordcount/wordcount.js`, "--", ...names],
  { cwd: folder, encoding: "utf8" });
const shown = (page, id) => page.evaluate((id) => document.getElementById(id).textContent, id);

// It gives up before the case does, and says where the page is.
async function state(page, name) {
  await page.waitForFunction((name) => document.body.dataset.state === name, name, { timeout: 20_000 }).catch(async (error) => {
    const told = await page.evaluate(() => `${document.body.dataset.state}: ${document.getElementById("run").innerText}`);
    throw new Error(`the page is not ${name} but ${told}, with ${page.workers().length} workers`, { cause: error });
  });
}
const choose = (page, ...names) => page.setInputFiles("#files", at(...names));

// Chromium gives one that computes two seconds more.
async function gone(page) {
  for (const end = Date.now() + 10_000; page.workers().length && Date.now() < end;) await page.waitForTimeout(20);
  assert.equal(page.workers().length, 0);
}

// What the program printed, once it has ended: without the command.
async function printed(page) {
  await state(page, "ended");
  return (await shown(page, "output")).replace(/^\$ wordcount .*\n/m, "");
}

// As a person drops them: Chromium is told of a drag that comes from outside.
async function drop(page, ...names) {
  const session = await page.context().newCDPSession(page);
  const { x, y } = await page.locator("#drop").boundingBox();
  const data = { items: [], files: at(...names), dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"]) {
    await session.send("Input.dispatchDragEvent", { type, x: x + 20, y: y + 20, data });
  }
}

const ALL = ["notes.txt", "large.txt", "empty.txt", "-wörter & mehr.txt", "latin1.bin"];

pageTest("files that are chosen are counted as in Node", { root }, async ({ open }) => {
  const page = await open("/index.html");
  await choose(page, ...ALL);
  assert.equal(await printed(page), inNode(...ALL));
  assert.match(await shown(page, "status"), /^Done in .* longest pause/);
});

pageTest("a strict policy is enough, and a run is followed by another", { root, headers: policy }, async ({ open }) => {
  const page = await open("/index.html");
  for (const names of [ALL, ["notes.txt"], ["latin1.bin", "empty.txt"], ["notes.txt"]]) {
    await choose(page, ...names);
    assert.equal(await printed(page), inNode(...names));
  }
});

pageTest("a folder that is chosen is counted as in Node", { root }, async ({ open }) => {
  const page = await open("/index.html");
  await page.setInputFiles("#folder", join(folder, "folder"));
  assert.equal(await printed(page), inNode("folder"));
});

pageTest("files and folders that are dropped are counted as in Node", { root }, async ({ open }) => {
  const page = await open("/index.html");
  await drop(page, "notes.txt", "folder", "large.txt");
  assert.equal(await printed(page), inNode("notes.txt", "folder", "large.txt"));
});

pageTest("what a script drops is counted, two files of one name too; a text is no file", { root }, async ({ open }) => {
  const page = await open("/index.html");
  const drops = (files) => page.evaluate((files) => {
    const dataTransfer = new DataTransfer();
    if (files.length === 0) dataTransfer.setData("text/plain", "words");
    for (const [name, text] of files) dataTransfer.items.add(new File([text], name));
    dispatchEvent(new DragEvent("drop", { dataTransfer, cancelable: true }));
  }, files);
  await drops([["a", "1 2"], ["a", "1"]]);
  assert.equal(await printed(page), "       2 a\n       1 a (2)\n       3 total\n");
  await drops([]);
  assert.equal(await shown(page, "status"), "There was no file in it.");
});

// 600 MB are counted while frames go by, and the page itself never reads a byte of them.
pageTest("the page lives while workers count, and copies nothing", { root, timeout: 60_000 }, async ({ open }) => {
  const page = await open("/index.html");
  await page.evaluate(() => {
    const forbid = () => { throw new Error("read in the page"); };
    for (const name of ["arrayBuffer", "text", "stream", "bytes", "slice"]) Blob.prototype[name] = forbid;
    globalThis.FileReader = forbid;
    const seen = globalThis.seen = { frames: 0, longest: 0, begun: 0, took: 0 };
    let last;
    requestAnimationFrame(function frame(now) {
      if (document.body.dataset.state === "running") {
        seen.begun ||= now;
        seen.frames++;
        seen.longest = Math.max(seen.longest, now - (last ?? now));
        seen.took = now - seen.begun;
      }
      last = now;
      requestAnimationFrame(frame);
    });
  });
  await choose(page, "huge.bin", "notes.txt");
  assert.equal(await printed(page), "       1 huge.bin\n       5 notes.txt\n       6 total\n");
  const { frames, longest, took } = await page.evaluate("seen");
  assert.ok(frames > 20 && longest < took / 4, `${frames} frames in ${took} ms, the longest pause ${longest} ms`);
});

pageTest("a run can be cancelled, or another takes its place", { root, timeout: 60_000 }, async ({ open }) => {
  const page = await open("/index.html");
  const reads = () => page.waitForFunction(() =>
    [...document.querySelectorAll("#workers progress")].some((bar) => bar.value > 0));
  await choose(page, "huge.bin", "notes.txt");
  await reads();
  await page.click("#cancel");
  await state(page, "ended");
  assert.match(await shown(page, "status"), /^Cancelled after/);
  await gone(page);
  await choose(page, "huge.bin");
  await reads();
  await choose(page, "notes.txt", "empty.txt");
  assert.equal(await printed(page), inNode("notes.txt", "empty.txt"));
  await gone(page);
});

pageTest("the time limit is the program's", { root }, async ({ open }) => {
  const page = await open("/index.html");
  await page.fill("#limit", "0.3");
  await choose(page, "huge.bin");
  assert.equal(await printed(page), "wordcount: huge.bin: not counted in time\n");
  assert.match(await shown(page, "status"), /^Ended with status 1 in/);
});

// It is there when it is chosen, and not when a worker comes to it.
pageTest("a file that cannot be read is told, the rest is counted", { root }, async ({ open }) => {
  const page = await open("/index.html");
  writeFileSync(join(folder, "fleeting.txt"), "some words");
  await page.route("**/worker.js", (route) => {
    rmSync(join(folder, "fleeting.txt"), { force: true });
    return route.continue();
  });
  await choose(page, "fleeting.txt", "notes.txt");
  assert.equal(await printed(page), "wordcount: fleeting.txt: I/O error\n       5 notes.txt\n       5 total\n");
  assert.match(await shown(page, "status"), /^Ended with status 1 in/);
});

pageTest("the page tells of a worker whose script is missing",
  { root, missing: ["/worker.js"], errors: [/^request failed: .*worker\.js/] }, async ({ open }) => {
    const page = await open("/index.html");
    await choose(page, "notes.txt", "empty.txt");
    assert.match(await printed(page), /^wordcount: notes.txt: .*worker\.js.*\nwordcount: empty.txt: .*worker\.js/);
  });

pageTest("the page tells of a worker that finds another file for its program", { root, aside: UNLOADABLE }, async ({ open }) => {
  const page = await open("/index.html");
  let asked = 0;
  await page.route("**/wordcount.wasm", (route) =>
    (asked++ ? route.fulfill({ contentType: "application/wasm", body: "text" }) : route.continue()));
  await choose(page, "notes.txt");
  assert.match(await printed(page), /^wordcount: notes.txt: no worker could be started: .*WebAssembly/);
});

for (const [file, errors, message] of [
  ["wordcount.mjs", [/404/, /^request failed: .*mjs/], /wordcount\.mjs/],
  ["wordcount.wasm", [/404/], /^the program was aborted/m],
]) {
  pageTest(`a page that finds no ${file} tells so`, { root, missing: [`/${file}`], errors }, async ({ open }) => {
    const page = await open("/index.html");
    await choose(page, "notes.txt");
    assert.match(await printed(page), message);
    assert.equal(await shown(page, "status"), "The program could not go on.");
  });
}
