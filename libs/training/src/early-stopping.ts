import type { HistoryEntry, RunProgress, RunShape } from './run-state.js';

/**
 * Evaluations since the last gain: since a loss, held-out or else training, that was more than `minDelta` below the best
 * gain before it. The first loss is a gain, NaN never is.
 *
 * It follows from the history alone, so a resumed run counts on, and one that is given more patience goes on. Of more evaluations than
 * a run keeps (`HISTORY_KEPT`) the newest count: the first of these is the first gain then, so what is below it, and not below
 * an older one, counts as a gain too, and the run goes on for longer.
 */
export function evaluationsWithoutGain(history: readonly HistoryEntry[], minDelta: number): number {
  let best = Infinity;
  let without = 0;
  for (const { loss, validationLoss } of history) {
    const deciding = validationLoss ?? loss;
    if (deciding < best - minDelta) {
      best = deciding;
      without = 0;
    } else {
      without += 1;
    }
  }
  return without;
}

/**
 * The evaluation whose loss, held-out or else training, is the run's best; null before the first, and where a run that is as long as
 * `HISTORY_KEPT` evaluations keeps it no more.
 */
export function bestEntry({
  history,
  bestLoss,
}: Pick<RunProgress, 'history' | 'bestLoss'>): HistoryEntry | null {
  return history.find(({ loss, validationLoss }) => (validationLoss ?? loss) === bestLoss) ?? null;
}

/** Why a run of this history ends before its steps are all closed; null where it does not. */
export function earlyEnd(shape: RunShape, history: readonly HistoryEntry[]): string | null {
  const { patience, minDelta } = shape;
  if (patience === 0 || evaluationsWithoutGain(history, minDelta) < patience) return null;
  const margin = minDelta > 0 ? ` by more than ${minDelta}` : '';
  const evaluations = patience === 1 ? '1 evaluation' : `${patience} evaluations in a row`;
  return `stopped early after step ${history.at(-1)!.step}: the loss did not fall${margin} in ${evaluations}`;
}
