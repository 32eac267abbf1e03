// Goal: machines of unequal and of changing speed are used for what they are worth, and one that stands still holds the run
// up for a bounded time. Method: runs on a clock of their own, in which computing takes what each worker's pace says.
import { describe, expect, it } from 'vitest';
import { TimedRun } from './timed-run.js';

const shape = { microBatchesPerStep: 16, windowsPerMicroBatch: 4, windowsPerEpoch: 64_000, stepsTotal: 1000 };

describe('unequal machines', () => {
  it('reach 93 % of the sum of their speeds, a worker at half speed beside one at full speed', () => {
    const run = new TimedRun(shape, { fast: 100, slow: 200 });
    run.until(40);
    expect(run.rate(4, 40)).toBeGreaterThan(0.93 * (10 + 5));
    expect(run.ignored).toBe(0);
  });

  it('share a step anew within a few when one slows down', () => {
    const run = new TimedRun(shape, { a: 100, b: 100 });
    run.until(10);
    expect(run.shares[9].get('b')).toBe(8);
    run.worker('b').paceMs = 300;
    run.until(20);
    expect(run.shares[15].get('b')).toBeLessThanOrEqual(5);
    expect(run.rate(16, 20)).toBeGreaterThan(0.8 * (10 + 10 / 3));
  });
});

describe('a worker that stands still for longer than a step', () => {
  const stopped = (seconds: number): TimedRun => {
    const run = new TimedRun(shape, { a: 100, b: 100 });
    run.until(10);
    run.worker('b').stoppedUntil = run.now + 50 + seconds * 1000;
    run.until(80);
    return run;
  };

  it('holds up the step that it was in for three times its length, whatever the stop’s, and none after it', () => {
    for (const seconds of [5, 30]) {
      const run = stopped(seconds);
      const lengths = run.closedAt.slice(1).map((at, index) => at - run.closedAt[index]);
      // Twice what was expected, and the time to compute it again: 800 ms each.
      expect(lengths[9]).toBeGreaterThan(2300);
      expect(lengths[9]).toBeLessThan(2600);
      // The others take what the other worker needs alone.
      for (const length of lengths.slice(10)) expect(length).toBeLessThan(1700);
    }
  });

  it('works on when it is back', () => {
    const run = stopped(5);
    expect(run.shares[10].get('b')).toBeUndefined();
    expect(run.shares[79].get('b')).toBeGreaterThanOrEqual(7);
  });
});
