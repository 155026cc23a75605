// posts.mjs -- jobs that post messages of their own beside those of the pool.
import { parentPort } from "node:worker_threads";

export function post(...messages) {
  for (const message of messages) parentPort.postMessage(message);
  return "posted";
}
