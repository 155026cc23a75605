// current.ts -- the loop of this thread, and the one that runs.
import { K } from "./abi.js";
import { errorOf } from "./errors.js";
import { load } from "./load.js";
import { Loop, type LoopOptions } from "./loop.js";
import { present } from "./step.js";

let current: Loop | undefined;

/** A loop of its own, beside the one of `getEventLoop`. */
export async function newEventLoop(options?: LoopOptions): Promise<Loop> {
  await load();
  return new Loop(options);
}

/** The loop that runs, else this thread's: the same one every time, made by the first call. */
export async function getEventLoop(): Promise<Loop> {
  await load();
  return present.loop ?? (current ??= new Loop());
}

/** Makes it what `getEventLoop` gives; undefined: the next call makes a new one. */
export function setEventLoop(loop: Loop | undefined): void {
  current = loop;
}

/** The loop that runs, else the one of `getEventLoop` if there is one. */
export function getRunningLoop(): Loop {
  const loop = present.loop ?? current;
  if (!loop) throw errorOf(K.E_STATE, "there is no loop yet: await getEventLoop() first, or use run()");
  return loop;
}
