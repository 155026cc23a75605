// A program of C beside the core, in a page: by an import map, by its path under a strict policy, and as Vite leaves it.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { pageTest } from "../../../../tests/web/harness.mjs";

const installed = process.cwd(), work = await mkdtemp(`${installed}/own-c-`);
after(() => rm(work, { recursive: true }));

const anyloop = "/node_modules/anyloop/dist/index.js";
const page = (script, map = "") => `<!doctype html><meta charset="utf-8"><title>${script}</title>
<link rel="icon" href="data:,">${map}<script type="module" src="${script}"></script>`;
const map = `<script type="importmap">${JSON.stringify({ imports: { anyloop } })}</script>\n`;
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; " +
  "img-src data:";

const echo = `
import { getEventLoop, load, native, nativeJob, run } from "anyloop";

const caught = (error) => error.name + " " + (error.code ?? error.message);
await load(new URL("./echo.wasm", import.meta.url));
console.log(await run(function* () {
  return (yield* native("later")(5)) + (yield* native("echo")(37));
}));
const loop = await getEventLoop(), bytes = new Uint8Array(100_000).fill(7), echo = nativeJob("echo");
const back = await echo(["bytes", bytes]);
console.log(back[0], back[1] instanceof Uint8Array, back[1].length, back[1].every((byte) => byte === 7));
await nativeJob("print")("from a worker");
console.log(await nativeJob("fail")().catch(caught), "|", await nativeJob("trap")().catch(caught));
console.log((await Promise.all([1, 2, 3, 4, 5].map((n) => echo(n)))).join(" "));
await loop.close();
console.log("closed");
`;
const programs = {
  echo: {
    source: "test/own-c/echo.c", script: echo,
    prints: `42\nbytes true 100000 true\nfrom a worker\nAnyloopError ANYLOOP_E_BROKEN | AnyloopError ANYLOOP_E_ABANDONED
1 2 3 4 5\nclosed\n`,
  },
};
if (process.env.CI || existsSync("/usr/include/stb/stb_image.h")) {
  programs.thumbs = {
    source: "samples/own-c/thumbs.c", script: await readFile(`${installed}/samples/own-c/thumbs.mjs`, "utf8"),
    prints: "a PNG: true, 32 pixels wide\ntwo take true more than one\nANYLOOP_E_USER: unknown image type\n",
  };
}

async function visit({ open }, { prints }) {
  const page = await open("/index.html");
  await page.prints(prints);
  assert.ok(page.workersBegun() > 0);
  for (const end = Date.now() + 5000; page.workers().length > 0 && Date.now() < end;) await sleep(10);
  assert.deepEqual(page.workers().map((worker) => worker.url()), [], "workers outlive the loop");
}

const tools = createRequire(new URL("../../../../build/tools/", import.meta.url));
const { build } = await import(pathToFileURL(tools.resolve("vite")));

// All is built before a case begins: compilers take this process's time, and what a page says would come late.
for (const [name, program] of Object.entries(programs)) {
  const folder = `${work}/${name}`, file = `${folder}/${name}.wasm`;
  await mkdir(folder);
  const options = ["-O1", "-idirafter", "/usr/include", "-lm", "-o", file];
  execFileSync(`${installed}/node_modules/.bin/anyloop-cc`, [program.source, ...options], { stdio: "ignore" });
  program.wasm = await readFile(file);
  program.built = `${folder}-out`;
  await writeFile(`${folder}/main.js`, program.script);
  await writeFile(`${folder}/index.html`, page("/main.js"));
  await build({ root: folder, build: { outDir: program.built, emptyOutDir: true }, configFile: false, logLevel: "warn" });
  await rm(folder, { recursive: true }); // nothing of it is needed any more
}

if (!programs.thumbs) test("thumbs", { skip: "there is no /usr/include/stb: Debian's libstb-dev has it" });
for (const [name, program] of Object.entries(programs)) {
  const { script, wasm, built } = program, beside = { [`/${name}.wasm`]: wasm };
  pageTest(`${name}, by an import map`, {
    root: installed, pages: { ...beside, "/main.js": script, "/index.html": page("/main.js", map) },
  }, (context) => visit(context, program));

  const byPath = script.replace('from "anyloop"', `from "${anyloop}"`);
  pageTest(`${name}, by its path, under a strict policy`, {
    root: installed, headers: { "Content-Security-Policy": POLICY },
    pages: { ...beside, "/main.js": byPath, "/index.html": page("/main.js") },
  }, (context) => visit(context, program));

  pageTest(`${name}, by Vite`, { root: built }, (context) => visit(context, program));
}
