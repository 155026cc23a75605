// lent.ts -- generators and callbacks that the core has, each by its number.
//
// It hands each back once for every time that it was lent.
import { K } from "./abi.js";
import { errorOf } from "./errors.js";
import type { Task } from "./future.js";

/** A generator that the loop steps: what it yields is awaited, and a bare `yield` waits for the next turn. */
export type Coroutine<T = unknown> = Generator<unknown, T, any>;
export type Callback = () => void;

interface Lent {
  what: Coroutine | Callback | undefined;
  loop: number; // the core's
  count: number;
  task: number; // the core's, of a generator that a task was made of; else 0
  orphaned: Callback | undefined;
}

const lent: Lent[] = [{ what: undefined, loop: 0, count: 1, task: 0, orphaned: undefined }], spare: number[] = [];

/** Tasks that are not done, by the core's pointer: while one runs its object is the same one. */
export const tasks = new Map<number, Task>();

/** `orphaned` is called instead when the loop is closed, or what it waits for let go of, before. */
export function lend(what: Coroutine | Callback, loop: number, orphaned?: Callback): number {
  const number = spare.pop();
  if (number === undefined) return lent.push({ what, loop, count: 1, task: 0, orphaned }) - 1;
  const entry = lent[number]!;
  entry.what = what;
  entry.loop = loop;
  entry.count = 1;
  entry.orphaned = orphaned;
  return number;
}

const BEGUN = Symbol("anyloop: begun");

/** A generator has one course: whoever has it a second time would resume the first one's. */
export function lendCoroutine(coroutine: Coroutine & { [BEGUN]?: true }, loop: number): number {
  if (coroutine[BEGUN]) throw errorOf(K.E_STATE, "a coroutine is awaited, or made a task, once");
  coroutine[BEGUN] = true;
  return lend(coroutine, loop);
}

/** The same under its number once more, if the core still has it. */
export function lendAgain(what: Callback, loop: number, number: number): number {
  const entry = lent[number]!;
  if (entry.what !== what) return lend(what, loop);
  entry.count++;
  return number;
}

/** The generator with that number runs as this task, which is not done. */
export function runsAs(number: number, task: Task): void {
  lent[number]!.task = task.pointer;
  tasks.set(task.pointer, task);
}

/** The task that was made of it. */
export function runningAs(number: number): Task | undefined {
  return tasks.get(lent[number]!.task);
}

export function whatIsLent(number: number): Coroutine | Callback | undefined {
  return lent[number]!.what;
}

/** The callback with that number, which is called now. */
export function called(number: number): Callback {
  const entry = lent[number]!;
  entry.orphaned = undefined;
  return entry.what as Callback;
}

export function handBack(number: number): void {
  const entry = lent[number]!;
  if (--entry.count > 0) return;
  const { orphaned } = entry;
  entry.what = entry.orphaned = undefined;
  if (entry.task !== 0) tasks.delete(entry.task);
  entry.task = 0;
  spare.push(number);
  orphaned?.();
}

/**
 * The loop is closed and calls none of them any more, but futures that outlive it still have their callbacks. These would
 * keep the futures, and the futures them: so they are forgotten here, and only their numbers are still to come back.
 */
export function orphan(loop: number): void {
  for (const entry of spare.length + 1 < lent.length ? lent : []) {
    if (entry.loop !== loop || entry.what === undefined) continue;
    const { orphaned } = entry;
    entry.what = entry.orphaned = undefined;
    orphaned?.();
  }
}

/** How many the core has. */
export function countLent(): number {
  return lent.length - 1 - spare.length;
}
