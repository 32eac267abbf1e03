import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Who may read a secret: its owner. */
export const SECRET_MODE = 0o600;

/** Who may read what is no secret; the process's umask may take away. */
export const PUBLIC_MODE = 0o644;

/**
 * Writes a file so that its path holds what it held before or all of the new contents, and a secret is never readable for
 * others, not for a moment.
 *
 * Errors are the operating system's.
 */
export function writeWhole(path: string, contents: string, mode: number): void {
  const partial = `${path}.${randomBytes(6).toString('hex')}.partial`;
  try {
    const file = openSync(partial, 'wx', mode);
    try {
      writeFileSync(file, contents);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(partial, path);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
