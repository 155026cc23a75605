// time.ts -- ms here, ns in the core.
import { time } from "./checks.js";

const MS = 1e6; // ns
const FOREVER = 0x7fffffffffffffffn, LONGEST = 9.2e12; // ms
const NEVER = 0xffffffffffffffffn, LAST = 1.8e13; // ms

const nanoseconds = (ms: number) => BigInt(Math.round(Math.max(ms, 0) * MS));

/** ms for the core; null: for ever. */
export function duration(ms: number | null): bigint {
  return ms === null || time(ms) > LONGEST ? FOREVER : nanoseconds(ms);
}

/** An instant of the core's, of ms on the loop's clock; null: never. */
export function instant(when: number | null): bigint {
  return when === null || time(when) > LAST ? NEVER : nanoseconds(when);
}

/** ms on the loop's clock; null: never. */
export function whenOf(instant: bigint): number | null {
  const ns = BigInt.asUintN(64, instant);
  return ns === NEVER ? null : Number(ns) / MS;
}
