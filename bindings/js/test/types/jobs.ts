// What the jobs of the other files are.
export function add(a: number, b: number): number {
  return a + b;
}

export async function parse(text: string): Promise<Uint8Array> {
  return new TextEncoder().encode(text);
}

export const version = 1;
