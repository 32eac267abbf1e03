/**
 * Where root writes in folders of others. Their owner could plant a link there, and root's hand would go where it leads; so root
 * follows a link only where nobody but root could have made it.
 */
import {
  constants,
  closeSync,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  statSync,
  type Stats,
} from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { oneLine } from '@rocinante/base';
import { AccessError } from './errors.js';

const ROOT = 0;

/** Links on one path before they are held to go round in a circle: the kernel's own number. */
const LINKS_MAX = 40;

/** Files of a cluster's folder that are read or written here. */
const OUR_FILES = /^tokens$|\.(crt|key|token)$/;

/**
 * Where a path leads, links followed; its last parts may be missing.
 * @throws {AccessError} `ACCESS_FILE`: this is root, and a link on the way is another user's, or in another user's folder.
 */
export function targetOf(path: string): string {
  if (process.geteuid!() !== ROOT)
    return statSync(path, { throwIfNoEntry: false }) ? realpathSync(path) : path;
  const parts = resolve(path).split('/');
  let target = '/';
  for (let links = 0; parts.length > 0;) {
    const next = join(target, parts.shift()!);
    const stats = lstatSync(next, { throwIfNoEntry: false });
    if (stats === undefined) return join(next, ...parts);
    if (!stats.isSymbolicLink()) {
      target = next;
      continue;
    }
    refuseForeign(path, next, stats);
    links += 1;
    if (links > LINKS_MAX)
      throw new AccessError('ACCESS_FILE', `${path}: expected a file, received links in a circle`);
    const to = readlinkSync(next);
    parts.unshift(...to.split('/'));
    if (isAbsolute(to)) target = '/';
  }
  return target;
}

/**
 * Refuses, before anything is read or written, links by which a folder's owner would have root read or write elsewhere.
 * @throws {AccessError} `ACCESS_FILE`.
 */
export function checkLinks(folder: string): void {
  if (process.geteuid!() !== ROOT) return;
  const target = targetOf(folder);
  if (!statSync(target, { throwIfNoEntry: false })?.isDirectory()) return;
  for (const name of readdirSync(target)) if (OUR_FILES.test(name)) targetOf(join(folder, name));
}

/** A folder that stays the same one while files are made in it, whatever becomes of its path. */
export interface OpenFolder {
  readonly descriptor: number;
  readonly stats: Stats;
  /** A path to a file in it. */
  readonly in: (name: string) => string;
}

/**
 * Does something in a folder.
 * @param folder as `targetOf` gives it.
 * @throws {AccessError} `ACCESS_FILE`: this is root, and the path leads elsewhere by now.
 */
export function withFolder<Result>(folder: string, work: (open: OpenFolder) => Result): Result {
  const descriptor = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    const stats = fstatSync(descriptor);
    if (process.geteuid!() !== ROOT) return work({ descriptor, stats, in: (name) => join(folder, name) });
    // By the descriptor: another user could put a link in the place of a folder that has been looked at.
    const own = `/proc/self/fd/${descriptor}`;
    if (readlinkSync(own) !== folder) {
      throw new AccessError(
        'ACCESS_FILE',
        `${folder}: expected a folder that stays where it is, received another; try again`,
      );
    }
    return work({ descriptor, stats, in: (name) => join(own, name) });
  } finally {
    closeSync(descriptor);
  }
}

function refuseForeign(path: string, link: string, { uid }: Stats): void {
  const folder = dirname(link);
  const owner = lstatSync(folder).uid;
  if (uid === ROOT && owner === ROOT) return;
  throw new AccessError(
    'ACCESS_FILE',
    `${oneLine(path)}: expected no link but root's in a folder of root's, since this is root; received ${oneLine(link)}, ` +
      `a link of user ${uid} in a folder of user ${owner}; run this as the folder's owner, or put the file itself there`,
  );
}
