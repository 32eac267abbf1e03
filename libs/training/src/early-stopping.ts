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

/** How far a held-out loss fell, and after which step it was the higher one. */
export interface LastFall {
  readonly nats: number;
  readonly sinceStep: number;
}

/**
 * How far the last evaluation's held-out loss lies below the lowest of those that are an epoch older or more, or below the first
 * where none is so old; null where the last is not the best, and where there is nothing to compare it with.
 */
export function lastFall(history: readonly HistoryEntry[], epochSteps: number): LastFall | null {
  const known = history.flatMap(({ step, validationLoss }) =>
    validationLoss === null ? [] : [{ step, validationLoss }],
  );
  const last = known.pop();
  if (last === undefined || known.length === 0) return null;
  if (!known.every(({ validationLoss }) => last.validationLoss < validationLoss)) return null;
  const older = known.filter(({ step }) => step <= last.step - epochSteps);
  const least = (older.length === 0 ? known.slice(0, 1) : older).reduce((a, b) =>
    b.validationLoss < a.validationLoss ? b : a,
  );
  return { nats: least.validationLoss - last.validationLoss, sinceStep: least.step };
}

/** Why a run of this history ends before its steps are all closed; null where it does not. */
export function earlyEnd(
  { patience, minDelta }: Pick<RunShape, 'patience' | 'minDelta'>,
  history: readonly HistoryEntry[],
): string | null {
  if (patience === 0 || evaluationsWithoutGain(history, minDelta) < patience) return null;
  const margin = minDelta > 0 ? ` by more than ${minDelta}` : '';
  const evaluations = patience === 1 ? '1 evaluation' : `${patience} evaluations in a row`;
  return `stopped early after step ${history.at(-1)!.step}: the loss did not fall${margin} in ${evaluations}`;
}
