/** How a run's progress grows: by closed steps, and by entries of its history. Values are never changed in place. */
import { isCalm, withLoss } from './loss-watch.js';
import { endsEpoch, epochOf } from './plan.js';
import type { HistoryEntry, RunProgress, RunShape } from './run-state.js';

/**
 * The progress after one more step.
 * @param issues how often the step was issued.
 * @param lossSum over the step's windows, in nats, added in the order of micro-batches.
 */
export function withStep(
  shape: RunShape,
  progress: RunProgress,
  issues: number,
  lossSum: number,
  windows: number,
): RunProgress {
  const step = progress.step + 1;
  const lossLevel = withLoss(progress.lossLevel, lossSum / windows);
  const { anchorEverySteps } = shape;
  const isAnchor = anchorEverySteps > 0 && step % anchorEverySteps === 0 && isCalm(shape, lossLevel);
  return {
    ...progress,
    step,
    lossLevel,
    anchorStep: isAnchor ? step : progress.anchorStep,
    issues: progress.issues + issues,
    epochLossSum: progress.epochLossSum + lossSum,
    epochLossWindows: progress.epochLossWindows + windows,
    lastLoss: lossSum / windows,
  };
}

/**
 * Entries of the history that a run goes on with, at the least: it is copied at each evaluation, and handed over at each save.
 * A run that ends early by more patience keeps as many as that asks for.
 */
export const HISTORY_KEPT = 10_000;

/** Entries that a run keeps, at most. @param patience 0 where it does not end early. */
export function entriesKept(patience: number): number {
  return Math.max(HISTORY_KEPT, patience + 1);
}

/** What an evaluation point adds. */
export interface RecordedEntry {
  readonly progress: RunProgress;
  readonly entry: HistoryEntry;
  /** Whether its loss, held-out or else training, is lower than all before. NaN is not. */
  readonly best: boolean;
}

/**
 * The progress after an evaluation point. `validationLoss` is null where nothing is held out. The epoch's sums begin anew only where an epoch ends: a run that ended in the
 * middle of one goes on there when it is given more steps.
 */
export function withEntry(
  shape: RunShape,
  progress: RunProgress,
  validationLoss: number | null,
): RecordedEntry {
  const { step, epochLossSum, epochLossWindows, bestLoss, history } = progress;
  const kept = entriesKept(shape.patience);
  const loss = epochLossSum / epochLossWindows;
  const entry: HistoryEntry = { step, epoch: epochOf(shape, step - 1) + 1, loss, validationLoss };
  const deciding = validationLoss ?? loss;
  const best = bestLoss === null ? !Number.isNaN(deciding) : deciding < bestLoss;
  const sums = endsEpoch(shape, step) ? { epochLossSum: 0, epochLossWindows: 0 } : {};
  return {
    progress: {
      ...progress,
      ...sums,
      history: [...history.slice(Math.max(0, history.length + 1 - kept)), entry],
      bestLoss: best ? deciding : bestLoss,
    },
    entry,
    best,
  };
}
