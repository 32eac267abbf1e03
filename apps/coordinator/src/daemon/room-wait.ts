import { setTimeout as pause } from 'node:timers/promises';
import { diskDecision, diskMessage, freeBytes, neededBytes } from '../run/disk-space.js';

/** How often a disk that was too full is looked at. */
const LOOK_MS = 1_000;

export interface RoomWait {
  /** Where the run's files lie. */
  readonly path: string;
  readonly parameterCount: number;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
  /** Told once where there is no room, in one line; and once there is. */
  readonly held: (reason: string) => void;
  readonly released: () => void;
}

/** Waits until the disk has room for a run's next checkpoints. Nothing is written meanwhile. */
export async function waitForRoom(wait: RoomWait): Promise<void> {
  const { path, signal } = wait;
  const needed = neededBytes(wait.parameterCount);
  const free = await freeBytes(path);
  if (diskDecision(free, needed, 'starting') === 'go-on') return;
  wait.held(diskMessage(path, free, needed, '--data'));
  while (diskDecision(await freeBytes(path), needed, 'held') !== 'release') {
    signal.throwIfAborted();
    await pause(LOOK_MS, undefined, { signal }).catch(() => undefined);
    signal.throwIfAborted();
  }
  wait.released();
}
