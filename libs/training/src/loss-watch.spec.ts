import { describe, expect, it } from 'vitest';
import { Conversation, progressAt, smallShape } from './conversation.js';
import { isCalm, spikeOf, withLoss } from './loss-watch.js';
import { withStep } from './progress.js';
import { noProgress, type LossLevel, type RunProgress } from './run-state.js';

const shape = {
  ...smallShape,
  spikeFactor: 1.5,
  anchorEverySteps: 10,
  stepsTotal: 1000,
  windowsPerEpoch: 8000,
};

/** The level after these losses. */
function levelOf(losses: readonly number[]): LossLevel {
  return losses.reduce<LossLevel | null>(withLoss, null)!;
}

const at = (losses: readonly number[]): RunProgress => ({ ...noProgress, lossLevel: levelOf(losses) });
const many = (loss: number, count: number): number[] => new Array<number>(count).fill(loss);

describe('a loss', () => {
  it('is smoothed over some 32 steps, from the first on, and its lowest is remembered', () => {
    expect(levelOf([4])).toEqual({ smoothed: 4, lowest: 4 });
    expect(levelOf([4, 0])).toEqual({ smoothed: 3.875, lowest: 3.875 });
    expect(levelOf([4, 0, 8])).toEqual({ smoothed: 3.875 + 4.125 / 32, lowest: 3.875 });
    const { smoothed } = levelOf([...many(1, 100), ...many(2, 32)]);
    expect(smoothed).toBeCloseTo(2 - (31 / 32) ** 32, 12);
  });

  it('spikes where it has risen by the factor, at once or slowly, and not by one hard batch', () => {
    expect(spikeOf(shape, at([...many(2, 50), 17]))).toBeNull();
    expect(spikeOf(shape, at([...many(2, 50), 36]))).toBe(
      'diverged: the loss, smoothed, has risen to 3.063 nats by step 0, from 2.000 at its lowest',
    );
    expect(spikeOf(shape, at([...many(2, 50), ...many(3.1, 70)]))).toBeNull();
    expect(spikeOf(shape, at([...many(2, 50), ...many(3.1, 90)]))).not.toBeNull();
    expect(spikeOf(shape, at([]) && at([2, 3, 2, 3, 2]))).toBeNull();
  });

  it('near 0 spikes by a quarter of a nat, and with factor 0 never', () => {
    expect(spikeOf(shape, at([...many(0.02, 50), ...many(0.2, 500)]))).toBeNull();
    expect(spikeOf(shape, at([...many(0.02, 50), ...many(0.3, 500)]))).not.toBeNull();
    expect(spikeOf({ ...shape, spikeFactor: 0 }, at([1, 1e9]))).toBeNull();
    expect(spikeOf(shape, noProgress)).toBeNull();
  });

  it('is calm to a quarter of the way up to a spike', () => {
    expect(isCalm(shape, { smoothed: 2.25, lowest: 2 })).toBe(true);
    expect(isCalm(shape, { smoothed: 2.26, lowest: 2 })).toBe(false);
    expect(isCalm({ ...shape, spikeFactor: 0 }, { smoothed: 9, lowest: 2 })).toBe(true);
  });
});

describe('a state to go back to', () => {
  const after = (losses: readonly number[]): RunProgress =>
    losses.reduce((progress, loss) => withStep(shape, progress, 1, loss * 8, 8), noProgress);

  it('is the last multiple at which the loss was calm', () => {
    expect(after(many(2, 9)).anchorStep).toBe(0);
    expect(after(many(2, 19)).anchorStep).toBe(10);
    expect(after([...many(2, 10), ...many(4, 9)]).anchorStep).toBe(10);
    expect(after([...many(2, 10), ...many(4, 10)]).anchorStep).toBe(10);
  });

  it('is saved before the next step is issued', () => {
    const longer = { stepsTotal: 9, windowsPerEpoch: 80 };
    const run = Conversation.begun(['a'], { ...longer, anchorEverySteps: 2 }, progressAt(1));
    expect(run.closeAlone('a', 1, [0, 1, 2, 3])).toEqual([
      'close 1/1 epoch 0 windows 8 loss 0.5075',
      'save 2 interval with 0 entries',
      'issue 2/1 on previous',
      'assign a #2 train 2/1 v2 [0,1,2,3]',
    ]);
  });

  it('is waited for where the run diverges while it is being saved', () => {
    const run = Conversation.begun(['a'], { anchorEverySteps: 1, stepsTotal: 9, windowsPerEpoch: 80 });
    run.closeAlone('a', 1, [0, 1, 2, 3]);
    run.report('a', 2, [0, 1, 2, 3]);
    run.judged(true);
    run.range('a', 2, 0);
    expect(run.applied([0], { finite: false })).toEqual([]);
    expect(run.machine.view.phase).toBe('saving');
    expect(run.saved(1)).toEqual([
      'finish diverged: diverged: step 2 would make a parameter or a moment that is not finite',
    ]);
  });
});

describe('a run whose loss spikes', () => {
  it('closes the step and ends, with no checkpoint of it', () => {
    const level = { smoothed: 0.02, lowest: 0.02 };
    const progress = { ...progressAt(1), lossLevel: level };
    const run = Conversation.begun(['a'], { spikeFactor: 1.5, stepsTotal: 9, windowsPerEpoch: 80 }, progress);
    run.report('a', 1, [0, 1, 2, 3], { losses: 20 });
    run.judged(true);
    run.range('a', 1, 0);
    run.applied([0]);
    run.range('a', 1, 1);
    expect(run.applied([1])).toEqual([
      'close 1/1 epoch 0 windows 8 loss 10.0075',
      'finish diverged: diverged: the loss, smoothed, has risen to 0.3321 nats by step 2, from 0.02000 at its lowest',
    ]);
  });
});
