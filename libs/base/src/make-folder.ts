import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a folder with those above it, where it is not there; another process may make it at the same time. Node's own recursive
 * way goes on for ever where a folder cannot be made, as in /proc.
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
  }
}
