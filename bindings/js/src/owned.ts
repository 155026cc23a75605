/// <reference lib="esnext.disposable" preserve="true" />
// owned.ts -- what the core has made for an object of ours, and letting go of it: by `close`, at the latest when the object
// is collected.
import { K } from "./abi.js";
import { errorOf } from "./errors.js";

type Drop = (pointer: number) => void;

/** What an object has, which outlives it until its collection was told. */
export interface Held {
  pointer: number;
  drop: Drop;
}

const collected = new FinalizationRegistry<Held>(letGo);

export function letGo(held: Held): void {
  if (held.pointer !== 0) held.drop(held.pointer);
  held.pointer = 0;
}

// Most objects are closed soon, and to register one for collection costs as much as a whole await: so each waits here for
// a while, unless it is closed, and only those that are still open then are registered.
const young: Owned[] = [], MOST = 16384, WHILE = 100; // ms
let timer: unknown;

function settle(): void {
  for (const object of young) {
    object.place = -1;
    object.register();
  }
  young.length = 0;
}

function timeUp(): void {
  timer = undefined;
  settle();
}

function enter(object: Owned): void {
  if (object.place >= 0) return;
  if (young.length === MOST) settle(); // without this one, which may be half made
  object.place = young.push(object) - 1;
  if (timer === undefined) {
    timer = setTimeout(timeUp, WHILE);
    (timer as { unref?(): void }).unref?.(); // Node need not wait for it
  }
}

function leave(object: Owned): void {
  const { place } = object, last = young.pop()!;
  object.place = -1;
  if (last === object) return;
  young[place] = last;
  last.place = place;
}

export abstract class Owned {
  /** @internal The core's, 0 once it is closed. */
  pointer: number;
  /** @internal Among the young ones, -1: none. */
  place = -1;
  private held: Held | undefined;

  /** @internal */
  constructor(pointer: number, private drop: Drop) {
    this.pointer = pointer;
    enter(this);
  }

  /** @internal The core's, as long as there is one. */
  get open(): number {
    if (this.pointer === 0) throw errorOf(K.E_STATE, `this ${this.constructor.name} is closed`);
    return this.pointer;
  }

  /** @internal */
  register(): Held | undefined {
    if (this.pointer === 0 || this.held) return this.held;
    this.held = { pointer: this.pointer, drop: this.drop };
    collected.register(this, this.held);
    return this.held;
  }

  /** Lets go of it now rather than when it is collected. */
  close(): void {
    const pointer = this.giveAway();
    if (pointer !== 0) this.drop(pointer);
  }

  /** `close`, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** For people. */
  toString(): string {
    return `<${this.constructor.name}>`;
  }

  /** What Node's console shows: the same. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  /** @internal The core's, with the reference to it. */
  giveAway(): number {
    const pointer = this.pointer;
    if (this.place >= 0) leave(this);
    this.pointer = 0;
    if (this.held) this.held.pointer = 0;
    this.held = undefined;
    return pointer;
  }

  /** @internal What it had was given away, and this is in its place. */
  protected replace(pointer: number): void {
    this.pointer = pointer;
    enter(this);
  }
}
