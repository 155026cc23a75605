// errors.ts -- what is thrown.
import { K } from "./abi.js";
import { c, heap, room, textAt } from "./module.js";

/** What the core says when something cannot be done, or how an operation failed. */
export class AnyloopError extends Error {
  static {
    this.prototype.name = "AnyloopError";
  }

  /** The status by name, such as "ANYLOOP_E_CLOSED". */
  readonly code: string;
  readonly #text: string;

  /**
   * After the module was loaded.
   * @param status  a number of the core's, negative; `code` is its name.
   */
  constructor(readonly status: number, text = "", options?: ErrorOptions) {
    super(text || textAt(c.anyloop_status_text(status)), options);
    this.code = textAt(c.anyloop_status_name(status));
    this.#text = text;
  }

  /** What such a status means, where the message says more: it may tell what to do. */
  get hint(): string {
    return textAt(c.anyloop_status_text(this.status));
  }

  /** @internal What was said beyond that, a cancellation's reason for instance: then it is the message too. */
  get text(): string {
    return this.#text;
  }
}

/** A task or future was cancelled. Its name is the one that the web's own abortions have. */
export class CancelledError extends AnyloopError {
  static {
    this.prototype.name = "AbortError";
  }

  /** One to throw: the task that throws it ends cancelled. After the module was loaded. */
  constructor(text?: string, options?: ErrorOptions) {
    super(K.E_CANCELLED, text, options);
  }
}

/** The time of `waitFor`, `timeout`, `Timeout` or `asCompleted` was over. */
export class TimeoutError extends AnyloopError {
  static {
    this.prototype.name = "TimeoutError";
  }

  /** After the module was loaded. */
  constructor(text?: string, options?: ErrorOptions) {
    super(K.E_TIMED_OUT, text, options);
  }
}

/** Several tasks of a group failed. */
export class ExceptionGroup extends AnyloopError {
  static {
    this.prototype.name = "ExceptionGroup";
  }

  /**
   * After the module was loaded.
   * @param errors  what was thrown, as it was.
   */
  constructor(readonly errors: any[], text?: string, options?: ErrorOptions) {
    super(K.E_GROUP, text, options);
  }
}

export function errorOf(status: number, text?: string, options?: ErrorOptions): AnyloopError {
  if (status === K.E_CANCELLED) return new CancelledError(text, options);
  if (status === K.E_TIMED_OUT) return new TimeoutError(text, options);
  return new AnyloopError(status, text, options);
}

/** Throws what a refusal of the core says; `early`: in what state it refuses. */
export function must(status: number, early?: string): number {
  if (status >= 0) return status;
  const error = errorOf(status, status === K.E_STATE ? early : "");
  (Error as any).captureStackTrace?.(error, must); // without this, and who made it
  throw error;
}

/** The same, of what gives a pointer in `room.out`: that. */
export function made(status: number): number {
  must(status);
  return heap()[room.out >> 2]!;
}

/** A future that the core gave, or what it refused with: its refusals are constants. */
export function given(pointer: number, early?: string): number {
  if (c.anyloop_future_loop(pointer) === 0) must(c.anyloop_future_error_code(pointer), early);
  return pointer;
}
