// How large the web build is: node wasm-size.mjs FOLDER [LIMITS]
//
// Prints a line for each module and script in FOLDER, `NAME raw gzip brotli` in bytes. With LIMITS, a file of lines `NAME BYTES`
// and comments after #, it fails if brotli needs more than these, if a file has no limit, or a limit no file. A * in a NAME
// stands for anything: then the limit is for all those files together.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";

const [folder, limits] = process.argv.slice(2);
if (folder === undefined) {
  console.error("usage: node wasm-size.mjs FOLDER [LIMITS]");
  process.exit(2);
}
const sizes = new Map();
for (const name of readdirSync(folder).sort()) {
  if (!/\.(wasm|js)$/.test(name)) continue;
  const bytes = readFileSync(join(folder, name));
  const small = brotliCompressSync(bytes).length; // its default is the best that it can, 11
  console.log(name, bytes.length, gzipSync(bytes, { level: 9 }).length, small);
  sizes.set(name, small);
}
const failures = sizes.size ? [] : [`there is nothing in ${folder}`];
const held = new Set();
for (const line of limits === undefined ? [] : readFileSync(limits, "utf8").split("\n")) {
  const [name, limit] = line.replace(/#.*/, "").trim().split(/\s+/);
  if (!name) continue;
  const pattern = new RegExp(`^${name.replaceAll(".", "\\.").replaceAll("*", ".*")}$`), names = [...sizes.keys()].filter((file) => pattern.test(file));
  const size = names.reduce((sum, file) => sum + sizes.get(file), 0);
  for (const file of names) held.add(file);
  if (names.length === 0) failures.push(`${name} is not there, and its limit is ${limit}`);
  else if (!(size <= Number(limit))) failures.push(`${name} is ${size} bytes with brotli, its limit is ${limit}`);
}
if (limits !== undefined)
  for (const name of sizes.keys()) if (!held.has(name)) failures.push(`${name} has no limit`);
for (const failure of failures) console.error(`wasm-size: ${failure}`);
process.exitCode = failures.length ? 1 : 0;
