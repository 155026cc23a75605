// worker.mjs -- a worker of pool.mjs: an instance of the module, which does the jobs as they come.
import {parentPort, workerData} from 'node:worker_threads';

const LARGE = 16384; // as in pool.mjs
const {exports} = new WebAssembly.Instance(workerData, {});
let heap = new Uint8Array(0);

exports._initialize();

function run(job, bytes) {
  const room = exports.room(bytes.length);
  if (heap.length === 0) heap = new Uint8Array(exports.memory.buffer); // at first, or the memory has grown
  heap.set(bytes, room);
  const size = exports[job](room, bytes.length);
  if (heap.length === 0) heap = new Uint8Array(exports.memory.buffer);
  return heap.slice(room, room + size);
}

parentPort.on('message', ([ticket, job, bytes]) => {
  const result = run(job, bytes);
  if (result.length > LARGE) parentPort.postMessage([ticket, result], [result.buffer]);
  else parentPort.postMessage([ticket, result]);
});
