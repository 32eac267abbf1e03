// Goal: a step's rules: grants, the judgement of the grid, losses in mid-transfer, what is not finite, and what counts
// for nothing. Method: conversations, as in machine.spec.ts.
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
        checksum: 0,
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
    const run = Conversation.begun(['a', 'b']);
    run.report('a', 1, [0, 1]);
    run.report('b', 2, [2, 3]);
    run.judged(true);
    run.range('a', 1, 0);
    expect(run.range('b', 2, 0)).toEqual(['add #2 range 0', 'apply 0 of 0/1']);
    run.leave('a');
    run.report('b', 3, [0, 1], { fits: false });
    expect(run.judged(false)).toContain('issue 0/2 on own');
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
    const run = Conversation.begun(['a', 'b']);
    run.report('a', 1, [0, 1]);
    run.report('b', 2, [2, 3]);
    run.judged(true);
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
      'issue 0/2 on own',
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
      'issue 0/2 on own',
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
      'finish failed: step 0 was issued 4 times, and its gradient’s magnitudes were others each time; ' +
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
      'issue 0/2 on previous',
      'assign b #3 train 0/2 v0 [0,1,2,3]',
    ]);
    expect(run.leave('a')).toEqual([]);
  });
});

describe('a lost worker', () => {
  it('that has not reported is replaced at once, its micro-batches split over the others', () => {
    const run = Conversation.begun(['a', 'b', 'c'], { microBatchesPerStep: 6, windowsPerEpoch: 12 });
    expect(run.leave('a')).toEqual(['assign b #4 train 0/1 v0 [0]', 'assign c #5 train 0/1 v0 [1]']);
    run.report('c', 3, [4, 5]);
    expect(run.leave('b')).toEqual(['assign c #6 train 0/1 v0 [0,2,3]']);
  });

  it('in mid-transfer is replaced for the ranges that are missing, and the grid is judged again', () => {
    const run = Conversation.begun(['a', 'b']);
    run.report('a', 1, [0, 1]);
    run.report('b', 2, [2, 3]);
    run.judged(true);
    run.range('a', 1, 0);
    expect(run.range('b', 2, 0)).toEqual(['add #2 range 0', 'apply 0 of 0/1']);
    run.applied([0]);
    expect(run.leave('a')).toEqual(['assign b #3 train 0/1 v0 [0,1] from range 1']);
    expect(run.range('b', 2, 1)).toEqual(['add #2 range 1']);
    expect(run.report('b', 3, [0, 1])).toEqual(['keep #3', 'grant b #3 range 1', 'judge #2 #3']);
    expect(run.judged(true)).toEqual([]);
    expect(run.range('b', 3, 1)).toEqual(['add #3 range 1', 'apply 1 of 0/1']);
    expect(run.applied([1])[0]).toBe('close 0/1 epoch 0 windows 8 loss 0.5075');
  });

  it('whose replacement has other magnitudes sends the step back to its closed state', () => {
    const run = Conversation.begun(['a', 'b']);
    run.report('a', 1, [0, 1]);
    run.report('b', 2, [2, 3]);
    run.judged(true);
    run.range('a', 1, 0);
    run.range('b', 2, 0);
    run.applied([0]);
    run.leave('a');
    run.report('b', 3, [0, 1], { fits: false });
    expect(run.judged(false)).toEqual([
      'withdraw b #2',
      'withdraw b #3',
      'issue 0/2 on own',
      'assign b #4 train 0/2 v0 [0,1,2,3]',
    ]);
    // Nothing of the first issue counts: neither its acceptance nor the range that it applied.
    expect(run.report('b', 4, all)).toEqual([
      'keep #4',
      'grant b #4 range 0',
      'grant b #4 range 1',
      'judge #4',
    ]);
    expect(run.judged(true)).toEqual([]);
    expect(run.range('b', 4, 0)).toEqual(['add #4 range 0', 'apply 0 of 0/2']);
    expect(run.applied([0])).toEqual([]);
    run.range('b', 4, 1);
    expect(run.applied([1])[0]).toBe('close 0/2 epoch 0 windows 8 loss 0.5075');
  });

  it('leaves no acceptance to the next issue', () => {
    const run = Conversation.begun(['a', 'b', 'c'], { microBatchesPerStep: 3, windowsPerEpoch: 6 });
    for (const [index, worker] of ['a', 'b', 'c'].entries()) run.report(worker, index + 1, [index]);
    run.judged(true);
    expect(run.leave('a')).toEqual(['assign b #4 train 0/1 v0 [0]']);
    run.report('b', 4, [0], { fits: false });
    run.judged(false);
    run.join('d');
    run.report('b', 5, [0, 1]);
    run.range('b', 5, 0);
    expect(run.leave('b')).toEqual([
      'assign c #7 train 0/2 v0 [0] from range 1',
      'assign d #8 train 0/2 v0 [1] from range 1',
    ]);
    run.report('c', 6, [2]);
    expect(run.range('c', 6, 0)).toEqual(['add #6 range 0']);
  });

  it('keeps what is summed whole', () => {
    const run = Conversation.begun(['a', 'b']);
    run.report('a', 1, [0, 1]);
    run.range('a', 1, 0);
    run.range('a', 1, 1);
    expect(run.leave('a')).toEqual([]);
    expect(run.report('b', 2, [2, 3])).toContain('judge #1 #2');
  });

  it('leaves ranges that wait for the judgement of its replacement', () => {
    const run = Conversation.begun(['a', 'b', 'c'], { microBatchesPerStep: 3, windowsPerEpoch: 6 });
    run.report('a', 1, [0]);
    run.range('a', 1, 0);
    run.report('b', 2, [1]);
    run.range('b', 2, 0);
    expect(run.leave('a')).toEqual(['assign b #4 train 0/1 v0 [0] from range 1']);
    run.report('c', 3, [2]);
    // Range 0 is whole, and whether its grid is the right one is not known.
    expect(run.range('c', 3, 0)).toEqual(['add #3 range 0']);
    run.report('b', 4, [0]);
    expect(run.judged(true)).toEqual(['apply 0 of 0/1']);
  });

  it('is replaced by groups, each from its own first range', () => {
    const run = Conversation.begun(['a', 'b']);
    run.report('a', 1, [0, 1]);
    run.range('a', 1, 0);
    run.leave('a');
    expect(run.join('c')).toEqual([]);
    expect(run.leave('b')).toEqual([
      'assign c #4 train 0/1 v0 [2,3]',
      'assign c #5 train 0/1 v0 [0,1] from range 1',
    ]);
    expect(run.leave('c')).toEqual([]);
    expect(run.join('d')).toEqual([
      'assign d #6 train 0/1 v0 [2,3]',
      'assign d #7 train 0/1 v0 [0,1] from range 1',
    ]);
    run.report('d', 7, [0, 1]);
    expect(run.report('d', 6, [2, 3])).toEqual(['keep #6', 'grant d #6 range 0', 'judge #6 #7']);
  });
});

describe('what is not finite', () => {
  it('leaves the step, goes alone to another worker, and stands when that one’s is finite', () => {
    const run = Conversation.begun(['a', 'b']);
    expect(run.report('a', 1, [0, 1], { notFinite: [1], fits: false })).toEqual([
      'withdraw a #1',
      'assign b #3 train 0/1 v0 [1]',
      'assign a #4 train 0/1 v0 [0]',
    ]);
    run.report('b', 2, [2, 3]);
    expect(run.report('b', 3, [1])).toEqual([
      'notice a: step 0, micro-batch 1: worker a computed what is not finite, worker b did not; the second result stands',
      'keep #3',
    ]);
    expect(run.report('a', 4, [0])).toContain('judge #2 #3 #4');
  });

  it('and confirmed by another ends the run', () => {
    const run = Conversation.begun(['a', 'b']);
    run.report('a', 1, [0, 1], { notFinite: [1] });
    expect(run.report('b', 3, [1], { notFinite: [1] })).toEqual([
      'finish failed: diverged: step 0, micro-batch 1 has a loss or gradient that is not finite, computed by a and by b',
    ]);
  });

  it('goes to the same worker where it is alone', () => {
    const run = Conversation.begun(['a']);
    expect(run.report('a', 1, all, { notFinite: [2] })).toEqual([
      'withdraw a #1',
      'assign a #2 train 0/1 v0 [2]',
      'assign a #3 train 0/1 v0 [0,1,3]',
    ]);
    expect(run.report('a', 2, [2], { notFinite: [2] })).toEqual([
      'finish failed: diverged: step 0, micro-batch 2 has a loss or gradient that is not finite, computed twice by a',
    ]);
  });

  it('stays alone when the second worker is lost too, and is forgotten once it is cleared', () => {
    const run = Conversation.begun(['a', 'b', 'c']);
    run.report('a', 1, [0, 1], { notFinite: [0] });
    expect(run.leave('b')).toContain('assign c #6 train 0/1 v0 [0]');
    run.report('c', 6, [0]);
    expect(run.leave('c').join()).toContain('[0,'); // No suspect any more: it goes with others.
  });

  it('as a loss that its report calls finite is not believed', () => {
    const run = Conversation.begun(['a']);
    const results = all.map((microBatch) => ({
      microBatch,
      lossSum: microBatch === 3 ? NaN : 1,
      norm: 1,
      finite: true,
      checksum: 0,
    }));
    expect(
      run.say({ type: 'reported', worker: 'a', assignment: 1, results, fits: true, computeSeconds: 1 })[0],
    ).toBe('withdraw a #1');
  });

  it('after Adam leaves the step open and ends the run', () => {
    const run = Conversation.begun(['a']);
    run.report('a', 1, all);
    run.judged(true);
    run.range('a', 1, 0);
    expect(run.applied([0], { finite: false })).toEqual([
      'finish failed: diverged: step 0 would make a parameter or a moment that is not finite',
    ]);
    expect(run.machine.progress.step).toBe(0);
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
