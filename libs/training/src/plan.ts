/** The arithmetic of a run's length: which windows, micro-batches and epochs a step has. */
import { assert } from '@rocinante/base';
import type { RunProgress, RunShape } from './run-state.js';

/** Steps of an epoch; its last one may be short. */
export function stepsPerEpoch(shape: RunShape): number {
  return Math.ceil(shape.windowsPerEpoch / (shape.microBatchesPerStep * shape.windowsPerMicroBatch));
}

/** The epoch that a step belongs to, counted from 0. */
export function epochOf(shape: RunShape, step: number): number {
  return Math.floor(step / stepsPerEpoch(shape));
}

/** Windows of a step: a batch, or what is left of the epoch. */
export function windowsOf(shape: RunShape, step: number): number {
  const batch = shape.microBatchesPerStep * shape.windowsPerMicroBatch;
  return Math.min(batch, shape.windowsPerEpoch - (step % stepsPerEpoch(shape)) * batch);
}

/** Micro-batches of a step; the last of a short step may itself be short. */
export function microBatchCount(shape: RunShape, step: number): number {
  return Math.ceil(windowsOf(shape, step) / shape.windowsPerMicroBatch);
}

/** Whether the step closed last was an epoch's last. */
export function endsEpoch(shape: RunShape, stepsClosed: number): boolean {
  return stepsClosed > 0 && stepsClosed % stepsPerEpoch(shape) === 0;
}

/**
 * Whether the run stands at an evaluation point that its history does not have: an epoch's end, its own, or a multiple of
 * `evaluateEverySteps`.
 */
export function evaluationDue(shape: RunShape, progress: RunProgress): boolean {
  const { step, history } = progress;
  const { stepsTotal, evaluateEverySteps } = shape;
  const isMultiple = evaluateEverySteps > 0 && step % evaluateEverySteps === 0;
  const atPoint = step > 0 && (endsEpoch(shape, step) || step === stepsTotal || isMultiple);
  return atPoint && history.at(-1)?.step !== step;
}

/**
 * States what a shape must be.
 * @throws {AssertionError} a count is not a whole number in its bounds.
 */
export function checkShape(shape: RunShape): void {
  const least: [keyof RunShape, number][] = [
    ['stepsTotal', 1],
    ['windowsPerEpoch', 1],
    ['microBatchesPerStep', 1],
    ['windowsPerMicroBatch', 1],
    ['evaluationPieces', 0],
    ['evaluationUnits', shape.evaluationPieces > 0 ? 1 : 0],
    ['evaluateEverySteps', 0],
    ['patience', 0],
    ['checkpointEverySteps', 0],
    ['anchorEverySteps', 0],
    ['rangeCount', 1],
    ['minWorkers', 1],
    ['seed', 0],
  ];
  for (const [key, minimum] of least) {
    const value = shape[key];
    assert(
      Number.isSafeInteger(value) && Number(value) >= minimum,
      `${key} is ${minimum} or more, not ${value}`,
    );
  }
  const { auditShare, checkpointIntervalMs, minDelta, spikeFactor } = shape;
  assert(minDelta >= 0, `minDelta is 0 or more, not ${minDelta}`);
  assert(
    checkpointIntervalMs === 'auto' || checkpointIntervalMs >= 0,
    `checkpointIntervalMs is 0 or more, or auto, not ${checkpointIntervalMs}`,
  );
  assert(spikeFactor === 0 || spikeFactor > 1, `spikeFactor is 0 or above 1, not ${spikeFactor}`);
  assert(auditShare >= 0 && auditShare <= 1, `auditShare is 0 to 1, not ${auditShare}`);
}
