// The host of a program of C: ../../../wasm/host.js, which the build copies beside this.
import type { Turns } from "./turns.js";

/** What it knows of the program and of where that runs. */
export interface Environment {
  /** The program's memory. */
  bytes(): Uint8Array;
  /** Room for so many bytes of a message's two parts; 0: there is no memory. */
  head(size: number): number;
  body(size: number): number;
  /** Tells the core what a worker says. */
  heard(worker: number, news: number, ticket: number, size: number, ran: number): void;
  /** The job whose name is in `head`, and its run, with the input in `body`. */
  find(size: number): number;
  serve(job: number, size: number): void;
  /** Of memory; a negative size: it ends in NUL. */
  text(start: number, size: number): string;
  /** Prints what a worker says; in a worker, gives that to `print` from now on. */
  print(error: number, line: string): void;
  printBy(print: (error: number, line: string) => void): void;
  /** Emscripten's: its runtime is kept, and what suspends it. */
  open(): void;
  stay(on: boolean): void;
  suspends(): boolean;
  /** A module of Node's. */
  builtin(name: string): unknown;
  /** The script of its workers, and in a page a worker of that. */
  program(): string;
  worker(name: string): Worker;
  module: WebAssembly.Module;
  /** Null but in a worker of the program's jobs. */
  born: object | null;
}

export function anyloopHost(
  environment: Environment, turns: Turns,
): Record<string, (...parameters: number[]) => number | void>;
