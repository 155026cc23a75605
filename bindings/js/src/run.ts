/// <reference lib="esnext.disposable" preserve="true" />
// run.ts -- a program from its first task to its cleanup.
import { plain } from "./checks.js";
import { gather } from "./compose.js";
import { newEventLoop } from "./current.js";
import { type Loop, type LoopOptions, OF_LOOP, OF_TASK, type TaskOptions } from "./loop.js";
import { runners } from "./present.js";
import type { Main } from "./spawn.js";

const PATIENCE = 300_000; // ms for jobs that still run, as asyncio has it

/** What a runner's loop is like. */
export type RunnerOptions = Omit<LoopOptions, "hosted">;

/** Runs programs on a loop of its own, one after the other, and cleans up at its close. */
export class Runner {
  #loop: Promise<Loop> | undefined;
  #closing: Promise<void> | undefined;

  readonly #options: RunnerOptions;

  /** Its loop is made by the first `run` or `getLoop`. */
  constructor(options: RunnerOptions = {}) {
    this.#options = plain(options, OF_LOOP);
  }

  /** Its loop, which is then what `getEventLoop` gives. */
  getLoop(): Promise<Loop> {
    return (this.#loop ??= newEventLoop(this.#options).then((loop) => {
      runners.push(loop);
      return loop;
    }));
  }

  /** Runs a program to its end and gives its result. Tasks that are left go on; `close` cancels them. */
  async run<T>(main: Main<T>, options?: TaskOptions): Promise<T> {
    const loop = await this.getLoop();
    return loop.runUntilComplete(loop.createTask(main, options));
  }

  /** Cancels what is left, waits for it, and closes the loop. */
  async close(): Promise<void> {
    const loop = await this.#loop;
    if (loop) await (this.#closing ??= this.#end(loop));
  }

  async #end(loop: Loop): Promise<void> {
    try {
      if (!loop.isClosed()) await this.#cleanUp(loop);
    } finally {
      runners.splice(runners.indexOf(loop), 1);
      await loop.close();
    }
  }

  async #cleanUp(loop: Loop): Promise<void> {
    const tasks = loop.allTasks();
    for (const task of tasks) task.cancel("the run is over");
    if (tasks.length > 0) await loop.runUntilComplete(gather(tasks, { loop, returnExceptions: true }));
    for (const task of tasks) {
      const error = task.cancelled() ? undefined : task.exception();
      if (error !== undefined) loop.unhandled("unhandled exception during the shutdown of run", error, task.name);
    }
    await loop.runUntilComplete(loop.shutdownDefaultExecutor(PATIENCE));
  }

  /** `close`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** Runs a program: its first task, then the cleanup, as asyncio.run does. */
export async function run<T>(main: Main<T>, options: RunnerOptions & TaskOptions = {}): Promise<T> {
  const { name, eagerStart, signal, context, ...ofLoop } = plain(options, `${OF_TASK} ${OF_LOOP}`);
  const runner = new Runner(ofLoop);
  let result: T;
  try {
    result = await runner.run(main, { name, eagerStart, signal, context });
  } catch (error) {
    await runner.close().catch(() => {}); // the first error is the one that says why
    throw error;
  }
  await runner.close();
  return result;
}
