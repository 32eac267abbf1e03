import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncFolderNow, systemTrouble } from '@rocinante/base';
import { PARTIAL_SUFFIX } from '@rocinante/weights';
import { RunFailedError } from '../errors.js';

/** Owner only: texts, configurations and notes are nobody else's business. */
export const PRIVATE_FOLDER_MODE = 0o700;

/**
 * Replaces a small file of a run, or leaves it as it was: written beside, flushed, renamed, and the name flushed too, at once.
 * One that holds this text already is not written: flushing holds the network's thread up.
 * @throws {RunFailedError} it cannot be written.
 */
export function replaceFile(path: string, text: string): void {
  if (holds(path, text)) return;
  const beside = path + PARTIAL_SUFFIX;
  try {
    const file = openSync(beside, 'w');
    try {
      writeFileSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(beside, path);
    syncFolderNow(dirname(path));
  } catch (error) {
    rmSync(beside, { force: true });
    throw new RunFailedError(`${path}: cannot be written: ${systemTrouble(error, path)}`, { cause: error });
  }
}

function holds(path: string, text: string): boolean {
  try {
    return readFileSync(path, 'utf8') === text;
  } catch {
    return false;
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
