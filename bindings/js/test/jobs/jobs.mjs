// jobs.mjs -- what executor.test.mjs runs in workers.
import { progress, transfer } from "anyloop/worker";
import { threadId } from "node:worker_threads";

const started = [];
let kept;
let ticks = 0;

export const echo = value => value;
export const add = (a, b) => a + b;
export const later = async (value, ms) => {
  await new Promise(resolve => setTimeout(resolve, ms));
  return value;
};
export const nothing = () => {};
export const notAFunction = 42;
export const whoAmI = () => threadId;

/** Notes that it started; `starts` tells of all. */
export function start(number) {
  started.push(number);
}
export const starts = () => started;

/** Busy without ever yielding, until `cell[0]` is not 0. It says that it has begun by `cell[1]`. */
export function block(cell) {
  Atomics.store(cell, 1, 1);
  Atomics.notify(cell, 1);
  Atomics.wait(cell, 0, 0);
  return "unblocked";
}
export function spin(cell) {
  Atomics.store(cell, 1, 1);
  Atomics.notify(cell, 1);
  for (;;);
}

/** One of many: counts that it began, is busy for so many ms, or waits, or dies. */
export function oneOfMany(counts, number, kind, ms, buffer) {
  Atomics.add(counts, number, 1);
  if (buffer.byteLength !== number) throw new Error(`moved ${buffer.byteLength} bytes`);
  if (kind === "exit") process.exit(1);
  if (kind === "wait") return later(number, ms);
  for (const end = performance.now() + ms; performance.now() < end;);
  return number;
}

// ---- moved, not copied

export const moveBack = buffer => transfer(buffer, [buffer]);
export function moveAndKeep(size) {
  kept = new ArrayBuffer(size);
  return transfer({ kept }, [kept]);
}
export const keptBytes = () => kept.byteLength;
export function progressMoved(size) {
  const buffer = new ArrayBuffer(size);
  progress(buffer, [buffer]);
  return buffer.byteLength;
}

// ---- what it says on the way

export function count(to) {
  for (let i = 1; i <= to; i++) progress(i);
  return "counted";
}
export const progressOfAFunction = () => progress(() => {});

// ---- how it fails

export class ShopClosed extends Error {
  name = "ShopClosed";
  opensAt = 9;
}
export function throwShopClosed() {
  throw new ShopClosed("come back tomorrow", { cause: new RangeError("it is late") });
}
export const throwTypeError = () => null.nothing;
export const throwText = () => { throw "a text"; };
export const throwObject = () => { throw { code: 7 }; };
export const throwUndefined = () => { throw undefined; };
export const throwFunction = () => { throw function thrown() {}; };
export const throwUnsendable = () => { throw Object.assign(new TypeError("holds a function"), { code: 7, call() {} }); };
export function throwGetter() {
  throw Object.defineProperty(new Error(), "bad", { enumerable: true, get() { throw new Error("looked at"); } });
}
export function throwFunctionForMessage() {
  throw Object.assign(new Error(), { message: () => 1 });
}
export function throwRevoked() {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  throw proxy;
}
export function throwCircle() {
  const error = new Error("round");
  error.cause = error;
  throw error;
}
export const throwCircleOfMany = () => {
  const error = new AggregateError([], "round and round");
  error.errors.push(error, error, error, error, new Error("and out"));
  throw error;
};
export function throwChain() {
  let error = new Error("first");
  for (let i = 0; i < 5000; i++) error = new Error("next", { cause: error });
  throw error;
}
export function throwTwice() {
  let error = new Error("first");
  for (let i = 1; i <= 22; i++) error = new AggregateError([error], `${i}`, { cause: error });
  throw error;
}
export const throwMany = () => { throw new AggregateError([new TypeError("one"), new Error("two")], "many"); };
export const reject = async () => { throw new RangeError("later"); };
export const returnFunction = () => () => {};

// ---- how its worker dies

export const exit = status => process.exit(status);
export const throwFromATimer = () => new Promise(() => setTimeout(() => { throw new RangeError("nobody catches it"); }));
export const throwAfterwards = () => { setTimeout(() => { throw new Error("afterwards"); }); };
export const rejectUnheard = () => new Promise(() => { Promise.reject(new TypeError("nobody hears it")); });
export function useAllMemory() {
  const all = [];
  for (;;) all.push(new Array(100000).fill(all.length));
}

// ---- what it leaves behind

export function tick() {
  setInterval(() => ticks++, 1).unref();
}
export const countTicks = () => ticks;
export function talk(lines) {
  for (let i = 0; i < lines; i++) console.log("line", i);
}
