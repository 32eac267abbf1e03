import { setTimeout as pause } from 'node:timers/promises';
import { systemTrouble } from '@rocinante/base';
import { isExpected } from '../errors.js';
import { diskDecision, diskMessage, freeBytes, neededBytes } from '../run/disk-space.js';

/** How often a disk that was too full is looked at. */
const LOOK_MS = 1_000;

export interface RoomWait {
  /** Where the run's files lie. */
  readonly path: string;
  readonly parameterCount: number;
  /** What is written anew as the run is taken up. */
  readonly logBytes: number;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
  /** Told once where there is no room, in one line; and once there is. */
  readonly held: (reason: string) => void;
  readonly released: () => void;
}

/** Waits until the disk says that it has room for a run's next checkpoints. Nothing is written meanwhile. */
export async function waitForRoom(wait: RoomWait): Promise<void> {
  const { path, signal } = wait;
  const needed = neededBytes(wait.parameterCount) + wait.logBytes;
  const what = wait.logBytes > 0 ? 'the next checkpoints and its event log, written anew, need' : undefined;
  let isTold = false;
  // A disk that does not answer lacks no room.
  let lacksRoom = false;
  for (;;) {
    const free = await askedFor(path);
    const decision = typeof free === 'number' && diskDecision(free, needed, lacksRoom ? 'held' : 'starting');
    if (decision === 'release' || (decision === 'go-on' && !lacksRoom)) break;
    if (typeof free === 'number') lacksRoom = true;
    if (!isTold) {
      const reason =
        typeof free === 'number'
          ? diskMessage(path, free, needed, '--data', what)
          : `disk: ${path}: its room cannot be asked for: ${systemTrouble(free, path)}`;
      wait.held(reason);
      isTold = true;
    }
    signal.throwIfAborted();
    await pause(LOOK_MS, undefined, { signal }).catch(() => undefined);
    signal.throwIfAborted();
  }
  if (isTold) wait.released();
}

/** Bytes that are free; or why the disk does not say, which may be of a moment. */
async function askedFor(path: string): Promise<number | Error> {
  return freeBytes(path).catch((error: unknown) => {
    if (isExpected(error)) return error;
    throw error;
  });
}
