// inspect.ts -- what a loop is doing: its tasks as text, figures.
import { At, Size } from "./abi.js";
import { must } from "./errors.js";
import { countLent } from "./lent.js";
import { c, hooks, need, text, words64 } from "./module.js";
import { loopOf, type OnLoop } from "./present.js";
import { countKept } from "./value.js";

/** Each task that is not done and what it awaits, and rings of tasks that wait for each other. */
export function stallReport(options?: OnLoop): string {
  const { pointer } = loopOf(options), size = c.anyloop_loop_stall_report(pointer, 0, 0), buffer = need(c.malloc(size + 1));
  try {
    c.anyloop_loop_stall_report(pointer, buffer, size + 1);
    return text(buffer, size);
  } finally {
    c.free(buffer);
  }
}

let tree: string;
hooks.write = (line) => void (tree += line);

/** All tasks as a tree: below each those that it waits for. */
export function formatTree(options?: OnLoop): string {
  const { pointer } = loopOf(options);
  tree = "";
  must(c.guest_format_tree(pointer));
  return tree;
}

/** What a loop counts. */
export interface LoopFigures {
  /** Begun since its making. */
  turns: number;
  /** The most steps and callbacks that one turn ran. */
  readyMost: number;
  /** Not done, now. */
  tasks: number;
  /** Set and not due, now. */
  timers: number;
  /** In executors, now. */
  jobs: number;
  /** ms, the most that a timer was late. */
  lagMost: number;
  /** Turns that found timers due, by how late the first one was: below 1024 ns, then by powers of two. */
  lag: number[];
}

/** What a loop has counted until now. */
export function loopFigures(options?: OnLoop): LoopFigures {
  const { pointer } = loopOf(options), figures = need(c.malloc(Size.LOOP_FIGURES));
  try {
    words64(figures, 1)[0] = BigInt(Size.LOOP_FIGURES); // struct_size, and reserved
    must(c.anyloop_loop_get_figures(pointer, figures));
    const words = Array.from(words64(figures, Size.LOOP_FIGURES / 8), Number);
    return {
      turns: words[At.LOOP_FIGURES_TURNS / 2]!,
      readyMost: words[At.LOOP_FIGURES_READY_MOST / 2]!,
      tasks: words[At.LOOP_FIGURES_TASKS / 2]!,
      timers: words[At.LOOP_FIGURES_TIMERS / 2]!,
      jobs: words[At.LOOP_FIGURES_JOBS / 2]!,
      lagMost: words[At.LOOP_FIGURES_LAG_MOST / 2]! / 1e6,
      lag: words.slice(At.LOOP_FIGURES_LAG / 2),
    };
  } finally {
    c.free(figures);
  }
}

/** What the core holds of JavaScript's, and its memory. */
export interface Figures {
  /** Objects of JavaScript that the core holds as values. */
  objects: number;
  /** Generators and callbacks that it has. */
  lent: number;
  /** Bytes of its memory that are in use. */
  bytes: number;
}

/** What the core holds, of all loops. */
export function figures(): Figures {
  return { objects: countKept(), lent: countLent(), bytes: c.guest_bytes() };
}
