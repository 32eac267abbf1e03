import { describe, expect, it } from 'vitest';
import { smallShape } from './conversation.js';
import { endsEpoch, epochOf, evaluationDue, microBatchCount, stepsPerEpoch, windowsOf } from './plan.js';
import { noProgress } from './run-state.js';

describe('an epoch of 11 windows in steps of 4 micro-batches of 2', () => {
  it('has a full step and a short one, whose last micro-batch is short', () => {
    expect(stepsPerEpoch(smallShape)).toBe(2);
    expect([0, 1, 2, 3].map((step) => windowsOf(smallShape, step))).toEqual([8, 3, 8, 3]);
    expect([0, 1, 2, 3].map((step) => microBatchCount(smallShape, step))).toEqual([4, 2, 4, 2]);
    expect([0, 1, 2, 3].map((step) => epochOf(smallShape, step))).toEqual([0, 0, 1, 1]);
    expect([0, 1, 2, 3, 4].map((closed) => endsEpoch(smallShape, closed))).toEqual([
      false,
      false,
      true,
      false,
      true,
    ]);
  });
});

describe('epochs of any size', () => {
  it('have all their windows in their steps', () => {
    for (let windowsPerEpoch = 1; windowsPerEpoch <= 40; windowsPerEpoch++) {
      const shape = { ...smallShape, windowsPerEpoch };
      let sum = 0;
      for (let step = 0; step < stepsPerEpoch(shape); step++) sum += windowsOf(shape, step);
      expect(sum).toBe(windowsPerEpoch);
    }
  });
});

describe('an evaluation', () => {
  const entry = { epoch: 1, loss: 1, validationLoss: null };

  it('is due at an epoch’s end and at the run’s, once', () => {
    const due = (step: number, at?: number): boolean =>
      evaluationDue(
        { ...smallShape, stepsTotal: 3 },
        { ...noProgress, step, history: at ? [{ ...entry, step: at }] : [] },
      );
    expect([0, 1, 2, 3].map((step) => due(step))).toEqual([false, false, true, true]);
    expect([due(2, 2), due(3, 2), due(3, 3)]).toEqual([false, true, false]);
  });

  it('is due each so many steps as well', () => {
    const shape = { ...smallShape, windowsPerEpoch: 8 * 5, stepsTotal: 11, evaluateEverySteps: 3 };
    const due = Array.from({ length: 12 }, (_, step) => step).filter((step) =>
      evaluationDue(shape, { ...noProgress, step }),
    );
    expect(due).toEqual([3, 5, 6, 9, 10, 11]);
  });
});
