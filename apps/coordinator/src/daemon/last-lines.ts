/** Characters of the last lines together, at most: they are held until the first of them is known. */
export const LAST_CHARACTERS_MAX = 4 << 20;

export interface LastLines {
  readonly last: readonly string[];
  /** How many there are before them. */
  readonly skipped: number;
}

/**
 * The last lines, as many as `count`, or as have LAST_CHARACTERS_MAX characters together where these are fewer. While the lines
 * are read, no more than twice as much is held.
 */
export async function lastLines(lines: AsyncIterable<string>, count: number): Promise<LastLines> {
  let last: string[] = [];
  let skipped = 0;
  let characters = 0;
  const trim = (): void => {
    let first = last.length;
    characters = 0;
    while (first > Math.max(0, last.length - count)) {
      const { length } = last[first - 1];
      if (characters + length > LAST_CHARACTERS_MAX) break;
      characters += length;
      first -= 1;
    }
    skipped += first;
    last = last.slice(first);
  };
  for await (const line of lines) {
    last.push(line);
    characters += line.length;
    if (last.length >= 2 * count || characters >= 2 * LAST_CHARACTERS_MAX) trim();
  }
  trim();
  return { last, skipped };
}
