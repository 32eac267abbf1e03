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
  const free = await askedFor(path);
  if (typeof free === 'number') {
    if (diskDecision(free, needed, 'starting') === 'go-on') return;
    const what = wait.logBytes > 0 ? 'the next checkpoints and its event log, written anew, need' : undefined;
    wait.held(diskMessage(path, free, needed, '--data', what));
  } else {
    wait.held(`disk: ${path}: its room cannot be asked for: ${systemTrouble(free, path)}`);
  }
  for (;;) {
    const free = await askedFor(path);
    if (typeof free === 'number' && diskDecision(free, needed, 'held') === 'release') break;
    signal.throwIfAborted();
    await pause(LOOK_MS, undefined, { signal }).catch(() => undefined);
    signal.throwIfAborted();
  }
  wait.released();
}

/** Bytes that are free; or why the disk does not say, which may be of a moment. */
async function askedFor(path: string): Promise<number | Error> {
  return freeBytes(path).catch((error: unknown) => {
    if (isExpected(error)) return error;
    throw error;
  });
}
