// current.ts -- the loop of this thread.
import { instance } from "./checks.js";
import { load } from "./load.js";
import { Loop, type LoopOptions } from "./loop.js";
import { knownLoop, present } from "./present.js";

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
  return knownLoop() ?? (present.chosen = new Loop());
}

/**
 * Makes it what `getEventLoop` gives outside of runs; undefined: the next call makes a new one. Returns what that was
 * before.
 */
export function setEventLoop(loop: Loop | undefined): Loop | undefined {
  const before = present.chosen;
  present.chosen = loop === undefined ? loop : instance(loop, Loop);
  return before;
}
