import { existsSync, mkdirSync } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Owner only: texts, configurations and notes are nobody else's business. */
export const PRIVATE_FOLDER_MODE = 0o700;

/**
 * Makes a folder with those above it, where it is not there. Node's own recursive way goes on for ever where a folder
 * cannot be made, as in /proc.
 * @param mode of the folders that are made.
 * @throws Node's error where one cannot be made.
 */
export function makeFolder(path: string, mode?: number): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path), mode);
  mkdirSync(path, { mode });
}

/** Bytes of all files below a folder. */
export async function folderBytes(path: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(path, { withFileTypes: true })) {
    const below = join(path, entry.name);
    bytes += entry.isDirectory() ? await folderBytes(below) : (await lstat(below)).size;
  }
  return bytes;
}
