// virtual.mjs -- loops whose time costs none, and that are turned right here.
import assert from "node:assert/strict";
import { load, Loop, stallReport } from "anyloop";

await load();

export function newVirtualLoop(options) {
  return new Loop({ virtualClock: true, hosted: false, ...options });
}

/** Turns the loop until `over()`, or else until it has nothing to do any more; says which. */
export function spin(loop, over = () => false) {
  for (;;) {
    const { deadline, stopped } = loop.turn();
    if (over()) return true;
    if (stopped || deadline === Infinity) return false;
    if (deadline > loop.time()) loop.wait(deadline);
  }
}

/** What the awaitable gives or throws. */
export function complete(loop, awaitable) {
  const future = loop.ensureFuture(awaitable);
  spin(loop, () => future.done());
  assert.ok(future.done(), `it is not done and nothing goes on\n${stallReport({ loop })}`);
  return future.result();
}

/** Runs `body` as a task of a new loop, which it is given, and closes that. */
export function inLoop(body) {
  const loop = newVirtualLoop();
  try {
    return complete(loop, body(loop));
  } finally {
    loop.close();
  }
}

/** Lets promises go on and everything of the host have a turn. */
export const macrotask = () => new Promise((resolve) => setImmediate(resolve));

/** What a function throws. */
export function thrown(call) {
  try {
    call();
  } catch (error) {
    return error;
  }
  return assert.fail("it threw nothing");
}
