import { describe, expect, it } from 'vitest';
import { Conversation, progressAt, smallShape } from './conversation.js';
import { bestEntry, earlyEnd, evaluationsWithoutGain, lastFall } from './early-stopping.js';
import type { HistoryEntry } from './run-state.js';

/** A history of evaluations at steps 1, 2, …, with these held-out losses. */
function historyOf(...losses: number[]): HistoryEntry[] {
  return losses.map((validationLoss, index) => ({ step: index + 1, epoch: 1, loss: 9, validationLoss }));
}

it('the best evaluation is the first that has the best loss, and is unknown where it is kept no more', () => {
  const history = historyOf(NaN, 3, 2, 2, 4);
  expect(bestEntry({ history, bestLoss: 2 })).toBe(history[2]);
  expect(bestEntry({ history, bestLoss: 1 })).toBeNull();
  expect(bestEntry({ history: [], bestLoss: null })).toBeNull();
  const trained = [3, 2].map((loss, step) => ({ step, epoch: 1, loss, validationLoss: null }));
  expect(bestEntry({ history: trained, bestLoss: 2 })).toBe(trained[1]);
});

it('the last fall is that of the last epoch, and none where another loss was as low', () => {
  expect(lastFall(historyOf(4, 3, 3.5, 2.5, 2.25), 2)).toEqual({ nats: 0.75, sinceStep: 2 });
  expect(lastFall(historyOf(4, 3, 2.5), 100)).toEqual({ nats: 1.5, sinceStep: 1 });
  for (const losses of [[], [3], [3, 2, 2], [2, 3, 2.5], [3, NaN], [NaN, 3]])
    expect(lastFall(historyOf(...losses), 1), losses.join()).toBeNull();
  const trained = [3, 2].map((loss, step) => ({ step, epoch: 1, loss, validationLoss: null }));
  expect(lastFall(trained, 1)).toBeNull();
});

describe('evaluations without a gain', () => {
  it('are those since the last loss below all before', () => {
    const counts = [[], [3], [3, 2], [3, 3], [3, 2, 4, 2.5], [3, 4, 2, 2]].map((losses) =>
      evaluationsWithoutGain(historyOf(...losses), 0),
    );
    expect(counts).toEqual([0, 0, 0, 1, 2, 1]);
  });

  it('go on over gains that are too small, until these add up', () => {
    expect(evaluationsWithoutGain(historyOf(3, 2.75), 0.25)).toBe(1);
    expect(evaluationsWithoutGain(historyOf(3, 2.75, 2.5), 0.25)).toBe(0);
  });

  it('are those that are not numbers', () => {
    expect(evaluationsWithoutGain(historyOf(NaN, NaN), 0)).toBe(2);
    expect(evaluationsWithoutGain(historyOf(NaN, 3, NaN, 2), 0)).toBe(0);
  });

  it('go by the training loss where nothing is held out', () => {
    const history = [5, 4, 4].map((loss, step) => ({ step, epoch: 1, loss, validationLoss: null }));
    expect(evaluationsWithoutGain(history, 0)).toBe(1);
  });
});

describe('an early end', () => {
  it('says why', () => {
    expect(earlyEnd({ ...smallShape, patience: 0 }, historyOf(1, 2, 3))).toBeNull();
    expect(earlyEnd({ ...smallShape, patience: 3 }, historyOf(1, 2, 3))).toBeNull();
    expect(earlyEnd({ ...smallShape, patience: 2 }, historyOf(1, 2, 3))).toBe(
      'stopped early after step 3: the loss did not fall in 2 evaluations in a row',
    );
    expect(earlyEnd({ ...smallShape, patience: 1, minDelta: 0.5 }, historyOf(1, 0.75))).toBe(
      'stopped early after step 2: the loss did not fall by more than 0.5 in 1 evaluation',
    );
  });

  const shape = { evaluateEverySteps: 1, evaluationPieces: 1, evaluationUnits: 1, patience: 2 };
  const progress = { ...progressAt(2, historyOf(0.5, 0.6)), bestLoss: 0.5 };

  it('comes after its evaluation, with the checkpoint of an end, over a resume', () => {
    const run = Conversation.begun(['a'], shape, progress);
    expect(run.closeAlone('a', 1, [0, 1, 2, 3]).slice(1)).toEqual(['assign a #2 evaluate 3/0 v3 [0]']);
    expect(run.evaluated('a', 2, { 0: 0.5 }).slice(1)).toEqual(['save 3 end with 3 entries']);
    const why = 'finish done: stopped early after step 3: the loss did not fall in 2 evaluations in a row';
    expect(run.saved(3)).toEqual([why]);

    const ended = run.machine.progress;
    expect(new Conversation(shape, ended).tick()).toEqual([why]);
    expect(new Conversation({ ...shape, patience: 3 }, ended).join('a')).toContain('issue 3/1 on previous');
  });

  it('does not come where the loss falls', () => {
    const run = Conversation.begun(['a'], shape, progress);
    run.closeAlone('a', 1, [0, 1, 2, 3]);
    expect(run.evaluated('a', 2, { 0: 0.25 })).toEqual([
      `record ${JSON.stringify([3, 2, (8 + 4.06) / 16, 0.25])} best`,
      'save 3 evaluation best with 3 entries',
      'issue 3/1 on previous',
      'assign a #3 train 3/1 v3 [0,1]',
    ]);
  });

  it('waits for a stop’s evaluation to be made up for', () => {
    const run = Conversation.begun(['a'], shape, progress);
    run.stop();
    run.closeAlone('a', 1, [0, 1, 2, 3]);
    expect(run.saved(3)).toEqual(['finish stopped: stopped on request after step 3']);
    expect(new Conversation(shape, run.machine.progress).join('a')).toEqual([
      'assign a #1 evaluate 3/0 v3 [0]',
    ]);
  });
});
