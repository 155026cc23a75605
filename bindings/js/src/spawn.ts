// spawn.ts -- what a task is made of, and signals of the web to and from it.
import { K } from "./abi.js";
import { Future, isCoroutine, promised, type Coroutine } from "./future.js";
import { loopOf, type OnLoop } from "./current.js";
import { errorOf, must } from "./errors.js";
import { lend } from "./lent.js";
import type { Loop } from "./loop.js";
import { c } from "./module.js";
import { within } from "./step.js";
import { said, shown } from "./words.js";

/** A coroutine, a promise, or a function that gives one; a function with a parameter gets a signal. */
export type Main<T = unknown> = Coroutine<T> | PromiseLike<T> | ((signal: AbortSignal) => Coroutine<T> | PromiseLike<T>);

export function coroutineOf<T>(loop: Loop, main: Main<T>): Coroutine<T> {
  if (isCoroutine(main)) return main as Coroutine<T>;
  if (typeof main !== "function") return awaiting(main);
  if (main.length > 0) return signalled(main);
  const made = within(loop, main as () => Coroutine<T> | PromiseLike<T>);
  return isCoroutine(made) ? (made as Coroutine<T>) : awaiting(made as PromiseLike<T>);
}

// A promise runs in the promises' own order.
function awaiting<T>(promise: PromiseLike<T>): Coroutine<T> {
  if (typeof promise?.then !== "function") {
    throw new TypeError(`${shown(promise)} cannot be run: it is no coroutine or promise, nor a function that gives one`);
  }
  const once = promise instanceof Future ? promise : Promise.resolve(promise); // a thenable may begin anew each time
  once.then(undefined, () => {}); // what is rejected before the first step is not unhandled
  return waiting(once);
}

/** @internal */
export function* waiting<T>(promise: PromiseLike<T>): Coroutine<T> {
  return (yield promise) as T;
}

function* signalled<T>(main: (signal: AbortSignal) => Coroutine<T> | PromiseLike<T>): Coroutine<T> {
  const controller = new AbortController();
  let over = false;
  try {
    const result = (yield main(controller.signal)) as T;
    over = true;
    return result;
  } catch (error) {
    controller.abort(error);
    throw error;
  } finally { // once more is nothing
    if (!over) controller.abort(errorOf(K.E_CLOSED));
  }
}

/** The future is cancelled when the signal aborts. */
export function follow(future: Future<any>, signal: AbortSignal): void {
  const { loop } = future, own = new Future(loop, c.anyloop_future_retain(future.open)); // that one may be closed
  const abort = () => void (loop.isClosed() || own.cancel(said(signal.reason))), over = () => {
    signal.removeEventListener("abort", abort);
    own.close();
  };
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort);
  must(c.guest_add_done_callback(own.pointer, lend(over, loop.pointer, over)));
}

/**
 * What `start` promises, as a future. Its cancellation aborts the signal that `start` was given:
 * `yield* abortable((signal) => fetch(url, { signal }))`.
 */
export function abortable<T>(start: (signal: AbortSignal) => PromiseLike<T>, options?: OnLoop): Future<T> {
  const loop = loopOf(options), controller = new AbortController();
  const future = new Future<T>(loop, promised(loop, start(controller.signal)));
  const ended = () => {
    if (future.cancelled()) controller.abort(future.exception());
  };
  must(c.guest_add_done_callback(future.open, lend(ended, loop.pointer, () => controller.abort(errorOf(K.E_CLOSED)))));
  return future;
}
