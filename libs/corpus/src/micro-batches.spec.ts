import { AssertionError } from '@rocinante/base';
import { describe, expect, it } from 'vitest';
import {
  createBatchPlan,
  microBatchWindows,
  positionOf,
  stepsPerEpoch,
  type BatchPlan,
} from './micro-batches.js';

function planOf(windowCount: number, batch: number, microBatch: number): BatchPlan {
  return createBatchPlan({ windowCount, batch, microBatch, order: 'shuffled' });
}

/** The windows of all micro-batches of an epoch, in order. */
function epochWindows(plan: BatchPlan, seed: number, epoch: number): number[] {
  const steps = stepsPerEpoch(plan);
  return Array.from({ length: steps }, (_, stepInEpoch) => epoch * steps + stepInEpoch).flatMap((step) =>
    Array.from({ length: positionOf(plan, step).microBatchCount }, (_, k) => [
      ...microBatchWindows(plan, seed, step, k),
    ]).flat(),
  );
}

describe('positionOf', () => {
  it('counts steps through the epochs, the last of each being short', () => {
    const plan = planOf(109_463, 64, 8);
    expect(stepsPerEpoch(plan)).toBe(1711);
    const full = { windowCount: 64, microBatchCount: 8 };
    expect(positionOf(plan, 0)).toEqual({ epoch: 0, stepInEpoch: 0, ...full });
    expect(positionOf(plan, 1709)).toEqual({ epoch: 0, stepInEpoch: 1709, ...full });
    expect(positionOf(plan, 1710)).toEqual({
      epoch: 0,
      stepInEpoch: 1710,
      windowCount: 23,
      microBatchCount: 3,
    });
    expect(positionOf(plan, 1711)).toEqual({ epoch: 1, stepInEpoch: 0, ...full });
    expect(positionOf(plan, 1711 * 100 - 1)).toMatchObject({ epoch: 99, stepInEpoch: 1710 });
  });

  it('has one short step where the text is smaller than a batch', () => {
    expect(positionOf(planOf(5, 64, 8), 3)).toEqual({
      epoch: 3,
      stepInEpoch: 0,
      windowCount: 5,
      microBatchCount: 1,
    });
  });
});

describe('microBatchWindows', () => {
  it.each([
    [640, 64, 8],
    [1000, 64, 8],
    [1000, 64, 64],
    [7, 64, 4],
    [1, 1, 1],
  ])('deals each of %i windows once an epoch, batch %i, micro-batch %i', (windowCount, batch, microBatch) => {
    const plan = planOf(windowCount, batch, microBatch);
    for (const epoch of [0, 1, 5]) {
      const windows = epochWindows(plan, 11, epoch);
      expect([...windows].sort((a, b) => a - b)).toEqual(Array.from({ length: windowCount }, (_, i) => i));
    }
  });

  it('differs between epochs and seeds', () => {
    const plan = planOf(1000, 64, 8);
    const orders = [epochWindows(plan, 1, 0), epochWindows(plan, 1, 1), epochWindows(plan, 2, 0)];
    expect(new Set(orders.map((order) => order.join())).size).toBe(3);
  });

  it('deals the same windows to a step whatever its micro-batches', () => {
    const ofStep = (microBatch: number): number[] => epochWindows(planOf(1000, 64, microBatch), 3, 2);
    expect(ofStep(4)).toEqual(ofStep(16));
  });

  it('makes the last micro-batch of an epoch partial', () => {
    const plan = planOf(1000, 64, 8);
    const short = planOf(1003, 64, 8);
    expect(microBatchWindows(plan, 1, 15, 4)).toHaveLength(8);
    expect(microBatchWindows(short, 1, 15, 5)).toHaveLength(3);
    expect(() => microBatchWindows(plan, 1, 15, 5)).toThrow(AssertionError);
  });
});

describe('createBatchPlan', () => {
  it('refuses a batch that is no multiple of the micro-batch, and numbers that are none', () => {
    expect(() => planOf(100, 10, 4)).toThrow(AssertionError);
    expect(() => planOf(0, 8, 4)).toThrow(AssertionError);
    expect(() => planOf(100, 8, 0.5)).toThrow(AssertionError);
  });
});
