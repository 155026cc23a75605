// native-calls.ts -- calls of a program's own C, and what only C has values of: bytes, lists, 64-bit integers, pointers. It
// is loaded with the program.
import { At, K, type ProgramExports, Size } from "./abi.js";
import type { errorOf, given, must } from "./errors.js";
import type { heap8, need, withText } from "./module.js";
import type { write } from "./value.js";

/** What index.js has for it. */
interface Core {
  program: ProgramExports;
  heap8: typeof heap8;
  need: typeof need;
  withText: typeof withText;
  write: typeof write;
  must: typeof must;
  given: typeof given;
  errorOf: typeof errorOf;
}

/** A pointer of C's that came out as a value: JavaScript can hand it on to C, and nothing else. */
export class Foreign {
  /** For TypeScript alone: without it anything would be one. */
  declare protected readonly isForeign: true;
  /** @internal Where its value is. */
  readonly at: number;

  /** @internal */
  constructor(at: number) {
    this.at = at;
  }
}

/** What index.js calls of it. Those that call C give the core's future. */
export interface NativeCalls {
  call(loop: number, name: string, value: unknown): number;
  runJob(loop: number, name: string, value: unknown): number;
  readForeign(pointer: number): Foreign;
}

export function nativeCalls({ program, heap8, need, withText, write, must, given, errorOf }: Core): NativeCalls {
  // ---- values

  function writeBytes(pointer: number, bytes: Uint8Array): void {
    const start = need(program.malloc(bytes.length || 1));
    heap8().set(bytes, start);
    const status = program.anyloop_value_bytes(0, start, bytes.length, pointer);
    program.free(start);
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

  function copy(from: number, to: number): void {
    program.anyloop_value_retain(from);
    heap8().copyWithin(to, from, from + Size.VALUE);
  }

  function writeNative(pointer: number, value: unknown): void {
    if (value instanceof Uint8Array) writeBytes(pointer, value);
    else if (Array.isArray(value)) writeList(pointer, value);
    else if (typeof value === "bigint") writeInteger(pointer, value);
    else if (value instanceof Foreign) copy(value.at, pointer);
    else write(value, pointer);
  }

  const collected = new FinalizationRegistry<number>((at) => {
    program.anyloop_value_release(at);
    program.free(at);
  });

  // ---- calls

  // Calls `use` with the value in memory of its own: what it calls may call JavaScript, and so come here again.
  function withValue(value: unknown, use: (pointer: number) => number): number {
    const pointer = need(program.malloc(Size.VALUE));
    try {
      writeNative(pointer, value);
      return use(pointer);
    } finally {
      program.free(pointer);
    }
  }

  return {
    call(loop, name, value) {
      const call = (program as unknown as Record<string, unknown>)[name];
      if (typeof call !== "function") {
        throw new TypeError(`the module exports no function ${name}: mark it by ANYLOOP_EXPORT`);
      }
      return withValue(value, (pointer) => {
        try {
          const future = call(loop, pointer) as number;
          if (!future) throw new TypeError(`${name} gave NULL, and is to give a future`);
          return given(future);
        } finally {
          program.anyloop_value_release(pointer);
        }
      });
    },

    runJob(loop, name, value) {
      return withValue(value, (pointer) => withText(name, (start) => {
        const future = program.guest_run_job(loop, start, pointer), status = program.anyloop_future_error_code(future);
        if (program.anyloop_future_loop(future) !== 0) return future;
        if (status === K.E_NOT_FOUND) throw errorOf(status, `the program has no job ${name}: list it by ANYLOOP_JOBS`);
        if (status === K.E_TYPE) throw errorOf(status, `the input of ${name} cannot be sent: it is none of C's own kinds`);
        return given(future);
      }));
    },

    readForeign(pointer) {
      const at = need(program.malloc(Size.VALUE)), foreign = new Foreign(at);
      copy(pointer, at);
      collected.register(foreign, at);
      return foreign;
    },
  };
}
