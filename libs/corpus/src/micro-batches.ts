import { assert } from '@rocinante/base';
import { Permutation } from './permutation.js';

/** In which order an epoch visits its windows: `shuffled`, by a permutation of its own. */
export type WindowOrder = 'shuffled';

/** How the windows of an epoch are dealt to steps and micro-batches. */
export interface BatchPlan {
  /** Windows of an epoch: those of the training part. */
  readonly windowCount: number;
  /** Windows of a step: M · m. The epoch's last step may have fewer. */
  readonly batch: number;
  /** m: windows of a micro-batch. The last one of an epoch may have fewer. */
  readonly microBatch: number;
  readonly order: WindowOrder;
}

/** Where a step stands, and how large it is. */
export interface StepPosition {
  /** From 0. */
  readonly epoch: number;
  /** From 0. */
  readonly stepInEpoch: number;
  /** Windows of this step: `batch`, or what is left of the epoch. */
  readonly windowCount: number;
  /** Micro-batches of this step: M, or fewer in the epoch's last step. */
  readonly microBatchCount: number;
}

/** Checks a plan's numbers: positive integers, the batch a multiple of the micro-batch, at most 2^32 windows. */
export function createBatchPlan(plan: BatchPlan): BatchPlan {
  for (const name of ['windowCount', 'batch', 'microBatch'] as const) {
    const value = plan[name];
    assert(Number.isInteger(value) && value > 0, `${name} is a positive integer, not ${value}`);
  }
  assert(
    plan.batch % plan.microBatch === 0,
    `batch ${plan.batch} is not a multiple of micro-batch ${plan.microBatch}`,
  );
  assert(plan.windowCount <= 2 ** 32, `an epoch has at most 2^32 windows, not ${plan.windowCount}`);
  return plan;
}

/** Steps of one epoch, the short one included. */
export function stepsPerEpoch(plan: BatchPlan): number {
  return Math.ceil(plan.windowCount / plan.batch);
}

/** Where a step of the run stands. Steps are counted from 0 through all epochs. */
export function positionOf(plan: BatchPlan, step: number): StepPosition {
  assert(Number.isSafeInteger(step) && step >= 0, `a step is a non-negative integer, not ${step}`);
  const steps = stepsPerEpoch(plan);
  const stepInEpoch = step % steps;
  const windowCount = Math.min(plan.batch, plan.windowCount - stepInEpoch * plan.batch);
  return {
    epoch: Math.floor(step / steps),
    stepInEpoch,
    windowCount,
    microBatchCount: Math.ceil(windowCount / plan.microBatch),
  };
}

/**
 * The windows of micro-batch k, from 0, of a step of the run: a function of (seed, epoch, step, k) alone, so any worker
 * can compute any of them. Over an epoch, each window stands in exactly one.
 */
export function microBatchWindows(plan: BatchPlan, seed: number, step: number, k: number): Uint32Array {
  const { epoch, stepInEpoch, windowCount, microBatchCount } = positionOf(plan, step);
  assert(
    Number.isInteger(k) && k >= 0 && k < microBatchCount,
    `micro-batches of step ${step} are 0 to ${microBatchCount - 1}, not ${k}`,
  );
  const permutation = new Permutation(plan.windowCount, seed, epoch);
  const first = stepInEpoch * plan.batch + k * plan.microBatch;
  const windows = new Uint32Array(Math.min(plan.microBatch, windowCount - k * plan.microBatch));
  for (let i = 0; i < windows.length; i++) windows[i] = permutation.at(first + i);
  return windows;
}
