// The package in a page: as it is installed, by an import map and by its path; and as a bundler leaves it.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after } from "node:test";
import { pathToFileURL } from "node:url";
import { pageTest } from "../../../../tests/web/harness.mjs";
import { beside, programs } from "./scripts.mjs";

const installed = process.cwd();
const html = (script, map = "") => `<!doctype html><meta charset="utf-8"><title>${script}</title><link rel="icon" href="data:,">
${map}<script type="module" src="${script}"></script>`;
const imports = { anyloop: "/node_modules/anyloop/dist/index.js", "anyloop/worker": "/node_modules/anyloop/dist/worker.js" };
const map = `<script type="importmap">${JSON.stringify({ imports })}</script>\n`;
// Where nothing may be in the page itself, and nothing comes from elsewhere or from texts.
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; img-src data:";
const byPath = (script) => script.replace(/from "(anyloop[^"]*)"/g, (_, name) => `from "${imports[name]}"`);

const visit = ({ prints, inAnyOrder }) => async ({ open }) => (await open("/index.html")).prints(prints, { inAnyOrder });
const paths = (files) => Object.fromEntries(Object.entries(files).map(([name, text]) => [`/${name}`, text]));

for (const [name, program] of Object.entries(programs)) {
  const { script, errors, silent } = program;
  if (name !== "own") { // a worker has no import map
    pageTest(`${name}, by an import map`, {
      root: installed, errors, silent, pages: { ...paths(beside), "/main.js": script, "/index.html": html("/main.js", map) },
    }, visit(program));
  }
  const strict = Object.fromEntries(Object.entries({ ...beside, "main.js": script }).map(([file, text]) => [file, byPath(text)]));
  pageTest(`${name}, by its path, under a strict policy`, {
    root: installed, errors, silent, headers: { "Content-Security-Policy": POLICY },
    pages: { ...paths(strict), "/index.html": html("/main.js") },
  }, visit(program));
}

// ---- by Vite, with what it does by default

const work = await mkdtemp(`${installed}/vite-`);
after(() => rm(work, { recursive: true }));
const { build } = await import(pathToFileURL(createRequire(new URL("../../../../build/tools/", import.meta.url)).resolve("vite")));

for (const [name, program] of Object.entries(programs)) {
  const source = `${work}/${name}`, out = `${work}/${name}-out`;
  await mkdir(source);
  for (const [file, text] of Object.entries({ ...beside, "main.js": program.script, "index.html": html("/main.js") })) {
    await writeFile(`${source}/${file}`, text);
  }
  await build({ root: source, build: { outDir: out, emptyOutDir: true }, configFile: false, logLevel: "warn" });
  await rm(source, { recursive: true }); // nothing of it is needed any more
  pageTest(`${name}, by Vite`, { root: out, errors: program.errors, silent: program.silent }, visit(program));
}
