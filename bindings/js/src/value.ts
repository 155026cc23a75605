// value.ts -- JavaScript's values as the core carries them, and back.
//
// undefined, booleans, numbers and strings are the core's own kinds, which C reads as well. Everything else is carried as
// it is: a place in a table here, and the same object comes out.
import { At, K, Size } from "./abi.js";
import { AnyloopError, errorOf, ExceptionGroup, must } from "./errors.js";
import { c, heap, heap8, hooks, room, text, withText } from "./module.js";
import { said } from "./words.js";

const objects: unknown[] = [], free: number[] = [];
const OURS = 1 << 31; // no pointer of C's has this bit: memory ends there
const number = new DataView(new ArrayBuffer(8));

hooks.drop = (object) => {
  objects[object & ~OURS] = undefined;
  free.push(object & ~OURS);
};

/** Objects that the core holds. */
export function countKept(): number {
  return objects.length - free.length;
}

function bits(at: number, kind: number, low: number, high: number): void {
  const words = heap();
  words[at] = kind;
  words[at + At.VALUE_FLAGS] = 0;
  words[at + At.VALUE_BITS] = low;
  words[at + At.VALUE_BITS + 1] = high;
  words[at + At.VALUE_SIZE] = words[at + At.VALUE_SIZE + 1] = 0;
  words[at + At.VALUE_OWNER] = words[at + At.VALUE_OWNER + 1] = 0;
}

/**
 * Writes the value, and gives where: as the last argument of the call that takes it, since nothing else lets go of it, and
 * what is thrown in between would keep it for ever.
 */
export function write(value: unknown, pointer = room.value): number {
  const at = pointer >> 2;
  switch (typeof value) {
    case "undefined":
      bits(at, K.NONE, 0, 0);
      break;
    case "boolean":
      bits(at, K.BOOL, value ? 1 : 0, 0);
      break;
    case "number":
      if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
        bits(at, K.INT, value >>> 0, Math.floor(value / 2 ** 32) >>> 0);
      } else {
        number.setFloat64(0, value, true);
        bits(at, K.FLOAT, number.getUint32(0, true), number.getUint32(4, true));
      }
      break;
    case "string":
      if (value.isWellFormed()) withText(value, (start, size) => must(c.anyloop_value_text(0, start, size, pointer)));
      else place(value, pointer); // no UTF-8 says it
      break;
    default:
      place(value, pointer);
  }
  return pointer;
}

/** A place in the table, which the core gives back by `drop`. */
export function keep(value: unknown): number {
  const object = free.pop() ?? objects.length;
  objects[object] = value;
  return object | OURS;
}

export function kept(object: number): unknown {
  return objects[object & ~OURS];
}

/** The same, as a place in the table whatever it is. */
export function place(value: unknown, pointer = room.value): number {
  must(c.guest_value(keep(value), pointer));
  return pointer;
}

/** Reads the value at `pointer`, which stays the core's. */
export function read(pointer: number): unknown {
  const words = heap(), at = pointer >> 2, low = words[at + At.VALUE_BITS]!, high = words[at + At.VALUE_BITS + 1]!;
  switch (words[at]) {
    case K.BOOL:
      return low !== 0;
    case K.INT: {
      const value = (high | 0) * 2 ** 32 + low;
      return Number.isSafeInteger(value) ? value : (BigInt(high | 0) << 32n) | BigInt(low);
    }
    case K.FLOAT:
      number.setUint32(0, low, true);
      number.setUint32(4, high, true);
      return number.getFloat64(0, true);
    case K.TEXT:
      return text(low, words[at + At.VALUE_SIZE]!);
    case K.BYTES:
      return heap8().slice(low, low + words[at + At.VALUE_SIZE]!);
    case K.LIST:
      return Array.from({ length: words[at + At.VALUE_SIZE]! }, (_, i) => read(low + Size.VALUE * i));
    case K.ERROR:
      return readError(pointer);
    case K.FUTURE:
      return low; // whoever asked for futures knows which one it is
    case K.FOREIGN:
      return low & OURS ? kept(low) : hooks.native!.readForeign(pointer);
    default:
      return undefined;
  }
}

/** The error that was read last, if it was made here: its stack says nothing of who awaits, but keeps what was on it. */
export let fresh: WeakRef<object> | undefined;

/** Reads an ERROR value as what is to be thrown: the very object that was thrown, if JavaScript threw it. */
export function readError(pointer: number): unknown {
  const foreign = c.anyloop_error_foreign(pointer);
  fresh = undefined;
  if (foreign !== 0) return read(foreign);
  const start = c.anyloop_error_text(pointer, room.out), message = text(start, heap()[room.out >> 2]!);
  const cause = c.anyloop_error_cause(pointer), children = c.anyloop_error_children(pointer);
  const options = cause !== 0 ? { cause: read(cause) } : undefined;
  const error = children !== 0 ? new ExceptionGroup(read(children) as unknown[], message, options) :
    errorOf(c.anyloop_error_code(pointer), message, options);
  fresh = new WeakRef(error);
  return error;
}

function describe(thrown: unknown, message: string, status: number): void {
  const bare = status === K.E_CANCELLED && (thrown as Error).cause === undefined; // most are: these need no place
  // As long as nobody has read its stack, an error holds the objects whose methods are on it. Those may hold the future that
  // it is for, and so it itself, by the core: for ever.
  const unread: any[] = bare ? [] : [thrown];
  try {
    for (const error of unread) {
      if (error?.stack && unread.length < 100) unread.push(error.cause, ...(error.errors ?? []));
    }
  } catch {}
  withText(message, (start, size) => {
    if (bare) {
      must(c.anyloop_value_error(0, status, start, size, room.value));
      return;
    }
    const foreign = place(thrown, room.value + Size.VALUE), options = room.options >> 2;
    const words = heap();
    words.fill(0, options, options + Size.ERROR_OPTIONS / 4);
    words[options] = Size.ERROR_OPTIONS;
    words[options + At.ERROR_OPTIONS_CODE] = status;
    words[options + At.ERROR_OPTIONS_TEXT] = start;
    words[options + At.ERROR_OPTIONS_TEXT_SIZE] = size;
    words[options + At.ERROR_OPTIONS_FOREIGN] = foreign;
    must(c.anyloop_value_error_with(0, room.options, room.value));
  });
}

/**
 * The same with what was thrown, as an ERROR value. Anything may be thrown, also what throws when it is looked at, and this
 * must not: whoever calls it has nobody to tell.
 */
export function writeError(thrown: unknown): number {
  try {
    if (thrown instanceof AnyloopError) describe(thrown, thrown.text, thrown.status);
    else describe(thrown, said(thrown), K.E_USER);
  } catch {
    try {
      describe(thrown, "", K.E_USER);
    } catch {
      bits(room.value >> 2, K.ERROR, 0, 0);
      heap()[(room.value >> 2) + At.VALUE_FLAGS] = K.E_NOMEM;
    }
  }
  return room.value;
}
