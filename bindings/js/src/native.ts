// native.ts -- a program's own C: its functions and its jobs, by name.
import { abortSignal } from "./checks.js";
import { Future } from "./future.js";
import { c, hooks } from "./module.js";
import type { Foreign, NativeCalls } from "./native-calls.js";
import { loopOf, type OnLoop } from "./present.js";
import { follow } from "./spawn.js";
import type { Memory } from "./web.js";

/** What C reads: anything else is carried through it as it is. */
export type Native = undefined | boolean | number | bigint | string | Uint8Array | Foreign | readonly Native[];

/** How C is called. */
export interface NativeOptions extends OnLoop {
  /** Cancels what it gives when it is aborted. */
  signal?: AbortSignal | undefined;
}

function future<T>(options: NativeOptions | undefined, make: (calls: NativeCalls, loop: number) => number): Future<T> {
  const loop = loopOf(options, "signal"), signal = abortSignal(options?.signal), { native } = hooks;
  if (!native) throw new TypeError("no program of C is loaded: load() it first");
  const made = new Future<T>(loop, make(native, loop.pointer));
  if (signal) follow(made, signal);
  return made;
}

/**
 * A function that the loaded program exports, `anyloop_future *name(anyloop_loop *loop, const anyloop_value *in)`: it gives
 * a future, which may be a task or coroutine, and borrows the value until it returns.
 */
export function native<T = unknown>(name: string): (value?: Native, options?: NativeOptions) => Future<T> {
  return (value, options) => future(options, (calls, loop) => calls.call(loop, name, value));
}

/** A job of the loaded program's table, ANYLOOP_JOBS: it runs in a worker, which has its own copy of the program. */
export function nativeJob<T = unknown>(name: string): (value?: Native, options?: NativeOptions) => Future<T> {
  return (value, options) => future(options, (calls, loop) => calls.runJob(loop, name, value));
}

/**
 * What the loaded program exports: its functions take and give numbers, its memory is `memory`.
 * @typeParam T  the functions that it has.
 */
export function nativeExports<T = Record<string, (...parameters: number[]) => number>>(): T & { memory: Memory } {
  return c as unknown as T & { memory: Memory };
}
