// current.ts -- the loop of this thread, and the one that runs.
import { K } from "./abi.js";
import { instance, plain } from "./checks.js";
import { errorOf } from "./errors.js";
import { load } from "./load.js";
import { Loop, type LoopOptions, runningLoops } from "./loop.js";
import { present } from "./step.js";

let current: Loop | undefined;
/** @internal Those of runners that are not closed. */
export const runners: Loop[] = [];

/** @internal If there is one. */
export function knownLoop(): Loop | undefined {
  if (present.loop) return present.loop;
  const [one, other] = runningLoops();
  if (!other) return one ?? runners.at(-1) ?? current;
  throw errorOf(K.E_STATE, "two runs go on at once, and this may be of either: say which by { loop }");
}

/** Which loop it is for. */
export interface OnLoop {
  /** By default the loop that runs. */
  loop?: Loop;
}

/** @internal `more`: names of options beside the loop. */
export function loopOf(options?: OnLoop, more = ""): Loop {
  const loop = options && plain(options, `loop ${more}`).loop;
  return loop ? instance(loop, Loop) : getRunningLoop();
}

/** A loop of its own, beside the one of `getEventLoop`. */
export async function newEventLoop(options?: LoopOptions): Promise<Loop> {
  await load();
  return new Loop(options);
}

/**
 * The loop that runs, else the last runner's, else this thread's: the same one each time, made by the first call. Throws as
 * `getRunningLoop` does.
 */
export async function getEventLoop(): Promise<Loop> {
  await load();
  return knownLoop() ?? (current = new Loop());
}

/**
 * Makes it what `getEventLoop` gives outside of runs; undefined: the next call makes a new one. Returns what that was
 * before.
 */
export function setEventLoop(loop: Loop | undefined): Loop | undefined {
  const before = current;
  current = loop && instance(loop, Loop);
  return before;
}

/**
 * The loop that runs, else the one of `getEventLoop` if there is one. ANYLOOP_E_STATE: there is none; or two runs go on at
 * once and this is not in a turn of either. (An async function is so from its first await on, and a coroutine never.)
 */
export function getRunningLoop(): Loop {
  const loop = knownLoop();
  if (!loop) throw errorOf(K.E_STATE, "there is no loop yet: await getEventLoop() first, or use run()");
  return loop;
}
