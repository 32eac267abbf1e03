import { closeSync, createReadStream, fstatSync, openSync } from 'node:fs';

/** Characters of a line, at most: those of our own logs have a few thousand. A longer one is left out. */
export const LINE_LENGTH_MAX = 1 << 20;

/**
 * The lines of a file that grows, as it is at the call of the first `next`: what is appended afterwards is left out, and so
 * is a last line without its end. Whoever begins to follow the writer in the same turn of the event loop has every line
 * once. A file that is renamed or removed meanwhile is read on.
 * @returns none where there is no file.
 * @throws Node's error where it cannot be read.
 */
export async function* linesOf(path: string): AsyncGenerator<string> {
  const file = openIfThere(path);
  if (file === null) return;
  const { size } = fstatSync(file);
  if (size === 0) return closeSync(file);
  let rest = '';
  // The stream closes the file, however the reading ends.
  for await (const piece of createReadStream('', { fd: file, encoding: 'utf8', start: 0, end: size - 1 })) {
    const lines = String(piece).split('\n');
    lines[0] = rest + lines[0];
    // One that is too long stays so, and takes no more memory, till its end comes.
    rest = lines.pop()!.slice(0, LINE_LENGTH_MAX + 1);
    for (const line of lines) if (line.length <= LINE_LENGTH_MAX) yield line;
  }
}

function openIfThere(path: string): number | null {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
