import { NoGoodCheckpointError } from '@rocinante/checkpoint';
import type { EncodedCorpus } from '@rocinante/corpus';
import { networkLayout } from '@rocinante/model';
import { networkOf, type RunConfig, type RunShape } from '@rocinante/training';
import { refuseBatchBeyondText } from '../batch-fit.js';
import type { EncodedText } from '../corpus/encode-thread.js';
import { UsageError } from '../errors.js';
import { goingOnWith, NOT_PROVEN, type Exactness } from './exactness.js';
import { RunCheckpoints, type LoadedRun } from './checkpoints/run-checkpoints.js';
import { FirstValues } from './first-values/first-values.js';
import { firstValuesBeside } from './first-values/first-values-thread.js';
import type { RunDirectory } from './run-directory.js';
import { stoppedEarlyText, tooShortText } from './no-further.js';
import type { RunLimits } from './run-limits.js';
import { shapeOf } from './run-shape.js';

/** What messages call a run that has a directory of its own. */
const THE_RUN = 'the run';

/** A run that is ready to begin, or to go on. */
export interface PreparedRun {
  readonly config: RunConfig;
  readonly corpus: EncodedCorpus;
  /** The text's most frequent words, for whole-word sampling. */
  readonly words: readonly string[];
  readonly shape: RunShape;
  readonly limits: RunLimits;
  readonly checkpoints: RunCheckpoints;
  /** Where the run goes on; null where it begins. */
  readonly loaded: LoadedRun | null;
  /** What the run begins with, by its seed; null where it goes on, or begins with other weights. */
  readonly firstValues: FirstValues | null;
  /** How exact the run is where it begins or goes on. */
  readonly exactness: Exactness;
  readonly directory: RunDirectory;
  /** The length that the run had before, where it is another now; else null. */
  readonly lengthBefore: RunLength | null;
}

/** How long a whole run is: epochs, or where they are given steps. */
export type RunLength = Pick<RunConfig, 'steps' | 'epochs'>;

/**
 * Puts a run together in its directory.
 * @param before the configuration that the run had, where there may be checkpoints to go on from; else null.
 * @throws {CorpusTooShortError} the text is too short for a window.
 * @throws {UsageError} the run has more steps behind it than it is to have; its length is another one, and early stopping would
 * end it at once; or it begins, and its text has fewer windows than a batch.
 * @throws {NoGoodCheckpointError} there are checkpoints, and none is good.
 */
export async function prepareRun(
  config: RunConfig,
  { corpus, words }: EncodedText,
  limits: RunLimits,
  directory: RunDirectory,
  before: RunConfig | null,
): Promise<PreparedRun> {
  const shape = shapeOf(config, corpus, limits);
  const network = networkOf(config, corpus.vocabulary.size);
  const checkpoints = new RunCheckpoints(
    directory.checkpointsPath,
    {
      config,
      layout: networkLayout(network),
      vocabulary: corpus.vocabulary.symbols,
      corpusSha256: corpus.textSha256,
    },
    limits,
  );
  const loaded = before ? await loadNewest(checkpoints) : null;
  if (loaded === null) refuseBatchBeyondText(config, shape.windowsPerEpoch);
  if (loaded && loaded.progress.step > shape.stepsTotal) {
    const length = { ...config, stepsTotal: shape.stepsTotal };
    throw new UsageError(tooShortText(THE_RUN, length, loaded.progress.step));
  }
  const isAtFirstStep =
    loaded === null || (loaded.progress.step === 0 && loaded.progress.rollbacks.length === 0);
  const exactness = await goingOnWith(loaded?.exactness ?? NOT_PROVEN, directory.eventsPath, isAtFirstStep);
  const sameLength = before?.steps === config.steps && before.epochs === config.epochs;
  const lengthBefore = before === null || sameLength ? null : { steps: before.steps, epochs: before.epochs };
  if (loaded && before && lengthBefore && loaded.progress.step < shape.stepsTotal) {
    const why = stoppedEarlyText(THE_RUN, config, loaded.progress.history, before.earlyStopping);
    if (why !== null) throw new UsageError(why);
  }
  const isSeeded = loaded === null && config.initFrom === null;
  const firstValues = isSeeded
    ? new FirstValues(await firstValuesBeside({ network, seed: config.seed }))
    : null;
  return {
    ...{ config, corpus, words, shape, limits, checkpoints, loaded, firstValues, exactness, directory },
    lengthBefore,
  };
}

/** Null where the run was ended before its first checkpoint, so that it begins. */
async function loadNewest(checkpoints: RunCheckpoints): Promise<LoadedRun | null> {
  try {
    return await checkpoints.load();
  } catch (error) {
    if (error instanceof NoGoodCheckpointError && error.passedOver.length === 0) return null;
    throw error;
  }
}
