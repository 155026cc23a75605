// checks.ts -- arguments that the core could not refuse, or not with a word that helps.
import { shown } from "./words.js";

/** Refuses an argument: it is said what it is, and then this. */
export function refuse(value: unknown, why: string): never {
  throw new TypeError(`${shown(value)} ${why}`);
}

/** ms. */
export function time(ms: number): number {
  if (typeof ms !== "number" || Number.isNaN(ms)) refuse(ms, "is no time: ms are a number");
  return ms;
}

/** The core would take -1 for four billion, Infinity for none, and 1.5 for one. */
export function integer(what: string, value: number, least = 0, most = 0xffffffff): number {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RangeError(`${what} is to be an integer from ${least} to ${most}, not ${shown(value)}`);
  }
  return value;
}

/** What would only be found to be no function when it is called, in a turn. */
export function callable<F>(callback: F): F {
  if (typeof callback !== "function") refuse(callback, "is no function");
  return callback;
}

/** Options of these names. A number, a loop or a coroutine would be an empty list of them. */
export function plain<T extends object>(options: T, names: string): T {
  const kind = Object.getPrototypeOf(options ?? 0);
  if (kind !== null && Object.getPrototypeOf(kind) !== null) refuse(options, "is no object with options");
  for (const name in options) {
    if (` ${names} `.includes(` ${name} `)) continue;
    throw new TypeError(`${name} is no option here: these are ${names.trim().replaceAll(" ", ", ")}`);
  }
  return options;
}

/** Or undefined. */
export function abortSignal<S extends AbortSignal | undefined>(signal: S): S {
  if (signal && typeof signal.addEventListener !== "function") refuse(signal, "is no AbortSignal");
  return signal;
}

/** A URL, or an absolute one as text: of a relative one nobody here knows what to. `like` is what it is expected in. */
export function located<U extends string | URL>(url: U, like: string): U {
  if (!URL.canParse(url)) refuse(url, `is no URL, as in ${like}`);
  return url;
}

/** An object of the class: the core would take anything's pointer. */
export function instance<T>(value: T, type: abstract new (...parameters: any[]) => T): T {
  if (!(value instanceof type)) refuse(value, `is no ${type.name}`);
  return value;
}
