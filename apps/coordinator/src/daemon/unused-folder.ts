import { readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** What a data directory has as soon as it is opened. */
const FOLDERS = ['runs', 'contents'];
const LOCK = 'lock';

/**
 * Removes a data directory that was made for a daemon which did not come up, unless something is in it.
 * The caller holds its lock, which goes with it.
 */
export function removeUnused(dataDirectory: string): void {
  const isEmpty = (name: string): boolean => readdirSync(join(dataDirectory, name)).length === 0;
  const names = readdirSync(dataDirectory);
  if (!names.every((name) => name === LOCK || (FOLDERS.includes(name) && isEmpty(name)))) return;
  for (const name of FOLDERS) if (names.includes(name)) rmdirSync(join(dataDirectory, name));
  rmSync(join(dataDirectory, LOCK), { force: true });
  rmdirSync(dataDirectory);
}
