// context.ts -- variables that each task has a value of its own for.
import { K } from "./abi.js";
import { plain } from "./checks.js";
import { made, must } from "./errors.js";
import { c, room, withText } from "./module.js";
import { Owned } from "./owned.js";
import { knownLoop, loopOf, type OnLoop } from "./present.js";
import { read, write } from "./value.js";

/** A variable with a value in each context, and so for each task. */
export class ContextVar<T = unknown> extends Owned {
  readonly #options: { default?: T };

  /**
   * A variable; it may be made before the module is loaded. Without a default it may be undefined, and its type is to say
   * so.
   * @param name  for people: two of the same name are two.
   */
  constructor(name: string, ...options: undefined extends T ? [options?: { default?: T }] : [options: { default: T }]);
  /** @param name  For people. */
  constructor(readonly name: string, options: { default?: T } = {}) {
    super(0, (pointer) => c.anyloop_contextvar_release(pointer));
    this.#options = options;
    plain(options, "default");
  }

  /** @internal The core's is made when it is needed: a variable is often made before the module is loaded. */
  override get open(): number {
    if (this.pointer === 0) {
      this.replace(withText(this.name, (start) => made(c.anyloop_contextvar_new(start, room.out))));
    }
    return this.pointer;
  }

  /** Its value in the current context, else the default; undefined without one. Without a loop, too. */
  get(options?: OnLoop): T {
    const loop = options ? loopOf(options) : knownLoop();
    return this.outcome(loop ? c.anyloop_contextvar_get(loop.pointer, this.open, room.value) : K.E_NOT_FOUND);
  }

  /** @internal */
  outcome(status: number): T {
    if (status === K.E_NOT_FOUND) return this.#options.default as T;
    must(status);
    const value = read(room.value) as T;
    c.anyloop_value_release(room.value);
    return value;
  }

  /** Sets it in the current context: the running task's or callback's, else the loop's own. */
  set(value: T, options?: OnLoop): void {
    must(c.anyloop_contextvar_set(loopOf(options).pointer, this.open, write(value)));
  }
}

/** What the variables were when it was copied. Tasks and callbacks run in a copy of their maker's by themselves. */
export class Context extends Owned {
  /** The variable's value in it, else its default; undefined without one. */
  get<T>(variable: ContextVar<T>): T {
    return variable.outcome(c.anyloop_context_get(this.open, variable.open, room.value));
  }
}

/** Copies the current context. */
export function copyContext(options?: OnLoop): Context {
  return new Context(made(c.anyloop_context_copy(loopOf(options).pointer, room.out)), c.anyloop_context_release);
}
