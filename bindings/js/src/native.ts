// native.ts -- a program's own C: its functions and its jobs, by name.
import { K, type ProgramExports, Size } from "./abi.js";
import { loopOf, type OnLoop } from "./current.js";
import { errorOf, given } from "./errors.js";
import { Future } from "./future.js";
import { c, hooks, need, withText } from "./module.js";
import type { Memory } from "./web.js";

/** What C reads: anything else is carried through it as it is. */
export type Native = undefined | boolean | number | bigint | string | Uint8Array | readonly Native[];

const program = () => c as ProgramExports;

// Calls `use` with the value in memory of its own: what it calls may call JavaScript, and so come here again.
function withValue<T>(value: unknown, use: (pointer: number) => T): T {
  const pointer = need(c.malloc(Size.VALUE));
  try {
    hooks.writeNative(pointer, value);
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
