import { statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { networkLayout } from '@rocinante/model';
import { networkOf, type RunConfig } from '@rocinante/training';
import { DiskFullError } from '../errors.js';

/** Parameters and Adam's two moments, float32. */
const CHECKPOINT_BYTES_A_PARAMETER = 12;
/** Room for a checkpoint's header: vocabulary, configuration, grid, some ten thousand losses. */
const CHECKPOINT_HEADER_BYTES = 1024 ** 2;
/** One is written beside its place while the others are still there; and another, so that it is noticed in time. */
const CHECKPOINTS_AHEAD = 2;
/** What event logs, records and other programs take meanwhile. */
const MARGIN_BYTES = 64 * 1024 ** 2;
/** A run that is held goes on only with so much more, lest it be held and released at every log line. */
const RELEASE_MARGIN_BYTES = 64 * 1024 ** 2;

/** A text's symbols are not known before it is encoded: so many are reckoned with. */
const SYMBOLS_RECKONED = 256;

/** What a run may do about the disk. */
export type DiskDecision = 'go-on' | 'start-refused' | 'hold' | 'release';

/** Whether a file was not written because the disk is full, or this user's share of it. */
export function isDiskFull(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOSPC' || code === 'EDQUOT';
}

/** Bytes that must be free for a run of so many parameters to take its next steps. */
export function neededBytes(parameterCount: number): number {
  const checkpoint = CHECKPOINT_BYTES_A_PARAMETER * parameterCount + CHECKPOINT_HEADER_BYTES;
  return CHECKPOINTS_AHEAD * checkpoint + MARGIN_BYTES;
}

/** Bytes that must be free for a run that is held to go on. */
export function releaseBytes(parameterCount: number): number {
  return neededBytes(parameterCount) + RELEASE_MARGIN_BYTES;
}

/**
 * Bytes that a run needs beside to be taken up: its event log is written anew, without the steps that were lost.
 * @param eventsPath of the log; 0 where there is none.
 */
export function logBytes(eventsPath: string): number {
  return statSync(eventsPath, { throwIfNoEntry: false })?.size ?? 0;
}

/**
 * Decides what follows from the room that is left.
 * @param state what the run does now: it is about to start, takes steps, or is held.
 * @returns `go-on` where nothing changes.
 */
export function diskDecision(
  freeBytes: number,
  neededBytes: number,
  state: 'starting' | 'running' | 'held',
): DiskDecision {
  switch (state) {
    case 'starting':
      return freeBytes < neededBytes ? 'start-refused' : 'go-on';
    case 'running':
      return freeBytes < neededBytes ? 'hold' : 'go-on';
    case 'held':
      return freeBytes < neededBytes + RELEASE_MARGIN_BYTES ? 'go-on' : 'release';
  }
}

/**
 * Why a run is refused or held, in one line.
 * @param option that puts its files elsewhere: `--data`.
 * @param what needs the room, with its verb.
 */
export function diskMessage(
  path: string,
  freeBytes: number,
  neededBytes: number,
  option: string,
  what = 'the next checkpoints need',
): string {
  const [free, needed] = [Math.floor(freeBytes / 1e6), Math.ceil(neededBytes / 1e6)];
  return (
    `disk: ${path} has ${free} MB free, ${what} ${needed} MB; ` +
    `free some space or point ${option} elsewhere`
  );
}

/**
 * Bytes that this process may still write where a path lies, or will lie once it is made; Infinity where that is not told.
 * @throws Node's error where the file system cannot be asked.
 */
export async function freeBytes(path: string): Promise<number> {
  for (let there = resolve(path); ; there = dirname(there)) {
    try {
      const { blocks, bavail, bsize } = await statfs(there);
      // One without blocks, such as /proc, tells nothing of its room.
      return blocks === 0 ? Infinity : bavail * bsize;
    } catch (error) {
      // One that is there and does not answer is not its parent's disk.
      const { code } = error as NodeJS.ErrnoException;
      if ((code !== 'ENOENT' && code !== 'ENOTDIR') || there === dirname(there)) throw error;
    }
  }
}

/**
 * Parameters of a run, by which the room for its checkpoints is reckoned.
 * @param symbols of its text; where it is not encoded yet, more rather than fewer.
 */
export function parametersReckoned(config: RunConfig, symbols = SYMBOLS_RECKONED): number {
  return networkLayout(networkOf(config, symbols)).length;
}

/**
 * Refuses what would fill the disk.
 * @param option that puts the files elsewhere: `--data`.
 * @param bytes of what is to come at once.
 * @param parameterCount of the run that is to be begun; 0 for none.
 * @throws {DiskFullError} there is no room for it, or for the run's checkpoints.
 */
export async function refuseFullDisk(
  path: string,
  option: string,
  bytes: number,
  parameterCount = 0,
): Promise<void> {
  const free = await freeBytes(path);
  const needed = bytes + neededBytes(parameterCount);
  if (diskDecision(free, needed, 'starting') === 'go-on') return;
  throw new DiskFullError(
    diskMessage(path, free, needed, option, parameterCount > 0 ? undefined : 'what comes needs'),
  );
}
