// words.ts -- anything in words, for a message, here and in workers. Not everything can be made a text of.

/** An argument that was not expected. */
export function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  return typeof value === "function" ? `function ${value.name}`.trimEnd() : Array.isArray(value) ? "a list" : said(value);
}

/** What an error says, whatever was thrown. */
export function said(error: any): string {
  try {
    return String(error?.message ?? error);
  } catch {
    return `[${typeof error}]`;
  }
}
