/** Why a run does not go on as it is asked to, and the option by which it would. */
import { earlyEnd, evaluationsWithoutGain, type HistoryEntry, type RunConfig } from '@rocinante/training';

/** How long a whole run is to be, as it was asked for and in steps. */
interface AskedLength extends Pick<RunConfig, 'steps' | 'epochs'> {
  readonly stepsTotal: number;
}

/**
 * What is wrong with a length that is behind a run, by the option that gives one.
 * @param run what it is called: `run r1`. @param taken steps that it has.
 */
export function tooShortText(run: string, { steps, epochs, stepsTotal }: AskedLength, taken: number): string {
  const most = `${run} has ${taken} steps already; expected at least so many, received`;
  if (steps !== null) return `--steps ${steps}: ${most} ${stepsTotal}`;
  const enough = Math.ceil((taken * epochs) / stepsTotal);
  return `--epochs ${epochs}: ${most} ${stepsTotal}; give --epochs ${enough} or more`;
}

/**
 * Why a run that early stopping has ended does not go on, however long it is to be: it would end at once again.
 * @param run what it is called: `run r1`. @returns null where it would go on.
 */
export function stoppedEarlyText(
  run: string,
  { earlyStopping }: Pick<RunConfig, 'earlyStopping'>,
  history: readonly HistoryEntry[],
): string | null {
  if (earlyStopping === null) return null;
  const why = earlyEnd(earlyStopping, history);
  if (why === null) return null;
  const enough = evaluationsWithoutGain(history, earlyStopping.minDelta) + 1;
  return `${run} ${why}; give --patience ${enough} or more`;
}
