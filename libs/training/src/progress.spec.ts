import { describe, expect, it } from 'vitest';
import { Conversation, smallShape } from './conversation.js';
import { earlyEnd } from './early-stopping.js';
import { HISTORY_KEPT, withEntry, withStep } from './progress.js';
import { noProgress } from './run-state.js';

describe('the first release’s progress', () => {
  // As that release wrote it into a checkpoint after step 4 of a run with one evaluation.
  const saved =
    '{"step":4,"issues":5,"epochLossSum":12.5,"epochLossWindows":8,"lastLoss":1.5625,' +
    '"history":[{"step":2,"epoch":1,"loss":2,"validationLoss":1.75}],"bestLoss":1.75}';

  it('is one that a run goes on from', () => {
    const progress = { ...noProgress, ...(JSON.parse(saved) as Partial<typeof noProgress>) };
    const shape = { evaluationPieces: 1, evaluationUnits: 4, patience: 1, stepsTotal: 6 };
    const run = new Conversation(shape, progress);
    expect(run.join('a')).toEqual(['assign a #1 evaluate 4/0 v4 [0]']);
    expect(run.evaluated('a', 1, { 0: 6 })).toEqual([
      'record [4,2,1.5625,1.5] best',
      'save 4 evaluation best with 2 entries',
      'issue 4/1 on previous',
      'assign a #2 train 4/1 v4 [0,1,2,3]',
    ]);
  });
});

describe('a closed step', () => {
  it('adds its windows’ loss to the epoch’s, and its issues to the run’s', () => {
    const first = withStep(smallShape, noProgress, 2, 4, 8);
    expect(first).toEqual({
      ...noProgress,
      step: 1,
      issues: 2,
      epochLossSum: 4,
      epochLossWindows: 8,
      lastLoss: 0.5,
      lossLevel: { smoothed: 0.5, lowest: 0.5 },
    });
    expect(withStep(smallShape, first, 1, 6, 3)).toMatchObject({
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

  it('keeps the newest entries, and more where the patience asks for them', () => {
    const history = Array.from({ length: HISTORY_KEPT + 5 }, (_, index) => ({
      step: index + 1,
      epoch: 1,
      loss: index === 4 ? 1 : 2,
      validationLoss: null,
    }));
    const full = { ...after(2, 1), history };
    const kept = withEntry(smallShape, full, 3).progress.history;
    expect([kept.length, kept[0].step, kept.at(-1)!.validationLoss]).toEqual([HISTORY_KEPT, 7, 3]);
    // The last gain was the fifth entry: as many without one as there are behind it.
    const patient = { ...smallShape, patience: HISTORY_KEPT + 1 };
    const [ended, goesOn] = [0, 1].map((more) => {
      const shape = { ...patient, patience: patient.patience + more };
      return earlyEnd(shape, withEntry(shape, full, 3).progress.history);
    });
    expect(ended).toMatch(
      /^stopped early after step 2: the loss did not fall in 10001 evaluations in a row$/,
    );
    expect(goesOn).toBeNull();
  });

  it('is never best with NaN', () => {
    expect(withEntry(smallShape, after(2), NaN)).toMatchObject({ best: false, progress: { bestLoss: null } });
    expect(withEntry(smallShape, after(2, 3), NaN)).toMatchObject({ best: false, progress: { bestLoss: 3 } });
  });
});
