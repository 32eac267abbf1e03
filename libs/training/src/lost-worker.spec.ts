// Goal: what a lost worker held is given to others, and nothing of it is summed twice or left out, whenever it is lost.
// Method: conversations, as in machine.spec.ts.
import { describe, expect, it } from 'vitest';
import { Conversation } from './conversation.js';

const all = [0, 1, 2, 3];

describe('a lost worker', () => {
  it('that has not reported is replaced at once, its micro-batches split over the others', () => {
    const run = Conversation.begun(['a', 'b', 'c'], { microBatchesPerStep: 6, windowsPerEpoch: 12 });
    expect(run.leave('a')).toEqual(['assign b #4 train 0/1 v0 [0]', 'assign c #5 train 0/1 v0 [1]']);
    run.report('c', 3, [4, 5]);
    expect(run.leave('b')).toEqual(['assign c #6 train 0/1 v0 [0,2,3]']);
  });

  it('in mid-transfer is replaced for the ranges that are missing, and the grid is judged again', () => {
    const run = Conversation.accepted();
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
    const run = Conversation.accepted();
    run.range('a', 1, 0);
    run.range('b', 2, 0);
    run.applied([0]);
    run.leave('a');
    run.report('b', 3, [0, 1], { fits: false });
    expect(run.judged(false)).toEqual([
      'withdraw b #2',
      'withdraw b #3',
      'issue 0/2 on own after misfits of b',
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
