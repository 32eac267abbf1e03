import { describe, expect, it } from 'vitest';
import { boundOf, SmoothedBound, type StepBound, type WorkerTimes } from './step-bound.js';

const noPhases = { assign: 0, apply: 0, sum: 0, receive: 0, broadcast: 0, wait: 0 };

/** Workers a, b, c … by how long each computed, and when it reported. */
function workers(...times: [computeSeconds: number, reportedAt: number][]): WorkerTimes[] {
  return times.map(([computeSeconds, reportedAt], index) => ({
    worker: 'abcde'[index],
    computeSeconds,
    reportedAt,
  }));
}

describe('what bounds a step', () => {
  it('is computing where that is the longest part', () => {
    expect(boundOf(10, { ...noPhases, sum: 2, apply: 1 }, workers([6, 7], [6, 7.5]))).toEqual({
      by: 'compute',
    });
  });

  it('is the wire where most of the step is neither computing nor sums and Adam', () => {
    expect(boundOf(10, { ...noPhases, sum: 1, apply: 1, receive: 5 }, workers([3, 4]))).toEqual({
      by: 'wire',
    });
  });

  it('is the coordinator where handing out, sums and Adam are the longest part', () => {
    expect(boundOf(10, { ...noPhases, assign: 1, sum: 2, apply: 2 }, workers([2, 3]))).toEqual({
      by: 'coordinator',
    });
    expect(boundOf(10, { ...noPhases, sum: 3, apply: 2 }, workers([2, 3]))).toEqual({ by: 'coordinator' });
  });

  it('is one worker that computes 1.5 times as long as the median of the others, and that they wait for', () => {
    expect(boundOf(10, noPhases, workers([4, 5], [6, 8], [4, 5]))).toEqual({ by: 'worker', worker: 'b' });
    // Its computing is not so much longer.
    expect(boundOf(10, noPhases, workers([4, 5], [5.9, 8], [4, 5]))).toEqual({ by: 'compute' });
    // Nobody waited: its report came hardly later.
    expect(boundOf(10, noPhases, workers([4, 7.1], [6, 8], [4, 5]))).toEqual({ by: 'compute' });
    // Of an even number of others the median is the mean of the two in the middle: 5.
    expect(boundOf(20, noPhases, workers([4, 5], [6, 7], [7.5, 12]))).toEqual({ by: 'worker', worker: 'c' });
  });

  it('is never a worker that is alone', () => {
    expect(boundOf(10, noPhases, workers([9, 9]))).toEqual({ by: 'compute' });
    expect(boundOf(10, noPhases, [])).toEqual({ by: 'wire' });
  });
});

describe('a smoothed bound', () => {
  const compute: StepBound = { by: 'compute' };
  const wire: StepBound = { by: 'wire' };
  const slow = (worker: string): StepBound => ({ by: 'worker', worker });

  it('stays while two take turns', () => {
    const bound = new SmoothedBound();
    expect(bound.add(compute)).toEqual(compute);
    for (let i = 0; i < 50; i++) {
      expect(bound.add(wire)).toEqual(compute);
      expect(bound.add(compute)).toEqual(compute);
    }
  });

  it('changes when another holds two thirds of the last 15 steps', () => {
    const bound = new SmoothedBound();
    for (let i = 0; i < 40; i++) bound.add(compute);
    for (let i = 0; i < 9; i++) expect(bound.add(wire)).toEqual(compute);
    expect(bound.add(wire)).toEqual(wire);
  });

  it('holds one slow worker for another, and forgets one that is gone', () => {
    const bound = new SmoothedBound();
    for (let i = 0; i < 15; i++) bound.add(slow('a'));
    for (let i = 0; i < 9; i++) expect(bound.add(slow('b'))).toEqual(slow('a'));
    bound.forget('a');
    expect(bound.add(slow('b'))).toEqual(slow('b'));
  });
});
