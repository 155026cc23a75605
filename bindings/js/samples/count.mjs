import { createReadStream } from "node:fs";

/** The words of a file, read piece by piece. */
export async function countWords(path) {
  let words = 0, inside = false;
  for await (const bytes of createReadStream(path)) {
    for (const byte of bytes) {
      const space = byte === 32 || (byte >= 9 && byte <= 13);
      if (!space && !inside) words++;
      inside = !space;
    }
  }
  return words;
}
