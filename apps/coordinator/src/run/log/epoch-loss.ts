import { epochOf, type RunProgress, type RunShape } from '@rocinante/training';

/**
 * What a run's loss is called everywhere: the mean training loss, in nats, of the epoch so far, or where one has just ended of
 * all of it. Null before the first step.
 */
export function epochLoss({ epochLossSum, epochLossWindows, history }: RunProgress): number | null {
  return epochLossWindows > 0 ? epochLossSum / epochLossWindows : (history.at(-1)?.loss ?? null);
}

/** Epochs that a run has begun: 0 before its first step is closed. */
export function epochsBegun(shape: RunShape, { step }: RunProgress): number {
  return step === 0 ? 0 : epochOf(shape, step - 1) + 1;
}
