import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Files for readers that take a path: in memory, where the machine has such a place. They go with the process. */
const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'rocinante-fuzz-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

/** A path in it. */
export function scratchPath(name: string): string {
  return join(folder, name);
}

/** Writes a file that only its owner may read. @returns its path. */
export function scratchFile(name: string, bytes: Uint8Array | string): string {
  const path = scratchPath(name);
  writeFileSync(path, bytes, { mode: 0o600 });
  return path;
}
