// spawn.ts -- what a task is made of, and signals of the web to and from it.
import { K } from "./abi.js";
import { type Awaitable, type Coroutine, Future, isCoroutine } from "./future.js";
import { callable, refuse } from "./checks.js";
import { errorOf, must } from "./errors.js";
import { lend } from "./lent.js";
import { c } from "./module.js";
import { loopOf, type OnLoop } from "./present.js";

/** A coroutine, a promise, or a function that gives one; a function with a parameter gets a signal. */
export type Main<T = unknown> = Coroutine<T> | PromiseLike<T> | ((signal: AbortSignal) => Coroutine<T> | PromiseLike<T>);

const Generators = Object.getPrototypeOf(function* () {});

/** A function is called in the task's first step, and so in its context; of generators' nobody could tell. */
export function coroutineOf<T>(main: Main<T>): Coroutine<T> {
  if (isCoroutine(main)) return main as Coroutine<T>;
  if (typeof main !== "function") return awaiting(main);
  if (main.length > 0) return signalled(main);
  const call = main as () => Coroutine<T> | PromiseLike<T>;
  if (Object.getPrototypeOf(main) === Generators) return call() as Coroutine<T>;
  return calling(() => call() ?? (null as any)); // undefined, of a function that forgot to return it, is refused as null is
}

/** What is run in something: it is called when this begins, and need not await anything. */
export function* calling<T, In>(body: (within: In) => Awaitable<T> | void, within?: In): Coroutine<T> {
  const made = body(within as In);
  return (made === undefined ? undefined : yield made) as T;
}

// A promise runs in the promises' own order.
function awaiting<T>(promise: PromiseLike<T>): Coroutine<T> {
  if (typeof promise?.then !== "function") {
    refuse(promise, "is no coroutine or promise, nor a function that gives one");
  }
  if (promise instanceof Future) return waiting(promise);
  const once = Promise.resolve(promise); // a thenable may begin anew each time
  once.catch(() => {}); // what is rejected before the first step is not unhandled
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
    const result = (yield main(controller.signal) ?? null) as T; // as above
    over = true;
    return result;
  } catch (error) {
    controller.abort(error);
    throw error;
  } finally { // once more is nothing
    if (!over) controller.abort(errorOf(K.E_CLOSED));
  }
}

const followers = new WeakMap<AbortSignal, Set<() => void>>();

function abortAll(this: Set<() => void>): void {
  for (const abort of this) abort();
}

/** The future is cancelled when the signal aborts. */
export function follow(future: Future<any>, signal: AbortSignal): void {
  const { loop } = future, own = new Future(loop, c.anyloop_future_retain(future.open)); // that one may be closed
  const abort = () => void (loop.isClosed() || own.cancel(signal.reason)), over = () => {
    all.delete(abort);
    own.close();
  };
  let all = followers.get(signal)!;
  if (!all) { // one listener for each: Node takes more than ten for a leak; and none that keeps what is around it here
    followers.set(signal, (all = new Set()));
    signal.addEventListener("abort", abortAll.bind(all));
  }
  all.add(abort);
  if (signal.aborted) abort();
  must(c.guest_add_done_callback(own.pointer, lend(over, loop.pointer, over)));
}

/**
 * What `start` promises, as a future. Its cancellation aborts the signal that `start` was given:
 * `yield* abortable((signal) => fetch(url, { signal }))`.
 */
export function abortable<T>(start: (signal: AbortSignal) => PromiseLike<T>, options?: OnLoop): Future<T> {
  const loop = loopOf(options), controller = new AbortController();
  const future = loop.ensureFuture(callable(start)(controller.signal));
  const ended = () => {
    if (future.cancelled()) controller.abort(future.exception());
  };
  must(c.guest_add_done_callback(future.borrow(), lend(ended, loop.pointer, () => controller.abort(errorOf(K.E_CLOSED)))));
  return future;
}
