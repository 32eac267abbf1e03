// Goal: a step's rules: grants, the judgement of the grid, Adam's answers, and what counts for nothing. Method:
// conversations, as in machine.spec.ts.
import { describe, expect, it } from 'vitest';
import { Conversation, progressAt } from './conversation.js';

const all = [0, 1, 2, 3];

describe('an issue that fits', () => {
  it('travels by grants in order, two at most, without waiting for other workers, and is applied once judged', () => {
    const run = Conversation.begun(['a', 'b'], { rangeCount: 3 });
    expect(run.report('a', 1, [1, 0])).toEqual(['keep #1', 'grant a #1 range 0', 'grant a #1 range 1']);
    expect(run.range('a', 1, 0)).toEqual(['add #1 range 0', 'grant a #1 range 2']);
    expect(run.report('b', 2, [2, 3])).toEqual([
      'keep #2',
      'grant b #2 range 0',
      'grant b #2 range 1',
      'judge #1 #2',
    ]);
    expect(run.judged(true)).toEqual([]);
    expect(run.range('b', 2, 0)).toEqual(['add #2 range 0', 'grant b #2 range 2', 'apply 0 of 0/1']);
    expect(run.applied([0])).toEqual([]);
    expect(run.range('b', 2, 1)).toEqual(['add #2 range 1']);
    expect(run.range('a', 1, 1)).toEqual(['add #1 range 1', 'apply 1 of 0/1']);
    run.applied([1]);
    run.range('b', 2, 2);
    expect(run.range('a', 1, 2)).toEqual(['add #1 range 2', 'apply 2 of 0/1']);
    expect(run.applied([2])[0]).toBe('close 0/1 epoch 0 windows 8 loss 0.5075');
  });

  it('is applied all at once where the gradient’s norm is wanted first', () => {
    const run = Conversation.begun(['a'], { clips: true });
    run.report('a', 1, all);
    run.judged(true);
    expect(run.range('a', 1, 0)).toEqual(['add #1 range 0']);
    expect(run.range('a', 1, 1)).toEqual(['add #1 range 1', 'apply 0,1 of 0/1']);
    expect(run.applied([0, 1])[0]).toBe('close 0/1 epoch 0 windows 8 loss 0.5075');
  });

  it('adds losses in the order of micro-batches, whoever computed them', () => {
    const losses = [1, 1, 1e16, 0];
    const run = Conversation.begun(['a', 'b']);
    for (const [worker, assignment, from] of [
      ['b', 2, 2],
      ['a', 1, 0],
    ] as const) {
      const results = [from + 1, from].map((microBatch) => ({
        microBatch,
        lossSum: losses[microBatch],
        norm: 1,
        finite: true,
        hash: 0,
      }));
      run.say({ type: 'reported', worker, assignment, results, fits: true, computeSeconds: 1 });
    }
    run.judged(true);
    for (const range of [0, 1]) {
      run.range('a', 1, range);
      run.range('b', 2, range);
      run.applied([range]);
    }
    expect(run.machine.progress.epochLossSum).toBe(1e16 + 2);
  });
});

describe('Adam', () => {
  it('is answered in any order and late, while other ranges arrive', () => {
    const run = Conversation.begun(['a'], { rangeCount: 3 });
    run.report('a', 1, all);
    run.range('a', 1, 0);
    run.range('a', 1, 1);
    expect(run.judged(true)).toEqual(['apply 0,1 of 0/1']);
    expect(run.applied([1])).toEqual([]);
    expect(run.range('a', 1, 2)).toEqual(['add #1 range 2', 'apply 2 of 0/1']);
    expect(run.applied([2])).toEqual([]);
    expect(run.leave('a')).toEqual([]);
    expect(run.applied([0])[0]).toBe('close 0/1 epoch 0 windows 8 loss 0.5075');
    expect(run.applied([0], { step: 0, issue: 1 })).toEqual([]);
  });

  it('of an issue that was given up counts for nothing', () => {
    const run = Conversation.accepted();
    run.range('a', 1, 0);
    expect(run.range('b', 2, 0)).toEqual(['add #2 range 0', 'apply 0 of 0/1']);
    run.leave('a');
    run.report('b', 3, [0, 1], { fits: false });
    expect(run.judged(false)).toContain('issue 0/2 on own after misfits of b');
    expect(run.applied([0], { issue: 1, finite: false })).toEqual([]);
    run.report('b', 4, all);
    run.judged(true);
    run.range('b', 4, 0);
    run.range('b', 4, 1);
    expect(run.applied([0])).toEqual([]);
    expect(run.applied([1], { issue: 1 })).toEqual([]);
    expect(run.applied([1])[0]).toBe('close 0/2 epoch 0 windows 8 loss 0.5075');
  });

  it('that comes after a stop in mid-step changes nothing', () => {
    const run = Conversation.accepted();
    run.range('a', 1, 0);
    run.range('b', 2, 0);
    run.leave('a');
    run.stop();
    run.leave('b');
    expect(run.applied([0], { step: 0, issue: 1 })).toEqual([]);
    expect(run.machine.progress.step).toBe(0);
  });

  it('is answered once for each range', () => {
    const run = Conversation.begun(['a']);
    run.report('a', 1, all);
    run.judged(true);
    run.range('a', 1, 0);
    run.applied([0]);
    expect(() => run.applied([0])).toThrow('applied answers apply, and range 0 was not asked for, or twice');
  });
});

describe('a misfit', () => {
  it('has the step issued again on the grid of its own, and what workers hold withdrawn', () => {
    const run = Conversation.begun(['a', 'b']);
    expect(run.report('a', 1, [0, 1])).toEqual(['keep #1', 'grant a #1 range 0', 'grant a #1 range 1']);
    expect(run.report('b', 2, [2, 3], { fits: false })).toEqual(['keep #2', 'judge #1 #2']);
    expect(run.judged(false)).toEqual([
      'withdraw a #1',
      'withdraw b #2',
      'issue 0/2 on own after misfits of b',
      'assign a #3 train 0/2 v0 [0,1]',
      'assign b #4 train 0/2 v0 [2,3]',
    ]);
    expect(run.range('a', 1, 0)).toEqual(['ignore range a #1: it is not wanted, or not any more']);
    expect(run.report('a', 3, [0, 1])).toEqual(['keep #3', 'grant a #3 range 0', 'grant a #3 range 1']);
    expect(run.report('b', 4, [2, 3])).toContain('judge #3 #4');
    expect(run.judged(true)).toEqual([]);
    for (const range of [0, 1]) {
      run.range('a', 3, range);
      run.range('b', 4, range);
      run.applied([range]);
    }
    expect(run.machine.progress).toMatchObject({ step: 1, issues: 2 });
  });

  it('ends grants, and has a lost worker’s micro-batches computed for their magnitudes only', () => {
    const run = Conversation.begun(['a', 'b', 'c', 'd'], { rangeCount: 3 });
    run.report('a', 1, [0]);
    run.report('b', 2, [1], { fits: false });
    expect(run.range('a', 1, 0)).toEqual(['add #1 range 0']);
    expect(run.report('c', 3, [2])).toEqual(['keep #3']);
    expect(run.leave('c')).toEqual([]);
    expect(run.leave('d')).toEqual(['assign a #5 train 0/1 v0 [3] magnitudes only']);
    expect(run.report('a', 5, [3])).toEqual(['keep #5', 'judge #1 #2 #3 #5']);
    expect(run.judged(false).slice(0, 4)).toEqual([
      'withdraw a #1',
      'withdraw b #2',
      'withdraw a #5',
      'issue 0/2 on own after misfits of b',
    ]);
  });

  it('fails the run when a fifth issue would be needed, and names who computed the last two', () => {
    const run = Conversation.begun(['a', 'b']);
    for (let issue = 1; issue <= 4; issue++) {
      run.report('a', 2 * issue - 1, [0, 1]);
      run.report('b', 2 * issue, [2, 3]);
      if (issue < 4) expect(run.judged(false)).toContain(`issue 0/${issue + 1} on own`);
    }
    expect(run.judged(false)).toEqual([
      'finish failed: step 1 was issued 4 times, and its gradient’s magnitudes were others each time; ' +
        'the last two times it was computed by a, b',
    ]);
  });

  it('that the magnitudes do not bear out dismisses its worker, and the grid stays', () => {
    const run = Conversation.begun(['a', 'b']);
    run.report('a', 1, [0, 1], { fits: false });
    run.report('b', 2, [2, 3]);
    expect(run.judged(true)).toEqual([
      'dismiss a: its report on assignment 1 says of magnitudes that fit the grid that they do not',
      'withdraw b #2',
      'issue 0/2 on previous after misfits of a',
      'assign b #3 train 0/2 v0 [0,1,2,3]',
    ]);
    expect(run.leave('a')).toEqual([]);
  });
});

describe('what counts for nothing', () => {
  it('is ignored, and says why', () => {
    const run = Conversation.begun(['a', 'b'], { rangeCount: 3 });
    expect(run.range('a', 1, 0)).toEqual(['ignore range a #1: range 0 was not granted']);
    expect(run.report('b', 1, [0, 1])).toEqual(["ignore report b #1: it is worker a's"]);
    expect(run.report('a', 9, [0, 1])).toEqual(['ignore report a #9: it is not wanted, or not any more']);
    run.report('a', 1, [0, 1]);
    expect(run.report('a', 1, [0, 1])).toEqual(['ignore report a #1: it was reported before']);
    run.range('a', 1, 0);
    expect(run.range('a', 1, 0)).toEqual([
      'ignore range a #1: range 0 is added already, or was never wanted',
    ]);
    expect(run.range('b', 1, 1)).toEqual(["ignore range b #1: it is worker a's"]);
    expect(run.range('a', 1, NaN)).toEqual(['ignore range a #1: range NaN was not granted']);
    expect(run.evaluated('a', 1, { 0: 1 })).toEqual([
      'ignore evaluation a #1: nothing like it is wanted now',
    ]);
  });

  it('and would leave the step waiting has its worker dismissed', () => {
    const run = Conversation.begun(['a', 'b']);
    expect(run.report('a', 1, [0, 0])).toEqual([
      'ignore report a #1: expected the micro-batches 0, 1, received 0, 0',
      'dismiss a: its report on assignment 1 is wrong: expected the micro-batches 0, 1, received 0, 0',
      'assign b #3 train 0/1 v0 [0,1]',
    ]);
    run.report('b', 2, [2, 3]);
    expect(run.range('b', 2, 1)).toEqual([
      'ignore range b #2: range 1 came before range 0',
      'dismiss b: ranges come in order: range 1 came before range 0',
    ]);
    expect(run.machine.view.workers).toEqual([]);
  });

  it('is what a closed step left behind', () => {
    const run = Conversation.begun(
      ['a'],
      {},
      progressAt(2, [{ step: 2, epoch: 1, loss: 1, validationLoss: null }]),
    );
    expect(run.closeAlone('a', 1, all)[0]).toContain('close 2/1');
    expect(run.range('a', 1, 1)).toEqual(['ignore range a #1: it is not wanted, or not any more']);
  });
});
