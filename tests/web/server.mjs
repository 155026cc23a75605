// A server of files for pages, by node:http alone, on a port of its own of 127.0.0.1.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";

const TYPES = {
  ".css": "text/css", ".html": "text/html", ".js": "text/javascript", ".json": "application/json", ".mjs": "text/javascript",
  ".txt": "text/plain", ".wasm": "application/wasm",
};
export const ISOLATION = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

// serve({root, pages, headers, missing, silent}): the files of the folder `root`, and before them `pages`, { "/name.html": text }.
// Every answer has the `headers`; each path in `missing` is a 404 though it is there; one in `silent` is never answered.
// Gives { url, close }.
export async function serve({ root, pages = {}, headers = {}, missing = [], silent = [] }) {
  const server = createServer(async (request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url, "http://localhost").pathname));
    if (silent.includes(path)) return;
    const type = TYPES[extname(path)] ?? "application/octet-stream";
    try {
      if (missing.includes(path)) throw new Error("missing, as the case asked");
      const body = pages[path] ?? await readFile(join(root, path));
      response.writeHead(200, { "Content-Type": type, "Cache-Control": "no-store", ...headers }).end(body);
    } catch {
      response.writeHead(404, { "Content-Type": "text/plain", ...headers }).end(`no ${path}`);
    }
  });
  await new Promise((listening, failed) => server.once("error", failed).listen(0, "127.0.0.1", listening));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: () => new Promise((closed) => { server.close(closed); server.closeAllConnections(); }),
  };
}
