// thrown.ts -- an error's way out of a worker. To copy one as it is would keep a standard name and the message, and lose
// the name of one's own and what was set on it.

/** What was thrown, as it is sent. */
export type Thrown = { value: unknown } | {
  name: string;
  message: string;
  stack: string | undefined;
  properties: Record<string, unknown>;
  cause?: Thrown;
  errors?: Thrown[];
};

/**
 * `all`: also what may not be copied, which the sending says. Otherwise that becomes a text, or is left out. `left`: of so
 * many errors; the others, since they may go in circles, are texts.
 */
export function pack(thrown: unknown, all: boolean, left = [500]): Thrown {
  if (!(thrown instanceof Error)) return { value: all || copies(thrown) ? thrown : String(thrown) };
  if (left[0]!-- <= 0) return { value: String(thrown) };
  const properties: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(thrown)) {
    if (key !== "cause" && (all || copies(value))) properties[key] = value;
  }
  const packed: Thrown = { name: thrown.name, message: thrown.message, stack: thrown.stack, properties };
  if (Object.hasOwn(thrown, "cause")) packed.cause = pack(thrown.cause, all, left);
  if (thrown instanceof AggregateError) packed.errors = thrown.errors.map((error) => pack(error, all, left));
  return packed;
}

function copies(value: unknown): boolean {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}

const standard: Record<string, new (message: string) => Error> = {
  EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError,
};

export function unpack(thrown: Thrown): unknown {
  if ("value" in thrown) return thrown.value;
  const { name, message, stack, properties, cause, errors } = thrown;
  const error = errors ? new AggregateError(errors.map(unpack), message) : new (standard[name] ?? Error)(message);
  Object.assign(error, properties);
  const hide = (key: string, value: unknown) =>
    Object.defineProperty(error, key, { value, writable: true, configurable: true });
  hide("stack", stack);
  if (error.name !== name) hide("name", name);
  if (cause) hide("cause", unpack(cause));
  return error;
}
