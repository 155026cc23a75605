// A program that is an ES module: a page imports it, as it is and as bundlers leave it.
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { after } from "node:test";
import { createRequire } from "node:module";
import { promisify } from "node:util";
import { tmpdir } from "node:os";
import { pathToFileURL } from "node:url";
import { BUILD, pageTest } from "./harness.mjs";

const program = `${BUILD}/tests/web/modules`;
const text = await readFile(`${BUILD}/tests/web/pages/workers.txt`, "utf8");
const script = "import program from './workers.mjs';\nprogram();\n";
const page = (script) => `<!doctype html><meta charset="utf-8"><title>workers</title><link rel="icon" href="data:,">
<script type="module" src="./${script}"></script>`;
const tools = createRequire(new URL("../../build/tools/", import.meta.url));

const bundlers = {
  async vite(source, out) {
    const { build } = await import(pathToFileURL(tools.resolve("vite")));
    await build({ root: source, build: { outDir: out, emptyOutDir: true }, base: "./", configFile: false, logLevel: "warn", worker: { format: "es" } });
  },
  async webpack(source, out) {
    const stats = await promisify(tools("webpack"))({
      mode: "production", context: source, entry: "./main.mjs", output: { path: out, filename: "main.js" }, performance: { hints: false },
    });
    if (stats.hasErrors() || stats.hasWarnings()) throw new Error(stats.toString());
    await writeFile(`${out}/index.html`, page("main.js"));
  },
};

const work = await mkdtemp(`${tmpdir()}/anyloop-modules-`);
after(() => rm(work, { recursive: true }));

for (const [name, bundle] of Object.entries(bundlers)) {
  const source = `${work}/${name}`, out = `${work}/${name}-out`;
  await cp(program, source, { recursive: true });
  await mkdir(out);
  await writeFile(`${source}/main.mjs`, script);
  await writeFile(`${source}/index.html`, page("main.mjs"));
  await bundle(source, out);
  await rm(source, { recursive: true }); // nothing of it is needed any more
}

pageTest("a module", { root: program, pages: { "/index.html": page("main.mjs"), "/main.mjs": script } },
  async ({ open }) => (await open("/index.html")).prints(text));
for (const name of Object.keys(bundlers)) {
  pageTest(`a module that ${name} bundled`, { root: `${work}/${name}-out` },
    async ({ open }) => (await open("/index.html")).prints(text));
}
