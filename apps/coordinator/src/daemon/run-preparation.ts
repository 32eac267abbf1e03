import { readFile } from 'node:fs/promises';
import type { RunConfig } from '@rocinante/training';
import { encodeText } from '../corpus/encode-thread.js';
import { RunFailedError, UsageError } from '../errors.js';
import {
  checkInitialWeights,
  readInitialWeights,
  type InitialWeights,
} from '../run/checkpoints/first-state.js';
import { prepareRun, type PreparedRun } from '../run/prepared-run.js';
import type { RunDirectory, RunRecord } from '../run/run-directory.js';
import type { ContentStore } from './content-store.js';
import type { StoredRun } from './run-store.js';

export interface Preparation {
  readonly prepared: PreparedRun;
  /** The weights that the run begins with; null for first values from the seed. */
  readonly initial: InitialWeights | null;
}

/**
 * Puts a daemon's run together: its directory, its contents, its text encoded, its newest good checkpoint.
 * @param signal ends the encoding, which takes minutes for a long text.
 * @param refused told of what the run keeps, where what was asked for is refused.
 * @throws {RunFailedError} a content changed on the disk, or the directory cannot be used.
 * @throws {UsageError} and others of `prepareRun`, `readInitialWeights` and `encodeText`.
 */
export async function prepareStoredRun(
  { config, corpus, limits }: StoredRun,
  directory: RunDirectory,
  contents: ContentStore,
  signal: AbortSignal,
  refused: (kept: Pick<RunConfig, 'steps' | 'epochs' | 'earlyStopping'>) => void,
): Promise<Preparation> {
  const record: RunRecord = { version: 1, config, corpus: { source: corpus.name, sha256: corpus.sha256 } };
  const before = directory.use(record);
  const initial = await readInitial(config, contents);
  const path = contents.path(corpus.sha256);
  const text = await encodeText(
    {
      bytes: await readFile(path),
      normalisation: config.text.normalisation,
      subject: `corpus ${corpus.name}`,
      symbols: initial?.vocabulary ?? null,
    },
    signal,
  );
  checkUnchanged(path, corpus.sha256, text.corpus.textSha256);
  try {
    return { prepared: await prepareRun(config, text, limits, directory, before?.config ?? null), initial };
  } catch (error) {
    if (before !== null && error instanceof UsageError) {
      directory.write(before);
      const { steps, epochs, earlyStopping } = before.config;
      refused({ steps, epochs, earlyStopping });
    }
    throw error;
  }
}

async function readInitial(
  config: StoredRun['config'],
  contents: ContentStore,
): Promise<InitialWeights | null> {
  if (config.initFrom === null) return null;
  const path = contents.path(config.initFrom);
  const initial = await readInitialWeights(path);
  checkUnchanged(path, config.initFrom, initial.sha256);
  checkInitialWeights(initial, config);
  return initial;
}

/** @throws {RunFailedError} a content is not what its name says any more. */
function checkUnchanged(path: string, expected: string, received: string): void {
  if (received === expected) return;
  throw new RunFailedError(
    `${path}: expected bytes of SHA-256 ${expected}, received ${received}: they changed on the disk; ` +
      'remove the file, push it again and resume the run',
  );
}
