// words.ts -- anything in words, for a message, here and in workers.
/** For a message. Not everything is made a text of. */
export function shown(value: unknown): string {
  try {
    return String(value);
  } catch {
    return `[${typeof value}]`;
  }
}

/** What an error says, whatever was thrown. */
export function said(error: any): string {
  try {
    return String(error?.message ?? error);
  } catch {
    return shown(error);
  }
}
