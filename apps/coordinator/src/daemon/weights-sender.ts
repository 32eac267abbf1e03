import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DirectoryStore, type Checkpoint } from '@rocinante/checkpoint';
import { quoted } from '@rocinante/base';
import { writeWeightsFile } from '@rocinante/weights';
import { limits, type WeightsChunk } from '@rocinante/wire';
import { UsageError } from '../errors.js';
import { useCheckpoint } from '../run/checkpoints/checkpoint-reading.js';
import { weightsOfCheckpoint } from '../run/checkpoints/checkpoint-weights.js';
import { wordsEntry } from '../run/kept-words.js';
import type { RunDirectory } from '../run/run-directory.js';
import { refuseFullDisk } from '../run/disk-space.js';
import { WrongStateError } from './errors.js';
import type { StoredRun } from './run-store.js';

/** Where weights go: a stream of gRPC's, or an answer of HTTP's. */
export interface WeightsOutlet {
  readonly isGone: boolean;
  /** Waits until there is room for more. */
  send(chunk: WeightsChunk): Promise<void>;
}

/**
 * Sends a run's weights as a safetensors file: the final ones, or those of its best or newest checkpoint.
 * @throws {WrongStateError} there are none yet. @throws {UsageError} it is asked for others.
 * @throws {DiskFullError} a checkpoint's weights, which are written beside first, have no room.
 */
export async function sendWeights(
  outlet: WeightsOutlet,
  run: StoredRun,
  directory: RunDirectory,
  which: string,
): Promise<void> {
  if (which === 'final') {
    const path = directory.finalWeightsPath;
    // A run that goes on for longer has its former weights until it is done again; they are not its final ones.
    if (run.weightsSha256 === null || !existsSync(path)) {
      throw new WrongStateError(run, 'done', '--which newest or best takes a checkpoint');
    }
    return sendFile(outlet, path, run.step);
  }
  if (which !== 'best' && which !== 'newest') {
    throw new UsageError(`which: expected final, best or newest, received ${quoted(which)}`);
  }
  const written = await writeCheckpointWeights(run, directory, which, () => !outlet.isGone);
  if (written === null) return;
  const { path, step } = written;
  try {
    await sendFile(outlet, path, step);
  } finally {
    await rm(path, { force: true });
  }
}

/** Files written in this process's life, so that two that are sent at the same time do not share one. */
let count = 0;

async function writeCheckpointWeights(
  run: StoredRun,
  directory: RunDirectory,
  which: 'best' | 'newest',
  isWanted: () => boolean,
): Promise<{ path: string; step: number } | null> {
  const store = new DirectoryStore(directory.checkpointsPath);
  const names = await store.names();
  const name = which === 'best' ? await store.best() : names.at(-1);
  if (name === undefined) throw new WrongStateError(run, `further on: it has no ${which} checkpoint yet`);
  return useCheckpoint(
    directory.checkpointsPath,
    which === 'best' ? name : null,
    (checkpoint) => writeWeights(checkpoint, directory, which),
    isWanted,
  );
}

async function writeWeights(
  checkpoint: Checkpoint,
  directory: RunDirectory,
  which: 'best' | 'newest',
): Promise<{ path: string; step: number }> {
  const { step, parameters } = checkpoint;
  const weights = weightsOfCheckpoint(checkpoint, wordsEntry(directory));
  await refuseFullDisk(directory.path, '--data', parameters.byteLength);
  const path = join(dirname(directory.finalWeightsPath), `${which}-${step}-${++count}.safetensors`);
  await writeWeightsFile(path, weights);
  return { path, step };
}

async function sendFile(outlet: WeightsOutlet, path: string, step: number): Promise<void> {
  const { size } = await stat(path);
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path)) hash.update(piece as Buffer);
  let first: WeightsChunk = { bytes: size, sha256: hash.digest('hex'), step };
  for await (const piece of createReadStream(path, { highWaterMark: limits.CONTENT_CHUNK_BYTES_MAX })) {
    if (outlet.isGone) return;
    await outlet.send({ ...first, data: piece as Buffer });
    first = {};
  }
}
