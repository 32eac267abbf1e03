import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { systemTrouble } from '@rocinante/base';
import { PARTIAL_SUFFIX } from '@rocinante/weights';
import { RunFailedError } from '../errors.js';

/** Owner only: texts, configurations and notes are nobody else's business. */
export const PRIVATE_FOLDER_MODE = 0o700;

/**
 * Replaces a small file of a run, or leaves it as it was: written beside and renamed, at once.
 * @throws {RunFailedError} it cannot be written.
 */
export function replaceFile(path: string, text: string): void {
  const beside = path + PARTIAL_SUFFIX;
  try {
    writeFileSync(beside, text);
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    throw new RunFailedError(`${path}: cannot be written: ${systemTrouble(error, path)}`, { cause: error });
  }
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
