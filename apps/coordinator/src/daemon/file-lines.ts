import { closeSync, createReadStream, fstatSync, openSync } from 'node:fs';

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
    const lines = (rest + String(piece)).split('\n');
    rest = lines.pop()!;
    yield* lines;
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
