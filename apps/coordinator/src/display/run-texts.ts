import { heldOutShown } from '../loss-units.js';
import type { LogEntryOf } from '../run/log/log-entries.js';
import { unfinishedWarmUpLine } from '../run/warm-up.js';
import { counted, grouped } from './quantities.js';

/** What is going to happen, before it does. */
export function openingLines(started: LogEntryOf<'started'>): string[] {
  const { characters, symbols, windowsPerEpoch, window, heldOutSymbols, units, parameters } = started;
  const { stepsTotal, batch, microBatch, checkpoint, atStep, warmUp } = started;
  const unfinished = warmUp && unfinishedWarmUpLine(warmUp, stepsTotal);
  return [
    `text: ${counted(characters, 'character')}, ${counted(symbols, 'symbol')}; ${counted(windowsPerEpoch, 'window')} of ${window}` +
      (heldOutSymbols > 0 ? `, ${counted(heldOutSymbols, 'character')} held out` : ''),
    `network: LSTM layers of ${units.join(', ')} units, ${grouped(parameters)} parameters` +
      precisionText(started),
    `${counted(stepsTotal, 'step')} of ${counted(batch, 'window')} in micro-batches of ${microBatch}`,
    ...(unfinished === null ? [] : [unfinished]),
    ...(checkpoint === null ? [] : [`going on from ${checkpoint}`]),
    ...(atStep >= stepsTotal ? ['all its steps are done already'] : []),
  ];
}

/** What is to be said of a run's precision behind what it is: nothing of float32, which is everybody's. */
export function precisionText({ precision }: Pick<LogEntryOf<'started'>, 'precision'>): string {
  return precision === null || precision === 'float32' ? '' : `, in precision ${precision}`;
}

/**
 * How far a step is in its epoch: `epoch 2/4`, and where the run ends within an epoch, so that there is no such number in
 * all, `epoch 1 (9 %)`.
 */
export function epochText(
  { step, epoch }: Pick<LogEntryOf<'step'>, 'step' | 'epoch'>,
  { stepsTotal, stepsPerEpoch }: Pick<LogEntryOf<'started'>, 'stepsTotal' | 'stepsPerEpoch'>,
): string {
  if (stepsTotal % stepsPerEpoch === 0) return `epoch ${epoch}/${stepsTotal / stepsPerEpoch}`;
  const steps = step - (epoch - 1) * stepsPerEpoch;
  return `epoch ${epoch} (${Math.floor((100 * steps) / stepsPerEpoch)} %)`;
}

/**
 * How a run that was stopped goes on. Behind its last step it was stopped before its last evaluation, for nothing else comes there.
 * @param command what resumes it.
 */
export function goOnText(
  { step, stepsTotal }: { readonly step: number; readonly stepsTotal: number },
  command: string,
): string {
  return stepsTotal === 0 || step < stepsTotal
    ? `go on with: ${command}`
    : `that was its last step, and what is left is to evaluate it and to write the weights: ${command}`;
}

/** What a run that is done came to: the figures of its `summary` entry. */
export type RunFigures = Pick<
  LogEntryOf<'summary'>,
  'steps' | 'loss' | 'validationLoss' | 'windowsPerSecond' | 'weightsSha256'
>;

/**
 * What came of a run that is done, for a person.
 * @param further what else is to be said of its steps: `2 steps issued again`.
 * @param ending lines about how it ended, as `endingLines` makes them.
 * @param weights where the weights are, or how to get them.
 * @param sample null where none was made.
 */
export function closingText(
  figures: RunFigures,
  texts: {
    further: readonly string[];
    ending: readonly string[];
    weights: string;
    sample: string | null;
  },
): string {
  const { steps, loss, validationLoss, windowsPerSecond, weightsSha256 } = figures;
  const facts = [
    counted(steps, 'step'),
    `loss ${loss.toFixed(4)}`,
    ...(validationLoss === null ? [] : [`held-out loss ${heldOutShown(validationLoss)}`]),
    ...(windowsPerSecond === null ? [] : [`${windowsPerSecond.toFixed(1)} windows/s`]),
    ...texts.further,
  ];
  const lines = [
    `done: ${facts.join(', ')}`,
    ...texts.ending,
    `weights: ${texts.weights} (its parameters’ SHA-256: ${weightsSha256})`,
  ];
  if (texts.sample !== null) lines.push('', 'a sample:', texts.sample);
  return `${lines.join('\n')}\n`;
}

/** What is typed of a run that is done; of one afar what a coordinator's takes. */
export interface EndCommands {
  /** What goes on with it; a length is put behind. */
  readonly resume: string;
  /** What has its best weights. */
  readonly best: string;
}

/** Share of a held-out loss by which it fell in the last epoch, above which a longer run is worth a thought. */
const STILL_FALLING = 0.01;

/**
 * What is to be said of an end that is not the run's whole length, or not its best, or came while the loss fell.
 * @param started the length that it had; null where that is not known.
 * @param reason what ended the run; null where it is not known.
 * @param commands what a line names.
 */
export function endingLines(
  summary: Pick<LogEntryOf<'summary'>, 'steps' | 'bestStep' | 'bestValidationLoss' | 'lastFall'>,
  started: Pick<LogEntryOf<'started'>, 'stepsTotal' | 'stepsPerEpoch'> | null,
  reason: string | null,
  commands: EndCommands,
): string[] {
  const { steps, bestStep, bestValidationLoss } = summary;
  const isEarly = started !== null && steps < started.stepsTotal;
  const best =
    bestValidationLoss === null ? 'the lowest loss' : `held-out loss ${heldOutShown(bestValidationLoss)}`;
  return [
    ...(isEarly && reason !== null ? [reason] : []),
    ...(bestStep === null || bestStep === steps
      ? []
      : [`best: ${best} at step ${grouped(bestStep)}; its weights: ${commands.best}`]),
    ...(started === null || isEarly ? [] : stillFallingLines(summary, started, commands)),
  ];
}

/** That the loss still fell at the end of the run's length, and what goes on: a run of twice that length. */
function stillFallingLines(
  { bestValidationLoss, lastFall }: Pick<LogEntryOf<'summary'>, 'bestValidationLoss' | 'lastFall'>,
  { stepsTotal, stepsPerEpoch }: Pick<LogEntryOf<'started'>, 'stepsTotal' | 'stepsPerEpoch'>,
  { resume }: EndCommands,
): string[] {
  if (lastFall === null || bestValidationLoss === null) return [];
  const { nats, sinceStep } = lastFall;
  if (nats < STILL_FALLING * bestValidationLoss) return [];
  const longer =
    stepsTotal % stepsPerEpoch === 0
      ? `--epochs ${(2 * stepsTotal) / stepsPerEpoch}`
      : `--steps ${2 * stepsTotal}`;
  return [
    `the held-out loss was still falling, by ${nats.toFixed(4)} since step ${grouped(sinceStep)}; go on with: ${resume} ${longer}`,
  ];
}
