import { spawnSync } from 'node:child_process';
import { closeSync, fchownSync, openSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { geteuid } from 'node:process';
import { FOLDER_WAIT_SECONDS } from './access-limits.js';
import { AccessError } from './errors.js';

/** `flock --wait` ends with this code where another process holds the lock to the end of the wait. */
const HELD_CODE = 1;

/** An empty file that stays: NFS knows no lock on a folder, and one that is removed could be another's by then. */
const LOCK_FILE = '.lock';

/**
 * Waits until no other process changes a cluster's folder, and keeps others from it.
 *
 * The lock is the kernel's own. Node cannot take it, so the short-lived `flock` command does, through a descriptor that it
 * shares with this process; the kernel gives it back when this process ends, however it ends.
 * @returns gives the folder back.
 * @throws {AccessError} `ACCESS_FOLDER`: another process holds it for FOLDER_WAIT_SECONDS, or this machine knows no such lock.
 * Errors of opening it are the operating system's.
 */
export function lockFolder(folder: string): () => void {
  const descriptor = openSync(join(folder, LOCK_FILE), 'a', 0o600);
  try {
    // What root makes is to be of use to whose folder it is.
    const { uid, gid } = statSync(folder);
    if (geteuid!() === 0) fchownSync(descriptor, uid, gid);
    const { status, error, stderr } = spawnSync(
      'flock',
      ['--exclusive', '--wait', String(FOLDER_WAIT_SECONDS), '3'],
      { stdio: ['ignore', 'ignore', 'pipe', descriptor], encoding: 'utf8' },
    );
    if (status === HELD_CODE && stderr === '') {
      throw new AccessError(
        'ACCESS_FOLDER',
        `${folder}: expected to change it, but another rocinante certs works in it since ${FOLDER_WAIT_SECONDS} s; wait for its end`,
      );
    }
    if (status !== 0) {
      const isMissing = error !== undefined && 'code' in error && error.code === 'ENOENT';
      const cause = isMissing
        ? 'the command flock is missing; install util-linux'
        : (error?.message ?? stderr.trim());
      throw new AccessError('ACCESS_FOLDER', `${folder}: expected to lock it, but ${cause}`, {
        cause: error,
      });
    }
  } catch (thrown) {
    closeSync(descriptor);
    throw thrown;
  }
  return () => closeSync(descriptor);
}
