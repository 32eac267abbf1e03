/** Weights files as people name them: what is another kind of file is refused with what to give in its place. */
import { existsSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { RocinanteError } from '@rocinante/base';
import { readWeightsFile, WeightsFileError } from '@rocinante/weights';
import { shellWord } from './display/shell-word.js';
import { RunDirectory } from './run/run-directory.js';
import { RUN_ID_PATTERN } from './run/run-id.js';

/**
 * Reads a weights file.
 * @throws {RocinanteError} as `readWeightsFile` does; where there is no such file, or it is of another kind, such as a
 * checkpoint or a run's directory, the line says what to do.
 */
export async function readNamedWeights(path: string): ReturnType<typeof readWeightsFile> {
  try {
    return await readWeightsFile(path);
  } catch (cause) {
    if (!(cause instanceof WeightsFileError) || !isAnotherThing(cause)) throw cause;
    const { code, exitCode, message } = cause;
    throw new RocinanteError(code, exitCode, `${message}; ${adviceFor(path, cause)}`, { cause });
  }
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

function adviceFor(path: string, { cause }: WeightsFileError): string {
  if (codeOf(cause) === 'ENOENT' && RUN_ID_PATTERN.test(path)) return `a coordinator's run: ${pullOf(path)}`;
  const run = [path, dirname(path), dirname(dirname(path))]
    .map((folder) => new RunDirectory(folder))
    .find(({ configPath, checkpointsPath }) => existsSync(configPath) && existsSync(checkpointsPath));
  const isDone = run !== undefined && existsSync(run.finalWeightsPath);
  if (run === undefined || (isDone && resolve(path) === run.finalWeightsPath)) {
    return 'give weights/final.safetensors of a run that is done, or what weights pull wrote';
  }
  const { shownPath } = run;
  if (isDone)
    return `the weights of that run are ${join(shownPath, relative(run.path, run.finalWeightsPath))}`;
  // A coordinator's, which gives weights of checkpoints too.
  if (existsSync(join(run.path, 'run.json')))
    return pullOf(`${shellWord(basename(run.path))} --which newest`);
  return `that run has weights once it is done: ./rocinante train --resume --run-dir ${shellWord(shownPath)}`;
}

function pullOf(what: string): string {
  return `its weights are had with ./rocinante weights pull ${what} --out FILE`;
}
