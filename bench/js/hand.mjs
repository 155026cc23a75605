// hand.mjs -- a pool as one writes it by hand, to be fast: each job is posted at once, to the workers in turn. It can do
// nothing else: no errors, no cancelling, no bound, no word of a worker that died.
import { Worker } from "node:worker_threads";
import { mainOf } from "./trips.mjs";

class Pool {
  constructor(count) {
    this.tickets = 0;
    this.waiting = new Map(); // ticket: what resolves its promise
    this.workers = Array.from({ length: count }, () => {
      const worker = new Worker(new URL("hand-worker.mjs", import.meta.url));
      worker.on("message", ({ ticket, result }) => {
        const resolve = this.waiting.get(ticket);
        this.waiting.delete(ticket);
        resolve(result);
      });
      return worker;
    });
  }

  run(number) {
    return new Promise(resolve => {
      const ticket = ++this.tickets;
      this.waiting.set(ticket, resolve);
      this.workers[ticket % this.workers.length].postMessage({ ticket, name: "echo", parameters: [number] });
    });
  }

  close() {
    return Promise.all(this.workers.map(worker => worker.terminate()));
  }
}

await mainOf(count => new Pool(count));
