// Goal: what a worker has reported and does not send is computed by another, who goes on where the first one stopped, and nothing is
// in a sum twice. Method: conversations, as in machine.spec.ts; how long ranges take is measured in two steps, and is no time.
import { describe, expect, it } from 'vitest';
import { Conversation } from './conversation.js';
import { LATE_LEAST_MS, SEND_LATE_FACTOR } from './roster.js';

/** A run in step 2 of two workers, in which a has reported #5 and b #6, and the issue is accepted; b has sent all. */
function unsent(rangeCount = 2): Conversation {
  const shape = { rangeCount, windowsPerEpoch: 800, stepsTotal: 9 };
  const run = Conversation.begun(['a', 'b'], shape);
  for (const first of [1, 3]) {
    run.report('a', first, [0, 1]);
    run.report('b', first + 1, [2, 3]);
    run.judged(true);
    for (let range = 0; range < rangeCount; range++) {
      run.range('a', first, range);
      run.range('b', first + 1, range);
      run.applied([range]);
    }
  }
  // When it was given this step, neither is late in computing yet.
  run.at = 1000;
  run.report('a', 5, [0, 1]);
  run.report('b', 6, [2, 3]);
  run.judged(true);
  for (let range = 0; range < rangeCount; range++) run.range('b', 6, range);
  return run;
}

describe('what was reported and is not sent', () => {
  it('is computed by another, whose report takes its place', () => {
    const run = unsent();
    const due = run.at + LATE_LEAST_MS;
    expect(run.machine.wakeAt).toBe(due);
    expect(run.tick(due - 1)).toEqual([]);
    expect(run.tick(due)).toEqual(['late a #5 [0,1]', 'assign b #7 train 2/1 v2 [0,1]']);
    // Once only: it is raced already.
    expect(run.tick(due + 1)).toEqual([]);
    expect(run.report('b', 7, [0, 1])).toEqual([
      'withdraw a #5',
      'keep #7',
      'grant b #7 range 0',
      'grant b #7 range 1',
      'judge #6 #7',
    ]);
    expect(run.range('a', 5, 0)).toEqual(['ignore range a #5: it is not wanted, or not any more']);
    run.judged(true);
    expect(run.range('b', 7, 0)).toEqual(['add #7 range 0', 'apply 0 of 2/1']);
    run.applied([0]);
    run.range('b', 7, 1);
    // Until it is heard of, nothing is given to a that others wait for.
    expect(run.applied([1])).toEqual([
      'close 2/1 epoch 0 windows 8 loss 0.5075',
      'issue 3/1 on previous',
      'assign b #8 train 3/1 v3 [0,1,2,3]',
      'assign a #9 audit 3/1 v3 [0]',
    ]);
  });

  it('is wanted from the first range on that is missing, by then', () => {
    const run = unsent(4);
    run.range('a', 5, 0);
    expect(run.tick(run.machine.wakeAt!)).toEqual([
      'late a #5 [0,1]',
      'assign b #7 train 2/1 v2 [0,1] from range 1',
    ]);
    run.range('a', 5, 1);
    // Late again when b is done.
    run.at = run.machine.wakeAt!;
    expect(run.report('b', 7, [0, 1]).slice(0, 4)).toEqual([
      'withdraw a #5',
      'keep #7',
      'grant b #7 range 2',
      'grant b #7 range 3',
    ]);
    run.judged(true);
    run.applied([0, 1]);
    expect(run.range('b', 7, 2)).toEqual(['add #7 range 2', 'apply 2 of 2/1']);
    run.range('b', 7, 3);
    expect(run.applied([2, 3])[0]).toBe('close 2/1 epoch 0 windows 8 loss 0.5075');
  });

  it('is raced anew as far as a rival that is gone had it', () => {
    const run = unsent();
    run.join('c');
    const due = run.machine.wakeAt!;
    expect(run.tick(due)).toEqual([
      'late a #5 [0,1]',
      'assign b #7 train 2/1 v2 [0]',
      'assign c #8 train 2/1 v2 [1]',
    ]);
    expect(run.leave('c')).toEqual([]);
    expect(run.join('d')).toEqual(['late a #5 [0,1]', 'assign d #9 train 2/1 v2 [1]']);
    expect(run.tick(due + 1)).toEqual([]);
  });

  it('and comes in time again makes the other’s report void, and is raced again where it stops again', () => {
    const run = unsent(3);
    const due = run.at + LATE_LEAST_MS;
    run.tick(due);
    run.at = due + 10;
    expect(run.range('a', 5, 0)).toEqual(['add #5 range 0', 'grant a #5 range 2', 'apply 0 of 2/1']);
    expect(run.report('b', 7, [0, 1])).toEqual(['withdraw b #7']);
    // The newest measurement has a weight of 0.3.
    const next = run.at + SEND_LATE_FACTOR * 0.3 * (LATE_LEAST_MS + 10);
    expect(run.machine.wakeAt).toBeCloseTo(next, 6);
    expect(run.tick(next + 1)).toEqual(['late a #5 [0,1]', 'assign b #8 train 2/1 v2 [0,1] from range 1']);
    run.range('a', 5, 1);
    expect(run.range('a', 5, 2)).toEqual(['add #5 range 2', 'withdraw b #8', 'apply 2 of 2/1']);
    run.applied([0, 1, 2]);
    expect(run.machine.progress.step).toBe(3);
  });

  it('is not raced by who has ranges of his own to send, nor by who computes', () => {
    const run = Conversation.begun(['a', 'b', 'c'], { microBatchesPerStep: 3, windowsPerEpoch: 600 });
    run.closeTogether(['a', 'b', 'c'], 1, 3);
    run.at = 1000;
    run.report('a', 4, [0]);
    run.report('b', 5, [1]);
    run.range('b', 5, 0);
    run.at += LATE_LEAST_MS - 1;
    expect(run.tick(run.at + 1)).toEqual([]);
    expect(run.range('b', 5, 1)).toEqual(['add #5 range 1', 'late a #4 [0]', 'assign b #7 train 1/1 v1 [0]']);
  });

  it('leaves its worker free to send the next that it has reported', () => {
    const run = Conversation.begun(['a', 'b', 'c'], { microBatchesPerStep: 3, windowsPerEpoch: 600 });
    run.closeTogether(['a', 'b', 'c'], 1, 3);
    run.at = 1000;
    run.report('b', 5, [1]);
    run.send('b', 5);
    run.report('a', 4, [0]);
    expect(run.leave('c')).toEqual(['assign a #7 train 1/1 v1 [2]']);
    expect(run.report('a', 7, [2])).toEqual(['keep #7', 'judge #4 #5 #7']);
    run.judged(true);
    expect(run.tick(run.machine.wakeAt!)).toEqual(['late a #4 [0]', 'assign b #8 train 1/1 v1 [0]']);
    expect(run.report('b', 8, [0])).toEqual([
      'withdraw a #4',
      'keep #8',
      'grant b #8 range 0',
      'grant b #8 range 1',
      'judge #5 #7 #8',
      'grant a #7 range 0',
      'grant a #7 range 1',
    ]);
  });

  it('stays late where the worker loses another that it has reported', () => {
    const run = Conversation.begun(['a', 'b', 'c', 'd'], { microBatchesPerStep: 4, windowsPerEpoch: 800 });
    run.closeTogether(['a', 'b', 'c', 'd'], 1, 4);
    run.at = 1000;
    run.report('a', 5, [0]);
    for (const [index, worker] of ['b', 'c'].entries()) {
      run.report(worker, 6 + index, [1 + index]);
      run.send(worker, 6 + index);
    }
    expect(run.leave('d')).toEqual(['assign a #9 train 1/1 v1 [3]']);
    run.report('a', 9, [3]);
    run.judged(true);
    expect(run.tick(run.machine.wakeAt!)).toEqual([
      'late a #5 [0]',
      'assign b #10 train 1/1 v1 [0]',
      'late a #9 [3]',
      'assign c #11 train 1/1 v1 [3]',
    ]);
    run.at += 10;
    expect(run.report('c', 11, [3])[0]).toBe('withdraw a #9');
    expect(run.machine.isLateInSending('a')).toBe(true);
    expect(run.report('b', 10, [0]).slice(0, 2)).toEqual(['withdraw a #5', 'keep #10']);
  });

  it('is not waited for after a misfit: nothing of the issue will count', () => {
    const run = Conversation.begun(['a', 'b', 'c'], { microBatchesPerStep: 3, windowsPerEpoch: 600 });
    run.closeTogether(['a', 'b', 'c'], 1, 3, 100);
    run.at = 1000;
    run.report('a', 4, [0]);
    run.report('b', 5, [1], { fits: false });
    expect(run.tick(run.at + 10 * LATE_LEAST_MS)).toEqual([]);
  });

  it('and whose worker is lost is its rival’s alone', () => {
    const run = unsent();
    run.tick(run.at + LATE_LEAST_MS);
    expect(run.leave('a')).toEqual([]);
    expect(run.report('b', 7, [0, 1])).toContain('judge #6 #7');
  });

  it('is raced anew where its rival is lost, and by the next where its rival is late too', () => {
    const run = Conversation.begun(['a', 'b', 'c'], { microBatchesPerStep: 3, windowsPerEpoch: 600 });
    for (const first of [1, 4]) run.closeTogether(['a', 'b', 'c'], first, 3);
    run.at = 1000;
    for (const [index, worker] of ['a', 'b', 'c'].entries()) run.report(worker, 7 + index, [index]);
    run.judged(true);
    for (const range of [0, 1]) {
      run.range('b', 8, range);
      run.range('c', 9, range);
    }
    expect(run.tick(1000 + LATE_LEAST_MS)).toEqual(['late a #7 [0]', 'assign b #10 train 2/1 v2 [0]']);
    expect(run.leave('b')).toEqual(['late a #7 [0]', 'assign c #11 train 2/1 v2 [0]']);
    run.join('d');
    expect(run.tick(run.machine.wakeAt!)).toEqual([
      'withdraw a #7',
      'late c #11 [0]',
      'assign d #12 train 2/1 v2 [0]',
    ]);
  });
});

describe('a worker that was not sent its grants', () => {
  /** In step 1 a and b have reported, both were granted their ranges, and neither was told. */
  function untold(): Conversation {
    const run = Conversation.begun(['a', 'b', 'c'], { microBatchesPerStep: 3, windowsPerEpoch: 600 });
    run.closeTogether(['a', 'b', 'c'], 1, 3);
    run.at = 1000;
    run.report('c', 6, [2]);
    run.send('c', 6);
    run.sendsGrants = false;
    run.report('a', 4, [0]);
    run.report('b', 5, [1]);
    run.judged(true);
    return run;
  }

  it('is not late, however long it waits for them', () => {
    const run = untold();
    expect(run.machine.wakeAt).toBeNull();
    expect(run.tick(run.at + 60_000)).toEqual([]);
    expect(run.machine.isLateInSending('a')).toBe(false);
  });

  it('is late from when it was sent the first, and the others are not', () => {
    const run = untold();
    run.at += 60_000;
    run.granted('a', 4, 0);
    run.at += 10;
    run.granted('a', 4, 1);
    expect(run.machine.wakeAt).toBe(run.at - 10 + LATE_LEAST_MS);
    expect(run.tick(run.machine.wakeAt!)).toEqual(['late a #4 [0]', 'assign c #7 train 1/1 v1 [0]']);
    expect(run.machine.isLateInSending('a')).toBe(true);
    expect(run.machine.isLateInSending('b')).toBe(false);
  });

  it('has ranges of its own to send, and races nobody', () => {
    const run = untold();
    run.leave('c');
    run.granted('a', 4, 0);
    expect(run.tick(run.at + LATE_LEAST_MS)).toEqual([]);
    expect(run.machine.isLateInSending('a')).toBe(true);
  });

  it('may send before it is told, or after it is over: that measures nothing', () => {
    const run = untold();
    run.at += 60_000;
    expect(run.range('a', 4, 0)).toEqual(['add #4 range 0']);
    expect(run.granted('a', 4, 0)).toEqual([]);
    expect(run.machine.wakeAt).toBeNull();
    run.leave('b');
    expect(run.granted('b', 5, 0)).toEqual([]);
  });
});

describe('a worker alone', () => {
  it('is waited for, however long it does not send', () => {
    const run = Conversation.begun(['a'], { windowsPerEpoch: 800 });
    run.closeAlone('a', 1, [0, 1, 2, 3]);
    run.report('a', 2, [0, 1, 2, 3]);
    run.judged(true);
    expect(run.tick(run.at + 60_000)).toEqual([]);
    run.range('a', 2, 0);
    run.range('a', 2, 1);
    run.applied([0, 1]);
    expect(run.machine.progress.step).toBe(2);
  });
});
