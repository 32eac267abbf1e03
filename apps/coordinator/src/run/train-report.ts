import type { EncodedCorpus } from '@rocinante/corpus';
import { networkLayout } from '@rocinante/model';
import { networkOf, type RunConfig, type RunProgress, type RunShape } from '@rocinante/training';
import type { LoadedRun } from './run-checkpoints.js';
import type { RunDirectory } from './run-directory.js';
import type { TrainOptions } from './train.js';

/** The command line's contract: what `train --json` ends with. Losses are in nats. */
export interface TrainSummary {
  readonly steps: number;
  readonly epoch: number;
  /** Mean training loss over the last epoch, or its part that was run; dropout on. */
  readonly loss: number;
  /** Over the held-out windows at the run's end; null where nothing is held out. */
  readonly validationLoss: number | null;
  /** Over all steps of this process but the first two; null where there are no more. */
  readonly windowsPerSecond: number | null;
  /** The coordinator's traffic with its workers, protocol overhead included. */
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** SHA-256 of the parameters' little-endian float32 bytes in layout order. */
  readonly weightsSha256: string;
  readonly runDir: string;
}

/** What of the summary follows from where a run that is done stands. */
export function summarise({
  step,
  history,
}: RunProgress): Pick<TrainSummary, 'steps' | 'epoch' | 'loss' | 'validationLoss'> {
  const { epoch, loss, validationLoss } = history.at(-1)!;
  return { steps: step, epoch, loss, validationLoss };
}

/** What is going to happen, before it does. */
export function openingLines(
  options: TrainOptions,
  run: {
    readonly config: RunConfig;
    readonly corpus: EncodedCorpus;
    readonly shape: RunShape;
    readonly loaded: LoadedRun | null;
    readonly directory: RunDirectory;
  },
): string[] {
  const { config, corpus, shape, loaded, directory } = run;
  const parameters = networkLayout(networkOf(config, corpus.vocabulary.size)).length;
  const layers = config.network.layers.map(({ units }) => units).join(', ');
  const number = (value: number): string => value.toLocaleString('en-US');
  const { workers, threads } = options;
  return [
    `run ${directory.shownPath}`,
    `text: ${number(corpus.ids.length)} characters, ${corpus.vocabulary.size} symbols; ` +
      `${number(shape.windowsPerEpoch)} windows of ${config.text.window}` +
      (shape.evaluationWindows > 0 ? `, ${number(shape.evaluationWindows)} held out` : ''),
    `network: LSTM layers of ${layers} units, ${number(parameters)} parameters`,
    `${number(shape.stepsTotal)} steps of ${config.batch.size} windows in micro-batches of ${config.batch.microBatch}, ` +
      `over ${workers} ${workers === 1 ? 'worker' : 'workers'} with ${threads} ${threads === 1 ? 'thread' : 'threads'} each`,
    ...(loaded?.passedOver ?? []).map(
      ({ name, reason }) => `warning: checkpoint ${name} is damaged (${reason}); the one before it is used`,
    ),
    ...(loaded ? [`going on from ${loaded.name}`] : []),
    ...(options.resume && !loaded ? ['there is no checkpoint: the run begins anew'] : []),
    ...(loaded?.progress.step === shape.stepsTotal ? ['all its steps are done already'] : []),
  ];
}

/** What came of it, for a person. */
export function closingText(summary: TrainSummary, weightsPath: string, sample: string | null): string {
  const { steps, loss, validationLoss, windowsPerSecond, weightsSha256 } = summary;
  const lines = [
    `done: ${steps} steps, loss ${loss.toFixed(4)}` +
      (validationLoss === null ? '' : `, held-out loss ${validationLoss.toFixed(4)}`) +
      (windowsPerSecond === null ? '' : `, ${windowsPerSecond.toFixed(1)} windows/s`),
    `weights: ${weightsPath} (its parameters’ SHA-256: ${weightsSha256})`,
  ];
  if (sample !== null) lines.push('', 'a sample:', sample);
  return `${lines.join('\n')}\n`;
}
