import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { syncFolderNow } from './sync-folder.js';

/**
 * Makes a folder with those above it, where it is not there; another process may make it at the same time. The name of one that
 * was made is on the disk: files that are flushed into it are not lost with it. Node's own recursive way goes on for ever where a
 * folder cannot be made, as in /proc.
 * @param mode of the folders that are made.
 * @throws Node's error where one cannot be made.
 */
export function makeFolder(path: string, mode?: number): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path), mode);
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error;
    return;
  }
  syncAbove(path);
}

/** A folder that we may write into and not read, as some for everybody are, is flushed whenever the system does so. */
function syncAbove(path: string): void {
  try {
    syncFolderNow(dirname(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error;
  }
}
