import { spawnSync } from 'node:child_process';

/** `flock` ends with this code where another process holds the lock to the end of the wait. */
const HELD_CODE = 1;

/** What came of asking for a lock. `why` ends a line for a person: `the command flock is missing; install util-linux`. */
export type LockAnswer =
  | { readonly outcome: 'taken' | 'held' }
  | { readonly outcome: 'failed'; readonly why: string; readonly cause: unknown };

/**
 * Asks for the kernel's exclusive lock (flock) on an open file, for which no two processes get it at a time.
 *
 * Node cannot take it, so the short-lived `flock` command does, through a descriptor that it shares with this process. The lock
 * belongs to the open file: it is given back when the descriptor is closed, or this process ends, also by `kill -9`.
 * @param waitSeconds how long this process stands still for another that holds it; 0 does not wait.
 */
export function lockFile(descriptor: number, waitSeconds: number): LockAnswer {
  const { status, error, stderr } = spawnSync(
    'flock',
    ['--exclusive', ...(waitSeconds === 0 ? ['--nonblock'] : ['--wait', String(waitSeconds)]), '3'],
    { stdio: ['ignore', 'ignore', 'pipe', descriptor], encoding: 'utf8' },
  );
  if (status === 0) return { outcome: 'taken' };
  // What else goes wrong has the same code at times, and says so.
  if (status === HELD_CODE && stderr === '') return { outcome: 'held' };
  const isMissing = error !== undefined && 'code' in error && error.code === 'ENOENT';
  const why = isMissing
    ? 'the command flock is missing; install util-linux'
    : (error?.message ?? (stderr.trim() || `flock ended with code ${status}`));
  return { outcome: 'failed', why, cause: error };
}
