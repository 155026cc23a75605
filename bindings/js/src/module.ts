// module.ts -- the wasm module: what it exports, its memory, its words, and what it calls.
import { type Exports, Size } from "./abi.js";
import { refuse } from "./checks.js";
import type { NativeCalls } from "./native-calls.js";
import type { Turns } from "./turns.js";

/** The C interface, and what else a program of its own exports. Before it is loaded whoever comes to it is told so. */
export let c: Exports & { _initialize?(): void } = new Proxy({} as any, {
  get() {
    throw new Error("anyloop: no module is loaded yet: use run(), or await getEventLoop() or load() first");
  },
});
export let turns: Turns;

let words = new Uint32Array(), bytes = new Uint8Array(), doubles = new Float64Array();
const encoder = new TextEncoder(), decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** What the core calls; set by those who know what to do then. None of them may throw. */
export const hooks = {} as {
  step(number: number, task: number, event: number, outcome: number, said: number): number;
  call(number: number): void;
  handBack(number: number): void;
  turn(loop: number): void;
  drop(object: number): void;
  unhandled(loop: number, message: string, error: number, task: string): void;
  slow(loop: number, task: number, ms: number): void;
  write(text: string): void;
  submit(pool: number, job: number): number;
  cancel(pool: number, job: number): void;
  /** Of a program of C, once it is loaded. */
  native?: NativeCalls;
};

// Memory grows, and then the views on it are void.
function look(): void {
  words = new Uint32Array(c.memory.buffer);
  bytes = new Uint8Array(c.memory.buffer);
  doubles = new Float64Array(c.memory.buffer);
}

export function heap(): Uint32Array {
  if (words.length === 0) look();
  return words;
}

export function heap8(): Uint8Array {
  if (bytes.length === 0) look();
  return bytes;
}

export function floats(): Float64Array {
  if (doubles.length === 0) look();
  return doubles;
}

/** 64-bit integers in memory, for one look. */
export function words64(pointer: number, count: number): BigUint64Array {
  return new BigUint64Array(c.memory.buffer, pointer, count);
}

/** Places in memory for one call of the core each; none of them outlives it. */
export const room = { value: 0, out: 0, options: 0, turn: 0, text: 0, pointers: 0 };
export const TEXT = 1024, POINTERS = 256;

export function text(pointer: number, size: number): string {
  return size === 0 ? "" : decoder.decode(heap8().subarray(pointer, pointer + size));
}

/** Of a text that ends in NUL; 0: "". */
export function textAt(pointer: number): string {
  return pointer === 0 ? "" : text(pointer, heap8().indexOf(0, pointer) - pointer);
}

/** Calls `use` with a copy of the text in memory, which ends in NUL. */
export function withText<T>(value: string, use: (pointer: number, size: number) => T): T {
  if (typeof value !== "string") refuse(value, "is no text");
  const most = 3 * value.length + 1, pointer = most <= TEXT ? room.text : need(c.malloc(most));
  try {
    const size = encoder.encodeInto(value, heap8().subarray(pointer, pointer + most)).written;
    heap8()[pointer + size] = 0;
    return use(pointer, size);
  } finally {
    if (pointer !== room.text) c.free(pointer);
  }
}

/** Calls `use` with the pointers as an array in memory. */
export function withPointers<T>(pointers: number[], use: (array: number) => T): T {
  const array = pointers.length <= POINTERS ? room.pointers : need(c.malloc(4 * pointers.length));
  try {
    heap().set(pointers, array >> 2);
    return use(array);
  } finally {
    if (array !== room.pointers) c.free(array);
  }
}

export function need(pointer: number): number {
  if (pointer === 0) throw new RangeError("anyloop: no memory");
  return pointer;
}

/** Takes an instance in, whose exports these are. */
export function adopt(exports: object, by: Turns): void {
  c = { ...exports } as unknown as Exports;
  turns = by;
  look();
  c._initialize?.();
  let at = need(c.malloc(512 + TEXT + 4 * POINTERS));
  const take = (size: number) => (at += size) - size;
  room.value = take(2 * Size.VALUE);
  room.out = take(16);
  room.options = take(Size.ERROR_OPTIONS); // the largest ones
  room.turn = take(Size.TURN);
  room.text = take(TEXT);
  room.pointers = take(4 * POINTERS);
}
