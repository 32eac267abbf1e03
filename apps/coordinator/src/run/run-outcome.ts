/** What a run that is done leaves behind: its final weights, a sample of them, and its last line. */
import { bestEntry, lastFall, networkOf, stepsPerEpoch, type RunProgress } from '@rocinante/training';
import { writeWeightsFile } from '@rocinante/weights';
import { drawSample } from './drawn-sample.js';
import { furtherOf } from './exactness.js';
import { WORDS_ENTRY } from './kept-words.js';
import type { LedgerKeeper } from './ledger/ledger-keeper.js';
import type { EventLog } from './log/event-log.js';
import type { LogEntryOf } from './log/log-entries.js';
import type { PreparedRun } from './prepared-run.js';
import type { TrainingRun } from './training-run.js';

/** What a run that is done came to. */
export type RunSummary = LogEntryOf<'summary'>;

/**
 * Writes the final weights, which the ledger records.
 * @param run whose last step is closed.
 * @returns their SHA-256.
 * @throws Node's error where the disk does not take them.
 */
export async function writeFinalWeights(
  { config, corpus, words, directory }: PreparedRun,
  run: Pick<TrainingRun, 'progress' | 'exactness' | 'parameters'>,
  ledger: LedgerKeeper | null,
): Promise<string> {
  const { step } = run.progress;
  const { sha256 } = await writeWeightsFile(directory.finalWeightsPath, {
    network: networkOf(config, corpus.vocabulary.size),
    vocabulary: corpus.vocabulary.symbols,
    normalisation: config.text.normalisation,
    window: config.text.window,
    step,
    configuration: config,
    further: { [WORDS_ENTRY]: JSON.stringify(words), ...furtherOf(run.exactness) },
    parameters: run.parameters,
  });
  await ledger?.weightsWritten(directory.finalWeightsPath, step);
  return sha256;
}

/**
 * Tells the log a sample that a worker draws, or why there is none: that is no reason for a run that is done to fail.
 * @param heardOf as `TrainingRun.sample`: a worker that stands still would be waited for.
 */
export async function tellSample(
  log: EventLog,
  { config, corpus }: PreparedRun,
  run: TrainingRun,
  heardOf: readonly string[],
): Promise<void> {
  try {
    const text = await drawSample(run, config, corpus, heardOf);
    log.write({ event: 'sample', atStep: log.step, text });
  } catch (error) {
    log.noticed(`${(error as Error).message}; ./rocinante sample draws one from the weights`);
  }
}

/** Of the best evaluation so far; null before the first, and a held-out loss also where nothing is held out. */
export function bestOf(progress: RunProgress): Pick<RunSummary, 'bestStep' | 'bestValidationLoss'> {
  const best = bestEntry(progress);
  return { bestStep: best?.step ?? null, bestValidationLoss: best?.validationLoss ?? null };
}

/** Tells the log what the run came to. @param figures what its progress does not have. */
export function tellSummary(
  log: EventLog,
  { config, shape }: PreparedRun,
  progress: RunProgress,
  figures: Pick<RunSummary, 'windowsPerSecond' | 'bytesSent' | 'bytesReceived' | 'weightsSha256'>,
): RunSummary {
  const { step, history } = progress;
  const { epoch, loss, validationLoss } = history.at(-1)!;
  // What comes down over the whole run ends where it ends: going on would raise the rate again.
  const comesDown = config.schedule.kind === 'cosine';
  const fall = comesDown ? null : lastFall(history, stepsPerEpoch(shape));
  const losses = { epoch, loss, validationLoss, ...bestOf(progress), lastFall: fall };
  const summary = { event: 'summary', atStep: step, steps: step, ...losses, ...figures } as const;
  log.write(summary);
  return { time: new Date().toISOString(), ...summary };
}
