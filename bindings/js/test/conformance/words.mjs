// What traces say of outcomes, and how steps are refused.
import { AnyloopError, CancelledError, ExceptionGroup } from "anyloop";

const WORDS = {
  ANYLOOP_E_TIMED_OUT: "timeout", ANYLOOP_E_BROKEN: "broken", ANYLOOP_E_EMPTY: "empty", ANYLOOP_E_FULL: "full",
  ANYLOOP_E_SHUTDOWN: "shutdown", ANYLOOP_E_SELF_AWAIT: "self_await", ANYLOOP_E_NOT_HELD: "not_held",
};
const REFUSALS = {
  ANYLOOP_E_TYPE: "refused", ANYLOOP_E_RUNNING: "refused", ANYLOOP_E_FULL: "!full", ANYLOOP_E_EMPTY: "!empty",
  ANYLOOP_E_SHUTDOWN: "!shutdown",
};

export class Missing extends Error {} // a step names what is not there
export class Refused extends Error {} // the word for what came to nothing: closed, stopped, deadlock
export class Raised extends Error {} // by a scenario's step

export function textOf(error) {
  if (error instanceof CancelledError) return error.message === error.hint ? "cancelled" : `cancelled(${error.message})`;
  if (error instanceof ExceptionGroup) return `group(${error.errors.map(textOf).join(",")})`;
  if (error instanceof Raised) return error.message;
  if (error instanceof AnyloopError) return WORDS[error.code] ?? `error ${error.code}: ${error.message}`;
  throw error;
}

export function word(what) {
  if (what === undefined || what === null) return "none";
  if (Array.isArray(what)) return `[${what.map(word).join(",")}]`;
  return what instanceof Error ? `!${textOf(what)}` : String(what);
}

export function caught(error) {
  return error instanceof CancelledError ? textOf(error) : word(error);
}

// What a call answers, and how it refuses.
export function outcome(call, said = () => "ok") {
  try {
    return said(call());
  } catch (error) {
    if (!(error instanceof AnyloopError)) throw error;
    if (error.code === "ANYLOOP_E_CLOSED") throw new Refused("closed");
    return REFUSALS[error.code] ?? "invalid";
  }
}

export function stateOf(future) {
  if (!future.done()) return "pending";
  if (future.cancelled()) return "cancelled";
  const error = future.exception();
  return error === undefined ? `result:${word(future.result())}` : `error:${textOf(error)}`;
}

export function closedOr(call) {
  try {
    return call();
  } catch (error) {
    throw error.code === "ANYLOOP_E_CLOSED" ? new Refused("closed") : error;
  }
}

export class Said {
  constructor(...words) {
    this.words = words;
  }
}
