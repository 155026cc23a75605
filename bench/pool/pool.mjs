// pool.mjs -- what one writes by hand in JavaScript: a pool of workers with a wasm module each, fed by postMessage.
//
// It is written to be fast: each job is posted at once, large bytes are moved and not copied. It can do nothing else:
// no errors, no cancelling, no bound, no word of a worker that died. A program as row.h has them, with the rows of
// anyloop_workers.c; the jobs are those of jobs.c.
import {readFileSync} from 'node:fs';
import {Worker} from 'node:worker_threads';

const LARGE = 16384; // bytes: to copy fewer is cheaper than to move them
const BURST = 1000;

class Pool {
  constructor(script, options, count) {
    this.tickets = 0;
    this.waiting = new Map(); // ticket: what resolves its promise
    this.workers = Array.from({length: count}, () => {
      const worker = new Worker(script, options);
      worker.on('message', ([ticket, bytes]) => this.heard(ticket, bytes));
      return worker;
    });
  }

  heard(ticket, bytes) {
    const resolve = this.waiting.get(ticket);
    this.waiting.delete(ticket);
    resolve(bytes);
  }

  run(job, bytes) {
    return new Promise(resolve => {
      const ticket = ++this.tickets, worker = this.workers[ticket % this.workers.length];
      this.waiting.set(ticket, resolve);
      if (bytes.length > LARGE) worker.postMessage([ticket, job, bytes], [bytes.buffer]);
      else worker.postMessage([ticket, job, bytes]);
    });
  }

  close() {
    return Promise.all(this.workers.map(worker => worker.terminate()));
  }
}

// ---- what is measured: each job's bytes begin with its number

const module = new WebAssembly.Module(readFileSync(new URL('jobs.wasm', import.meta.url)));
const pool = new Pool(new URL('worker.mjs', import.meta.url), {workerData: module}, 1);

function submit(number, size) {
  const bytes = new Uint8Array(size);
  bytes[0] = number;
  bytes[1] = number >> 8;
  bytes[2] = number >> 16;
  return pool.run('echo', bytes);
}

function check(bytes, number, size) {
  const found = bytes[0] | bytes[1] << 8 | bytes[2] << 16;
  if (bytes.length !== size || found !== number) throw new Error("another job's bytes");
}

async function roundTrips(operations, size) {
  for (let left = operations; left; left--) check(await submit(left, size), left, size);
}

async function bursts(operations, size) {
  for (let left = operations; left; left -= BURST) {
    const burst = [];
    for (let i = 0; i < BURST; i++) burst.push(submit(i, size));
    (await Promise.all(burst)).forEach((bytes, i) => check(bytes, i, size));
  }
}

const rows = {
  'W16 bytes=16': [20000, 5000, roundTrips, 16],
  'W16 bytes=65536': [5000, 1000, roundTrips, 65536],
  'W17 bytes=16': [100000, 20000, bursts, 16],
};

const [name, operations, temper] = process.argv.slice(2);
if (name) {
  const [usual, warmUp, run, size] = rows[name], count = Number(operations) || usual;
  if (temper !== 'cold') await run(warmUp, size);
  const start = performance.now(), used = process.cpuUsage();
  await run(count, size);
  const time = performance.now() - start, {user, system} = process.cpuUsage(used);
  console.log((time * 1e6 / count).toFixed(3), ((user + system) * 1e3 / count).toFixed(3));
} else {
  console.log(Object.keys(rows).join('\n'));
}
await pool.close();
