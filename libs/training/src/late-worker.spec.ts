// Goal: work that is late is computed by another too, the first report counts, and nothing of it counts twice. Method:
// conversations, as in machine.spec.ts; paces are measured in two steps that two workers share.
import { describe, expect, it } from 'vitest';
import { Conversation } from './conversation.js';
import { LATE_FACTOR } from './roster.js';

/** A run in step 2 in which every worker was measured at two micro-batches a second, and each holds its share. */
function measured(workers: readonly string[], microBatches: number): Conversation {
  const shape = { microBatchesPerStep: microBatches, windowsPerEpoch: 100 * microBatches, stepsTotal: 9 };
  const run = Conversation.begun(workers, shape);
  const share = microBatches / workers.length;
  for (let step = 0; step < 2; step++) {
    run.at += share * 500;
    run.closeTogether(workers, 1 + step * workers.length, microBatches, share / 2);
  }
  return run;
}

/** When a worker that was given so many micro-batches at the run's present time is late. */
const lateAt = (run: Conversation, microBatches: number): number => run.at + LATE_FACTOR * microBatches * 500;

describe('a late worker', () => {
  it('is raced by those that have nothing to do, and withdrawn when one of them reports first', () => {
    const run = measured(['a', 'b', 'c'], 6);
    const due = lateAt(run, 2);
    expect(run.machine.wakeAt).toBe(due);
    run.at += 1000;
    run.report('b', 8, [2, 3]);
    run.send('b', 8);
    expect(run.report('c', 9, [4, 5])).not.toContain('late a #7 [0,1]');
    run.send('c', 9);
    expect(run.machine.wakeAt).toBe(due);
    expect(run.tick(due - 1)).toEqual([]);
    expect(run.tick(due)).toEqual([
      'late a #7 [0,1]',
      'assign b #10 train 2/1 v2 [0]',
      'assign c #11 train 2/1 v2 [1]',
    ]);
    // Once only: it is raced already.
    expect(run.tick(due + 1)).toEqual([]);
    // The first report takes its micro-batches; what no other computes of the rest stays with its rival.
    expect(run.report('b', 10, [0])).toEqual([
      'withdraw a #7',
      'keep #10',
      'grant b #10 range 0',
      'grant b #10 range 1',
    ]);
    expect(run.report('c', 11, [1]).slice(-1)).toEqual(['judge #8 #9 #10 #11']);
    expect(run.report('a', 7, [0, 1])).toEqual(['ignore report a #7: it is not wanted, or not any more']);
    expect(run.range('a', 7, 0)).toEqual(['ignore range a #7: it is not wanted, or not any more']);
  });

  it('that reports before its rivals keeps what it has', () => {
    const run = measured(['a', 'b'], 4);
    const due = lateAt(run, 2);
    run.report('b', 6, [2, 3]);
    run.range('b', 6, 0);
    run.range('b', 6, 1);
    expect(run.tick(due)).toEqual(['late a #5 [0,1]', 'assign b #7 train 2/1 v2 [0,1]']);
    expect(run.report('a', 5, [0, 1])).toEqual([
      'withdraw b #7',
      'keep #5',
      'grant a #5 range 0',
      'grant a #5 range 1',
      'judge #5 #6',
    ]);
    expect(run.report('b', 7, [0, 1])).toEqual(['ignore report b #7: it is not wanted, or not any more']);
  });

  it('is not raced by those that compute themselves, however late it is', () => {
    const run = measured(['a', 'b'], 4);
    expect(run.tick(lateAt(run, 2) + 60_000)).toEqual([]);
    expect(run.machine.wakeAt).toBeNull();
    expect(run.report('b', 6, [2, 3]).slice(-2)).toEqual([
      'late a #5 [0,1]',
      'assign b #7 train 2/1 v2 [0,1]',
    ]);
  });

  it('is lost while it is raced: its rival goes on alone', () => {
    const run = measured(['a', 'b'], 4);
    const due = lateAt(run, 2);
    run.report('b', 6, [2, 3]);
    run.send('b', 6);
    run.tick(due);
    expect(run.leave('a')).toEqual([]);
    expect(run.report('b', 7, [0, 1])).toContain('judge #6 #7');
  });

  it('gets no more work, and loses what it has to the first rival that reports, though another is lost', () => {
    const run = measured(['a', 'b', 'c'], 6);
    const due = lateAt(run, 2);
    run.report('b', 8, [2, 3]);
    run.report('c', 9, [4, 5]);
    run.send('c', 9);
    run.at = due - 1;
    run.range('b', 8, 0);
    run.tick(due);
    // A late one is given nothing more; and c has work of its own now.
    expect(run.leave('b')).toEqual(['assign c #12 train 2/1 v2 [2,3] from range 1']);
    expect(run.report('c', 11, [1])).toContain('withdraw a #7');
  });

  it('is let go when its rival is late too, and that one is raced', () => {
    const run = measured(['a', 'b', 'c'], 3);
    const due = lateAt(run, 1);
    run.report('b', 8, [1], { seconds: 0.5 });
    run.send('b', 8);
    expect(run.tick(due)).toEqual(['late a #7 [0]', 'assign b #10 train 2/1 v2 [0]']);
    run.report('c', 9, [2], { seconds: 0.5 });
    run.send('c', 9);
    expect(run.tick(2 * due + 2000)).toEqual([
      'withdraw a #7',
      'late b #10 [0]',
      'assign c #11 train 2/1 v2 [0]',
    ]);
    expect(run.report('c', 11, [0]).slice(0, 2)).toEqual(['withdraw b #10', 'keep #11']);
  });

  it('gets no work that others wait for until it is heard of, and then works on', () => {
    const run = measured(['a', 'b'], 4);
    run.report('b', 6, [2, 3]);
    run.send('b', 6);
    run.tick(lateAt(run, 2));
    run.at += 1000;
    run.report('b', 7, [0, 1]);
    run.judged(true);
    for (const range of [0, 1]) {
      run.range('b', 7, range);
      run.applied([range]);
    }
    // A micro-batch that it is asked for enters no sum, and is withdrawn when the step ends without it.
    run.report('b', 8, [0, 1, 2, 3]);
    run.judged(true);
    run.range('b', 8, 0);
    run.applied([0]);
    run.range('b', 8, 1);
    expect(run.applied([1])).toEqual([
      'withdraw a #9',
      'close 3/1 epoch 0 windows 8 loss 0.5075',
      'issue 4/1 on previous',
      'assign b #10 train 4/1 v4 [0,1,2,3]',
      'assign a #11 audit 4/1 v4 [0]',
    ]);
    expect(run.report('a', 11, [0], { seconds: 0.5 })).toEqual([]);
    expect(run.leave('b')).toEqual(['assign a #12 train 4/1 v4 [0,1,2,3]']);
  });
});

describe('a late evaluation', () => {
  it('is raced like a late micro-batch, by the pace of evaluations', () => {
    const shape = { evaluationPieces: 2, evaluationUnits: 2, stepsTotal: 8, windowsPerEpoch: 8 };
    const run = Conversation.begun(['a', 'b'], shape);
    // Every step is an epoch; each evaluation has one piece for either worker.
    run.closeTogether(['a', 'b'], 1, 4);
    run.at = 1000;
    run.evaluated('a', 3, { 0: 1 });
    run.evaluated('b', 4, { 1: 1 });
    run.saved(1);
    run.closeTogether(['a', 'b'], 5, 4);
    run.evaluated('a', 7, { 0: 1 });
    expect(run.tick(1000 + LATE_FACTOR * 1000 - 1)).toEqual([]);
    expect(run.tick(run.at + 1)).toEqual(['late b #8 [1]', 'assign a #9 evaluate 2/0 v2 [1]']);
    expect(run.evaluated('a', 9, { 1: 3 })[0]).toBe('withdraw b #8');
    expect(run.machine.progress.history.at(-1)?.validationLoss).toBe(2);
    expect(run.evaluated('b', 8, { 1: 7 })).toEqual([
      'ignore evaluation b #8: nothing like it is wanted now',
    ]);
  });
});
