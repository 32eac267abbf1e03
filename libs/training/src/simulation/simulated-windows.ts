/** Every window of an epoch is applied once: a step has those that follow on the step's before. In no words of the plan's. */
import type { RunShape } from '../run-state.js';

/** A step that is closed, counted from 0, and how many windows it is said to have. */
interface ClosedStep {
  readonly step: number;
  readonly epoch: number;
  readonly windows: number;
}

/**
 * What is wrong with the windows of a closed step; null where nothing is.
 * @param applied the micro-batches of each range's sum, in the order of ranges.
 */
export function wrongWindows(
  { windowsPerEpoch, microBatchesPerStep, windowsPerMicroBatch }: RunShape,
  { step, epoch, windows }: ClosedStep,
  applied: Iterable<Iterable<number>>,
): string | null {
  const batch = microBatchesPerStep * windowsPerMicroBatch;
  let before = step;
  let epochsBefore = 0;
  for (; before * batch >= windowsPerEpoch; epochsBefore += 1) before -= Math.ceil(windowsPerEpoch / batch);
  const wanted = Math.min(windowsPerEpoch - before * batch, batch);
  if (epoch !== epochsBefore) return `step ${step} is closed in epoch ${epoch}, not ${epochsBefore}`;
  if (windows !== wanted) return `step ${step} is closed with ${windows} windows, not ${wanted}`;
  let range = 0;
  for (const microBatches of applied) {
    let sum = 0;
    for (const microBatch of microBatches) {
      sum += Math.min(windowsPerMicroBatch, Math.max(0, wanted - microBatch * windowsPerMicroBatch));
    }
    if (sum !== wanted) return `range ${range} of step ${step} has ${sum} windows of ${wanted}`;
    range += 1;
  }
  return null;
}
