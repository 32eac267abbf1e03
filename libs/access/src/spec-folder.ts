/** For specs: a folder of their own, which ends with them. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

export const folder = mkdtempSync(join(tmpdir(), 'rocinante-access-'));
afterAll(() => rmSync(folder, { recursive: true }));

let count = 0;

/** A path that is not there yet. */
export function newPath(): string {
  return join(folder, `file-${count++}`);
}

/** A file of its own, closed to others where nothing else is said. */
export function file(contents: string | Uint8Array, mode = 0o600, path = newPath()): string {
  writeFileSync(path, contents);
  chmodSync(path, mode);
  return path;
}
