/** Weights as people name them: a weights file, a checkpoint, or a run's directory; anything else is refused with what to give in its place. */
import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { RocinanteError } from '@rocinante/base';
import {
  DamagedCheckpointError,
  DirectoryStore,
  readCheckpointFile,
  type Checkpoint,
} from '@rocinante/checkpoint';
import {
  encodeWeightsFile,
  readSafetensorsHeader,
  readWeightsFile,
  WeightsFileError,
  weightsSha256,
  type Weights,
} from '@rocinante/weights';
import type { WhichWeights } from './client/weights-download.js';
import { shellWord } from './display/shell-word.js';
import { UsageError } from './errors.js';
import { weightsOfCheckpoint } from './run/checkpoints/checkpoint-weights.js';
import { wordsEntry } from './run/kept-words.js';
import { RunDirectory } from './run/run-directory.js';
import { RUN_ID_PATTERN } from './run/run-id.js';

/** Weights that were read, and the file that they are: a checkpoint's are in memory alone. */
export interface NamedWeights extends Weights {
  /** Where they were found: of a run's directory the file in it. */
  readonly path: string;
  /** Of the parameters' bytes, as `train` and `verify` tell it. */
  readonly sha256: string;
  /** Of the whole weights file, as a store of contents names it. */
  readonly contentSha256: string;
  /** Of the text that they learned from, which a checkpoint knows; null of a weights file. */
  readonly textSha256: string | null;
  /** The weights file that a checkpoint's weights would be; null where they are a file. */
  readonly content: Uint8Array | null;
}

/**
 * Reads the weights that a path names.
 * @param which of a run's directory: absent for the final ones.
 * @throws {RocinanteError} as `readWeightsFile` does; where there is nothing of the kind, the line says what to do.
 * @throws {UsageError} `which` was given, and the path is no run's directory; or the run has none such yet.
 */
export async function readNamedWeights(path: string, which?: WhichWeights): Promise<NamedWeights> {
  const run = statSync(path, { throwIfNoEntry: false })?.isDirectory() ? runAt(path) : undefined;
  if (run === undefined) {
    if (which === undefined) return readFileOf(path);
    throw new UsageError(`--which ${which}: expected a run's directory, received ${path}`);
  }
  if (which === 'best' || which === 'newest') return readCheckpointOf(path, run, which);
  if (existsSync(run.finalWeightsPath)) return readFileOf(shownIn(run, run.finalWeightsPath));
  throw new UsageError(`${path}: no final weights yet: ${await adviceForUnfinished(run)}`);
}

async function readFileOf(path: string): Promise<NamedWeights> {
  try {
    if (await isCheckpoint(path)) return inMemory(path, await readCheckpoint(path), runAt(path));
    return { ...(await readWeightsFile(path)), textSha256: null, content: null };
  } catch (cause) {
    if (!(cause instanceof WeightsFileError) || !isAnotherThing(cause)) throw cause;
    const { code, exitCode, message } = cause;
    throw new RocinanteError(code, exitCode, `${message}; ${await adviceFor(path, cause)}`, { cause });
  }
}

async function isCheckpoint(path: string): Promise<boolean> {
  // What is wrong with it the reader of weights says.
  const header = await readSafetensorsHeader(path).catch(() => null);
  return header?.metadata.format === 'rocinante-checkpoint';
}

/** A checkpoint that was named by a person: a damaged one is wrong input. */
async function readCheckpoint(path: string): Promise<Checkpoint> {
  return readCheckpointFile(path).catch((cause: unknown): never => {
    if (!(cause instanceof DamagedCheckpointError)) throw cause;
    throw new UsageError(`${path}: damaged checkpoint: ${cause.reason}`, { cause });
  });
}

async function readCheckpointOf(
  path: string,
  run: RunDirectory,
  which: 'best' | 'newest',
): Promise<NamedWeights> {
  const store = new DirectoryStore(run.checkpointsPath);
  const name = which === 'best' ? await store.best() : (await store.names()).at(-1);
  if (name === undefined) {
    throw new UsageError(`${path}: --which ${which}: that run has no ${which} checkpoint yet`);
  }
  const file = shownIn(run, join(run.checkpointsPath, name));
  return inMemory(file, await readCheckpoint(file), run);
}

function inMemory(path: string, checkpoint: Checkpoint, run: RunDirectory | undefined): NamedWeights {
  // Of its own, so that Adam's moments beside them are let go.
  const parameters = checkpoint.parameters.slice();
  const weights = weightsOfCheckpoint({ ...checkpoint, parameters }, run ? wordsEntry(run) : {});
  const { bytes, contentSha256 } = encodeWeightsFile(weights);
  const { corpusSha256: textSha256 } = checkpoint;
  return { ...weights, path, sha256: weightsSha256(parameters), textSha256, contentSha256, content: bytes };
}

/** The run whose directory a path is, or lies in. */
export function runAt(path: string): RunDirectory | undefined {
  const whole = resolve(path);
  return [whole, dirname(whole), dirname(dirname(whole))]
    .map((folder) => new RunDirectory(folder))
    .find(({ configPath, checkpointsPath }) => existsSync(configPath) && existsSync(checkpointsPath));
}

function shownIn(run: RunDirectory, path: string): string {
  return join(run.shownPath, relative(run.path, path));
}

/** What a path is refused for that leads to no weights file at all, whole or damaged. */
const REASONS: readonly unknown[] = ['ENOENT', 'ENOTDIR', 'SAFETENSORS_NO_FILE', 'SAFETENSORS_HEADER'];

function isAnotherThing({ code, cause }: WeightsFileError): boolean {
  if (code === 'WEIGHTS_FORMAT') return true;
  return code === 'WEIGHTS_UNREADABLE' && REASONS.includes(codeOf(cause));
}

function codeOf(cause: unknown): unknown {
  return (cause as { code?: unknown } | undefined)?.code;
}

async function adviceFor(path: string, { cause }: WeightsFileError): Promise<string> {
  if (codeOf(cause) === 'ENOENT' && RUN_ID_PATTERN.test(path)) return `a coordinator's run: ${pullOf(path)}`;
  const run = runAt(path);
  const isDone = run !== undefined && existsSync(run.finalWeightsPath);
  if (run === undefined || (isDone && resolve(path) === run.finalWeightsPath)) {
    return 'give weights/final.safetensors of a run that is done, or its directory, a checkpoint, or what weights pull wrote';
  }
  return isDone
    ? `the weights of that run are ${shownIn(run, run.finalWeightsPath)}`
    : adviceForUnfinished(run);
}

/** What to give of a run that is not done: one of its checkpoints, where there is one. */
async function adviceForUnfinished(run: RunDirectory): Promise<string> {
  const store = new DirectoryStore(run.checkpointsPath);
  const newest = (await store.names()).at(-1);
  const best = await store.best();
  if (newest !== undefined) {
    const path = shownIn(run, join(run.checkpointsPath, best ?? newest));
    return `that run is not done; its ${best === undefined ? 'newest' : 'best'} checkpoint is ${path}`;
  }
  // A coordinator's may have some elsewhere.
  if (existsSync(join(run.path, 'run.json'))) {
    return pullOf(`${shellWord(basename(run.path))} --which newest`);
  }
  return `that run has weights once it is done: ./rocinante train --resume --run-dir ${shellWord(run.shownPath)}`;
}

function pullOf(what: string): string {
  return `its weights are had with ./rocinante weights pull ${what} --out FILE`;
}
