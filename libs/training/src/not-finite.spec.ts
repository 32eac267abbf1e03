// Goal: a micro-batch that is not finite enters no sum, and ends the run only when it is confirmed. Method: conversations,
// as in machine.spec.ts.
import { describe, expect, it } from 'vitest';
import { Conversation } from './conversation.js';

const all = [0, 1, 2, 3];

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
      'keep #3',
      'strike 1 a: step 1, micro-batch 1: worker a computed what is not finite, worker b did not; the second result stands',
    ]);
    expect(run.report('a', 4, [0])).toContain('judge #2 #3 #4');
  });

  it('and confirmed by another ends the run', () => {
    const run = Conversation.begun(['a', 'b']);
    run.report('a', 1, [0, 1], { notFinite: [1] });
    expect(run.report('b', 3, [1], { notFinite: [1] })).toEqual([
      'finish diverged: diverged: step 1, micro-batch 1 has a loss or gradient that is not finite, computed by a and by b',
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
      'finish diverged: diverged: step 1, micro-batch 2 has a loss or gradient that is not finite, computed twice by a',
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
      hash: 0,
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
      'finish diverged: diverged: step 1 would make a parameter or a moment that is not finite',
    ]);
    expect(run.machine.progress.step).toBe(0);
  });
});
