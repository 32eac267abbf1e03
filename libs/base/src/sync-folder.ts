import { closeSync, fsyncSync, openSync } from 'node:fs';

/**
 * Returns once the names in a folder are on the disk. It holds this thread up: for what is written now and then.
 * @throws Node's error where the folder cannot be read, or the disk fails.
 */
export function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
