// Signals of the web, both ways: a task that is cancelled aborts its fetch, and a signal that aborts cancels a task.
import { once } from "node:events";
import { createServer } from "node:http";
import { abortable, createTask, run, sleep } from "anyloop";

const server = createServer((request, response) => {
  if (request.url === "/quick") response.end("here you are");
  else response.on("close", () => console.log(`server: nobody waits for ${request.url} any more`));
});
await once(server.listen(0, "127.0.0.1"), "listening");
const { port } = /** @type {import("node:net").AddressInfo} */ (server.address()); // not a pipe's
const url = `http://127.0.0.1:${port}`;

function* text(path) {
  const response = yield* abortable((signal) => fetch(url + path, { signal }));
  return (yield response.text()).toUpperCase();
}

async function alsoText(path, signal) {
  const response = await fetch(url + path, { signal });
  return await response.text();
}

await run(function* main() {
  console.log(yield* text("/quick"));

  const slow = createTask(text("/slow"));
  yield* sleep(50);
  slow.cancel("too slow");
  try {
    yield* slow;
  } catch (error) {
    console.log(`${error.name}: ${error.message}`);
  }

  // An async function as a task: one with a parameter is given a signal.
  const never = createTask((signal) => alsoText("/never", signal), { signal: AbortSignal.timeout(50) });
  try {
    yield* never;
  } catch (error) {
    console.log(`${error.name}: ${error.message}`);
  }
  yield* sleep(20);
});
server.close();
