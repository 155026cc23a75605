// wasi.ts -- what the C library of a program asks the system for: words for the console, the time, random numbers. No files.
const OK = 0, BADF = 8, NOSYS = 52, SPIPE = 70;
// By descriptor: lines, and characters.
const unfinished = ["", "", ""], decoders = unfinished.map(() => new TextDecoder());

/** Says a line, of stderr or stdout. */
export let say = (error: number, line: string): void => (error ? console.error : console.log)(line);

/** From now on they are said so: a worker's go home. */
export function printBy(print: (error: number, line: string) => void): void {
  say = print;
}

let willSay = false;

/** What was flushed without the end of its line, and is not gone on with: when what ran is over. */
export function sayRests(): void {
  willSay = false;
  for (const descriptor of [1, 2]) {
    const rest = unfinished[descriptor]!;
    unfinished[descriptor] = "";
    if (rest) say(descriptor - 1, rest);
  }
}

const nothing = () => OK, none = () => NOSYS;

type Calls = Record<string, (...parameters: any[]) => number>;

function callsOn(memory: () => WebAssembly.Memory): Calls {
  const heap = () => new Uint32Array(memory().buffer), heap8 = () => new Uint8Array(memory().buffer);
  const noStrings = (count: number, size: number) => {
    heap()[count >> 2] = heap()[size >> 2] = 0;
    return OK;
  };
  return {
    fd_write(descriptor: number, parts: number, count: number, written: number) {
      if (descriptor !== 1 && descriptor !== 2) return BADF;
      let size = 0;
      for (let i = 0; i < count; i++) {
        const at = (parts >> 2) + 2 * i, length = heap()[at + 1]!;
        const start = heap()[at]!, bytes = heap8().subarray(start, start + length);
        unfinished[descriptor] += decoders[descriptor]!.decode(bytes, { stream: true });
        size += length;
      }
      const lines = unfinished[descriptor]!.split("\n");
      unfinished[descriptor] = lines.pop()!;
      for (const line of lines) say(descriptor - 1, line);
      if (unfinished[descriptor] && !willSay) {
        willSay = true;
        queueMicrotask(sayRests);
      }
      heap()[written >> 2] = size;
      return OK;
    },
    fd_seek: () => SPIPE,
    fd_close: nothing,
    fd_fdstat_get(descriptor: number, out: number) {
      if (descriptor > 2) return BADF;
      heap8().fill(0, out, out + 24);
      heap8()[out] = 2; // a character device
      return OK;
    },
    fd_prestat_get: () => BADF,
    clock_time_get(clock: number, _precision: bigint, out: number) {
      const ms = clock === 0 ? Date.now() : performance.now();
      new DataView(memory().buffer).setBigUint64(out, BigInt(Math.round(ms * 1e6)), true);
      return OK;
    },
    random_get(at: number, size: number) {
      for (let done = 0; done < size; done += 65536) {
        crypto.getRandomValues(heap8().subarray(at + done, at + Math.min(size, done + 65536)));
      }
      return OK;
    },
    environ_sizes_get: noStrings,
    environ_get: nothing,
    args_sizes_get: noStrings,
    args_get: nothing,
    sched_yield: nothing,
    proc_exit(status: number) {
      throw new Error(`anyloop: the program called exit with status ${status}`);
    },
  };
}

/** Whatever else it imports is not there: the call says so. */
export function wasi(memory: () => WebAssembly.Memory): Calls {
  return new Proxy(callsOn(memory), { get: (calls, name: string) => calls[name] ?? none });
}
