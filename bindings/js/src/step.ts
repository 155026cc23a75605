// step.ts -- the core calls: a coroutine's step, a callback.
import { K } from "./abi.js";
import { errorOf, must } from "./errors.js";
import { own, Task } from "./future.js";
import { called, type Coroutine, handBack, lend, runningAs, tasks, whatIsLent } from "./lent.js";
import type { Loop } from "./loop.js";
import { c, hooks } from "./module.js";
import { present } from "./present.js";
import { read, readError, write, writeError } from "./value.js";

/** The object of a task of the core; another one when that was let go of. */
export function taskAt(loop: Loop, pointer: number): Task {
  let task = tasks.get(pointer);
  if (!task?.pointer) {
    const forget = () => void tasks.delete(pointer);
    tasks.set(pointer, (task = new Task(loop, c.anyloop_future_retain(pointer))));
    must(c.guest_add_done_callback(pointer, lend(forget, loop.pointer, forget)));
  }
  return task;
}

// To look at the clock costs as much as a step: so after short ones it is looked at ever more seldom.
const SELDOM = 32, SHORT = 0.1; // steps, ms
let stretch = 1, left = 1, looked = 0;

/** @internal Steps begin, at this instant of the host's. */
export function look(now: number): void {
  stretch = left = 1;
  looked = now;
}

// A turn that has taken its time ends here, and goes on where it was.
function begin(): void {
  if (--left >= 0) return;
  const now = performance.now();
  stretch = now - looked > SHORT ? 1 : Math.min(2 * stretch, SELDOM);
  left = stretch - 1;
  looked = now;
  if (now > present.until) c.anyloop_loop_interrupt(present.loop!.pointer, K.E_AGAIN);
}

hooks.step = (number, task, event, outcome, said) => {
  const coroutine = whatIsLent(number) as Coroutine;
  let answer: number;
  begin();
  try {
    answer = event === K.EVENT_CLOSE ? end(coroutine) : advance(coroutine, task, event, outcome, said);
  } catch (error) {
    c.anyloop_task_raise_error(task, writeError(error));
    answer = K.STEP_RAISE;
    runningAs(number)?.raised(error);
  }
  if (answer < K.STEP_AWAIT) {
    if (present.loop?.hearsSlow) present.ended = runningAs(number);
    handBack(number);
  }
  return answer;
};

function advance(coroutine: Coroutine, task: number, event: number, outcome: number, said: number): number {
  let next = event === K.EVENT_START ? coroutine.next() :
    outcome === K.RESULT ? coroutine.next(read(said)) : coroutine.throw(readError(said));
  while (!next.done) {
    if (next.value === undefined) return K.STEP_YIELD;
    try {
      return own(present.loop!, next.value, task);
    } catch (error) {
      next = coroutine.throw(error);
    }
  }
  if (next.value !== undefined) c.anyloop_task_return(task, write(next.value));
  return K.STEP_RETURN;
}

// The loop closes and awaits are refused: the first hears of it, and there is no second.
function end(coroutine: Coroutine): number {
  if (!coroutine.return(undefined).done && !coroutine.throw(errorOf(K.E_CLOSED)).done) {
    throw errorOf(K.E_CLOSED, "a coroutine awaited again while its loop closed");
  }
  return K.STEP_RETURN;
}

hooks.call = (number) => {
  begin();
  try {
    called(number)();
  } catch (error) {
    present.loop?.unhandled("a callback failed", error);
  }
};
hooks.handBack = handBack;
