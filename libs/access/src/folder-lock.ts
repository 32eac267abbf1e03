import { closeSync, constants, fchownSync, fstatSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { lockFile } from '@rocinante/base';
import { FOLDER_WAIT_SECONDS } from './access-limits.js';
import { AccessError } from './errors.js';
import { targetOf, withFolder, type OpenFolder } from './root-path.js';

/** An empty file that stays: NFS knows no lock on a folder, and one that is removed could be another's by then. */
const LOCK_FILE = '.lock';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDWR } = constants;

/**
 * Waits until no other process changes a cluster's folder, and keeps others from it. The kernel gives the lock back when this
 * process ends, however it ends.
 * @returns gives the folder back.
 * @throws {AccessError} `ACCESS_FOLDER`: another process holds it for FOLDER_WAIT_SECONDS, or this machine knows no such lock.
 * `ACCESS_FILE`: what should be the lock is a link, or no file. Other errors of opening it are the operating system's.
 */
export function lockFolder(folder: string): () => void {
  const descriptor = withFolder(targetOf(folder), (open) => openLock(open, join(folder, LOCK_FILE)));
  try {
    const answer = lockFile(descriptor, FOLDER_WAIT_SECONDS);
    if (answer.outcome === 'held') {
      throw new AccessError(
        'ACCESS_FOLDER',
        `${folder}: expected to change it, but another rocinante certs works in it since ${FOLDER_WAIT_SECONDS} s; wait for its end`,
      );
    }
    if (answer.outcome === 'failed') {
      throw new AccessError('ACCESS_FOLDER', `${folder}: expected to lock it, but ${answer.why}`, {
        cause: answer.cause,
      });
    }
  } catch (thrown) {
    closeSync(descriptor);
    throw thrown;
  }
  return () => closeSync(descriptor);
}

/** Opens the lock, or makes it. Whatever else is there is another's to make, and is neither followed nor given away. */
function openLock(folder: OpenFolder, path: string): number {
  const own = folder.in(LOCK_FILE);
  const made = openUnless('EEXIST', own, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW);
  const descriptor = made ?? openUnless('ELOOP', own, O_RDWR | O_NOFOLLOW | O_NONBLOCK);
  if (descriptor === null) throw noFile(path, 'a link');
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) throw noFile(path, 'something else');
    // What root makes is to be of use to whose folder it is.
    const { uid, gid } = folder.stats;
    if (made !== null && stats.nlink === 1 && process.geteuid!() === 0) fchownSync(descriptor, uid, gid);
  } catch (thrown) {
    closeSync(descriptor);
    throw thrown;
  }
  return descriptor;
}

function openUnless(code: string, path: string, flags: number): number | null {
  try {
    return openSync(path, flags, 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== code) throw error;
    return null;
  }
}

function noFile(path: string, received: string): AccessError {
  return new AccessError(
    'ACCESS_FILE',
    `${path}: expected a file of its own to lock, received ${received}; remove it`,
  );
}
