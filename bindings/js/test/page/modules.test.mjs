// The package in a page: as it is installed, by an import map and by its path; and as bundlers leave it.
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { pageTest } from "../../../../tests/web/harness.mjs";
import { beside, forbidden, heard, programs, trouble } from "./scripts.mjs";

const installed = process.cwd();
const html = (script, map = "") => `<!doctype html><meta charset="utf-8"><title>${script}</title>
<link rel="icon" href="data:,">
${map}<script type="module" src="${script}"></script>`;
const imports = { anyloop: "/node_modules/anyloop/dist/index.js", "anyloop/worker": "/node_modules/anyloop/dist/worker.js" };
const map = `<script type="importmap">${JSON.stringify({ imports })}</script>\n`;
// Where nothing may be in the page itself, and nothing comes from elsewhere or from texts.
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; " +
  "img-src data:";
const byPath = (script) => script.replace(/from "(anyloop[^"]*)"/g, (_, name) => `from "${imports[name]}"`);

const visit = ({ prints, inAnyOrder }) => async ({ open }) => {
  const page = await open("/index.html");
  await page.prints(prints, { inAnyOrder });
  for (const end = Date.now() + 5000; page.workers().length && Date.now() < end;) await sleep(10);
  assert.deepEqual(page.workers().map((worker) => worker.url()), [], "workers are left");
};
const paths = (files) => Object.fromEntries(Object.entries(files).map(([name, text]) => [`/${name}`, text]));

// By its path, where a policy says what may run.
function pathTest(name, program, policy) {
  const files = { ...beside, "main.js": program.script };
  const strict = Object.fromEntries(Object.entries(files).map(([file, text]) => [file, byPath(text)]));
  pageTest(name, {
    root: installed, errors: program.errors, silent: program.silent, headers: { "Content-Security-Policy": policy },
    pages: { ...paths(strict), "/index.html": html("/main.js") },
  }, visit(program));
}

for (const [name, program] of Object.entries(programs)) {
  const { script, errors, silent } = program;
  if (name !== "own") { // a worker has no import map
    pageTest(`${name}, by an import map`, {
      root: installed, errors, silent, pages: { ...paths(beside), "/main.js": script, "/index.html": html("/main.js", map) },
    }, visit(program));
  }
  pathTest(`${name}, by its path, under a strict policy`, program, POLICY);
}
pathTest("jobs whose modules are not there, or throw, are told; progress is heard", trouble, POLICY);
pathTest("a policy that forbids workers is told", forbidden, POLICY.replace("worker-src 'self'", "worker-src 'none'"));

// ---- by bundlers, with what they do by default

const work = await mkdtemp(`${installed}/bundles-`),
  tools = createRequire(new URL("../../../../build/tools/", import.meta.url));
after(() => rm(work, { recursive: true }));
const { build, createServer } = await import(pathToFileURL(tools.resolve("vite"))), webpack = promisify(tools("webpack"));

async function unpack(folder, program) {
  await mkdir(folder);
  for (const [file, text] of Object.entries({ ...beside, "main.js": program.script, "index.html": html("/main.js") })) {
    await writeFile(`${folder}/${file}`, text);
  }
}

for (const [name, program] of Object.entries(programs)) {
  const source = `${work}/${name}`, out = `${work}/${name}-out`;
  await unpack(source, program);
  await build({ root: source, build: { outDir: out, emptyOutDir: true }, configFile: false, logLevel: "warn" });
  if (name === "job") {
    const stats = await webpack({
      mode: "production", context: source, entry: "./main.js", output: { path: `${out}-webpack`, filename: "main.js" },
      performance: { hints: false },
    });
    if (stats.hasErrors() || stats.hasWarnings()) throw new Error(stats.toString());
    await writeFile(`${out}-webpack/index.html`, html("main.js"));
    pageTest(`${name}, by webpack`, { root: `${out}-webpack`, errors: program.errors }, visit(program));
  }
  await rm(source, { recursive: true }); // nothing of it is needed any more
  pageTest(`${name}, by Vite`, { root: out, errors: program.errors, silent: program.silent }, visit(program));
}

// As it is developed with: each module by itself, but packages are made one file each, and what a worker imports another.
async function develop({ root, headers }) {
  const server = await createServer({ root, configFile: false, logLevel: "warn", server: { port: 0, headers } });
  await server.listen();
  return { url: server.resolvedUrls.local[0].slice(0, -1), close: () => server.close() };
}

await unpack(`${work}/heard`, heard);
pageTest("progress is heard, by Vite's own server", { root: `${work}/heard`, server: develop }, visit(heard));
