// present.ts -- which loop something is for: the one that turns, else that runs, else this thread's.
import { K } from "./abi.js";
import { plain, refuse } from "./checks.js";
import { errorOf } from "./errors.js";
import type { Task } from "./future.js";
import type { Loop } from "./loop.js";

/**
 * The loop that turns, and until when. `ended`: the task whose step was its last one, where slow ones are told. `chosen`:
 * what `setEventLoop` or `getEventLoop` made this thread's.
 */
export const present: {
  loop: Loop | undefined; until: number; ended: Task | undefined; chosen: Loop | undefined;
} = { loop: undefined, until: Infinity, ended: undefined, chosen: undefined };

/** Calls `use` as what that loop runs. */
export function within<T>(loop: Loop, use: () => T): T {
  const outer = present.loop;
  present.loop = loop;
  try {
    return use();
  } finally {
    present.loop = outer;
  }
}

/** @internal Loops: those of runners that are not closed, those that have runs, and all. */
export const runners: Loop[] = [], running = new Set<Loop>(), known = new WeakSet<Loop>();

/** @internal If there is one. */
export function knownLoop(): Loop | undefined {
  if (present.loop) return present.loop;
  const [one, other] = running;
  if (!other) return one ?? runners.at(-1) ?? present.chosen;
  throw errorOf(K.E_STATE, "two runs go on at once: say by { loop } which it is for");
}

/** Which loop it is for. */
export interface OnLoop {
  /** By default the loop that runs. */
  loop?: Loop | undefined;
}

/** @internal `more`: names of options beside the loop. */
export function loopOf(options?: OnLoop, more = ""): Loop {
  const loop = options === undefined ? options : plain(options, `loop ${more}`).loop;
  if (loop === undefined) return getRunningLoop();
  if (!known.has(loop)) refuse(loop, "is no Loop");
  return loop;
}

/**
 * The loop that runs, else the one of `getEventLoop` if there is one. ANYLOOP_E_STATE: there is none; or two runs go on at
 * once and this is not in a turn of either. (An async function is so from its first await on, and a coroutine never.)
 */
export function getRunningLoop(): Loop {
  const loop = knownLoop();
  if (!loop) throw errorOf(K.E_STATE, "there is no loop: await getEventLoop() first, or use run()");
  return loop;
}
