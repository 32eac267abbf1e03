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
 * Why a run does not go on, however long it is to be: early stopping would end it at once, or has ended it already.
 * @param run what it is called: `run r1`. @param before the early stopping that it had. @returns null where it would go on.
 */
export function stoppedEarlyText(
  run: string,
  { earlyStopping }: Pick<RunConfig, 'earlyStopping'>,
  history: readonly HistoryEntry[],
  before: RunConfig['earlyStopping'],
): string | null {
  const endedBy = (one: RunConfig['earlyStopping']): string | null => one && earlyEnd(one, history);
  const why = endedBy(earlyStopping);
  if (earlyStopping === null || why === null) return null;
  const enough = evaluationsWithoutGain(history, earlyStopping.minDelta) + 1;
  const whyAsked = endedBy(before) === null ? why.replace('stopped early', 'would stop early at once,') : why;
  return `${run} ${whyAsked}; give --patience ${enough} or more`;
}
