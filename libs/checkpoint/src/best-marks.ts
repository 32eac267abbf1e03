/** Which checkpoints say in their header that they are the best: each header is read once, as long as its file is the same. */
import { stat } from 'node:fs/promises';
import { readSafetensorsHeader } from '@rocinante/weights';

/** Files that are remembered, at most; a few dozen bytes each. */
const REMEMBERED_MAX = 20_000;

interface Remembered {
  /** A file that is written anew takes another's place, and has another of these. */
  readonly identity: string;
  readonly isBest: boolean;
}

/** By path, the longest known first. Of the process, since a directory is looked at by one store after another. */
const remembered = new Map<string, Remembered>();

/**
 * Whether a checkpoint's header says that it is the best.
 * @throws {SafetensorsError} it is no sound safetensors file; or Node's error where it cannot be read.
 */
export async function isMarkedBest(path: string): Promise<boolean> {
  const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
  const identity = [dev, ino, size, mtimeNs, ctimeNs].join(' ');
  const known = remembered.get(path);
  if (known?.identity === identity) return known.isBest;
  const { metadata } = await readSafetensorsHeader(path);
  const isBest = metadata['best'] === 'true';
  remembered.delete(path);
  remembered.set(path, { identity, isBest });
  if (remembered.size > REMEMBERED_MAX) remembered.delete(remembered.keys().next().value!);
  return isBest;
}
