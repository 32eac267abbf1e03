import { describe, expect, it } from 'vitest';
import { smallShape } from './conversation.js';
import { withEntry, withStep } from './progress.js';
import { noProgress } from './run-state.js';

describe('a closed step', () => {
  it('adds its windows’ loss to the epoch’s, and its issues to the run’s', () => {
    const first = withStep(noProgress, 2, 4, 8);
    expect(first).toEqual({
      ...noProgress,
      step: 1,
      issues: 2,
      epochLossSum: 4,
      epochLossWindows: 8,
      lastLoss: 0.5,
    });
    expect(withStep(first, 1, 6, 3)).toMatchObject({
      step: 2,
      issues: 3,
      epochLossSum: 10,
      epochLossWindows: 11,
      lastLoss: 2,
    });
  });
});

describe('an evaluation point', () => {
  const after = (step: number, bestLoss: number | null = null): typeof noProgress => ({
    ...noProgress,
    step,
    epochLossSum: 6,
    epochLossWindows: 3,
    bestLoss,
  });

  it('at an epoch’s end begins the sums anew', () => {
    const { progress, entry } = withEntry(smallShape, after(2), null);
    expect(entry).toEqual({ step: 2, epoch: 1, loss: 2, validationLoss: null });
    expect(progress).toMatchObject({ epochLossSum: 0, epochLossWindows: 0, history: [entry] });
  });

  it('in the middle of an epoch does not', () => {
    const { progress, entry } = withEntry(smallShape, after(3), 5);
    expect(entry).toEqual({ step: 3, epoch: 2, loss: 2, validationLoss: 5 });
    expect(progress).toMatchObject({ epochLossSum: 6, epochLossWindows: 3, bestLoss: 5 });
  });

  it('is best when its held-out loss, else its training loss, is below all before', () => {
    expect(withEntry(smallShape, after(2), null)).toMatchObject({ best: true, progress: { bestLoss: 2 } });
    expect(withEntry(smallShape, after(2, 2), null)).toMatchObject({
      best: false,
      progress: { bestLoss: 2 },
    });
    expect(withEntry(smallShape, after(2, 1.5), 1)).toMatchObject({ best: true, progress: { bestLoss: 1 } });
    expect(withEntry(smallShape, after(2, 1.5), 1.6)).toMatchObject({
      best: false,
      progress: { bestLoss: 1.5 },
    });
  });

  it('is never best with NaN', () => {
    expect(withEntry(smallShape, after(2), NaN)).toMatchObject({ best: false, progress: { bestLoss: null } });
    expect(withEntry(smallShape, after(2, 3), NaN)).toMatchObject({ best: false, progress: { bestLoss: 3 } });
  });
});
