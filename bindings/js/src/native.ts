// native.ts -- a program's own C: its functions and its jobs, by name.
import { At, K, type ProgramExports, Size } from "./abi.js";
import { loopOf, type OnLoop } from "./current.js";
import { errorOf, given, must } from "./errors.js";
import { Future } from "./future.js";
import { c, heap8, need, withText } from "./module.js";
import { write } from "./value.js";
import type { Memory } from "./web.js";

/** What C reads: anything else is carried through it as it is. */
export type Native = undefined | boolean | number | bigint | string | Uint8Array | readonly Native[];

const program = () => c as ProgramExports;

function writeBytes(pointer: number, bytes: Uint8Array): void {
  const copy = need(c.malloc(bytes.length || 1));
  heap8().set(bytes, copy);
  const status = program().anyloop_value_bytes(0, copy, bytes.length, pointer);
  c.free(copy);
  must(status);
}

function writeList(pointer: number, items: readonly unknown[]): void {
  const list = need(c.malloc(Size.VALUE * items.length || 1));
  let made = 0;
  try {
    for (; made < items.length; made++) writeNative(list + Size.VALUE * made, items[made]);
  } catch (error) {
    while (made > 0) c.anyloop_value_release(list + Size.VALUE * --made);
    c.free(list);
    throw error;
  }
  const status = program().anyloop_value_list(0, list, items.length, pointer);
  c.free(list);
  must(status);
}

function writeNative(pointer: number, value: unknown): void {
  if (value instanceof Uint8Array) writeBytes(pointer, value);
  else if (Array.isArray(value)) writeList(pointer, value);
  else if (typeof value === "bigint") writeInteger(pointer, value);
  else write(value, pointer);
}

function writeInteger(pointer: number, value: bigint): void {
  if (BigInt.asIntN(64, value) !== value) throw new RangeError(`${value} is not an integer of 64 bits`);
  const view = new DataView(c.memory.buffer);
  heap8().fill(0, pointer, pointer + Size.VALUE);
  view.setUint32(pointer, K.INT, true);
  view.setBigInt64(pointer + 4 * At.VALUE_BITS, value, true);
}

// Calls `use` with the value in memory of its own: what it calls may call JavaScript, and so come here again.
function withValue<T>(value: unknown, use: (pointer: number) => T): T {
  const pointer = need(c.malloc(Size.VALUE));
  try {
    writeNative(pointer, value);
    return use(pointer);
  } finally {
    c.free(pointer);
  }
}

/**
 * A function that the loaded program exports, `anyloop_future *name(anyloop_loop *loop, const anyloop_value *in)`: it gives
 * a future, which may be a task or coroutine, and borrows the value until it returns.
 */
export function native<T = unknown>(name: string): (value?: Native, options?: OnLoop) => Future<T> {
  return (value, options) => {
    const loop = loopOf(options), call = (c as unknown as Record<string, unknown>)[name];
    if (typeof call !== "function") {
      throw new TypeError(`the module exports no function ${name}: mark it by ANYLOOP_EXPORT, and load() it`);
    }
    return new Future<T>(loop, withValue(value, (pointer) => {
      try {
        const future = call(loop.pointer, pointer) as number;
        if (!future) throw new TypeError(`${name} gave NULL, and is to give a future`);
        return given(future);
      } finally {
        c.anyloop_value_release(pointer);
      }
    }));
  };
}

/** A job of the loaded program's table, ANYLOOP_JOBS: it runs in a worker, which has its own copy of the program. */
export function nativeJob<T = unknown>(name: string): (value?: Native, options?: OnLoop) => Future<T> {
  return (value, options) => {
    const loop = loopOf(options), run = program().guest_run_job as ProgramExports["guest_run_job"] | undefined;
    if (!run) {
      throw new TypeError(`the module has no jobs: list ${name} by ANYLOOP_JOBS, build it by anyloop-cc, and load() it`);
    }
    return new Future<T>(loop, withValue(value, (pointer) => withText(name, (start) => {
      const future = run(loop.pointer, start, pointer);
      if (c.anyloop_future_error_code(future) === K.E_NOT_FOUND && c.anyloop_future_loop(future) === 0) {
        throw errorOf(K.E_NOT_FOUND, `the program has no job ${name}`);
      }
      return given(future);
    })));
  };
}

/**
 * What the loaded program exports: its functions take and give numbers, its memory is `memory`.
 * @typeParam T  the functions that it has.
 */
export function nativeExports<T = Record<string, (...parameters: number[]) => number>>(): T & { memory: Memory } {
  return c as unknown as T & { memory: Memory };
}
