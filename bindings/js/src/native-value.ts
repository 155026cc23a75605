// native-value.ts -- what only a program of C has values of: bytes, lists, 64-bit integers. It is loaded with the program.
import { At, K, type ProgramExports, Size } from "./abi.js";

/** What index.js has for it. */
export interface Memory {
  program: ProgramExports;
  heap8(): Uint8Array;
  /** Throws when there was no memory. */
  need(pointer: number): number;
  /** Throws what a refusal says. */
  must(status: number): number;
  /** Writes any other value. */
  write(value: unknown, pointer: number): void;
}

/** Writes a value of any kind at a place in memory. */
export function writerOf({ program, heap8, need, must, write }: Memory): (pointer: number, value: unknown) => void {
  function writeBytes(pointer: number, bytes: Uint8Array): void {
    const copy = need(program.malloc(bytes.length || 1));
    heap8().set(bytes, copy);
    const status = program.anyloop_value_bytes(0, copy, bytes.length, pointer);
    program.free(copy);
    must(status);
  }

  function writeList(pointer: number, items: readonly unknown[]): void {
    const list = need(program.malloc(Size.VALUE * items.length || 1));
    let made = 0;
    try {
      for (; made < items.length; made++) writeNative(list + Size.VALUE * made, items[made]);
    } catch (error) {
      while (made > 0) program.anyloop_value_release(list + Size.VALUE * --made);
      program.free(list);
      throw error;
    }
    const status = program.anyloop_value_list(0, list, items.length, pointer);
    program.free(list);
    must(status);
  }

  function writeInteger(pointer: number, value: bigint): void {
    if (BigInt.asIntN(64, value) !== value) throw new RangeError(`${value} is not an integer of 64 bits`);
    const view = new DataView(program.memory.buffer);
    heap8().fill(0, pointer, pointer + Size.VALUE);
    view.setUint32(pointer, K.INT, true);
    view.setBigInt64(pointer + 4 * At.VALUE_BITS, value, true);
  }

  function writeNative(pointer: number, value: unknown): void {
    if (value instanceof Uint8Array) writeBytes(pointer, value);
    else if (Array.isArray(value)) writeList(pointer, value);
    else if (typeof value === "bigint") writeInteger(pointer, value);
    else write(value, pointer);
  }

  return writeNative;
}
