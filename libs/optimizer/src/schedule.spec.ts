import { AssertionError } from '@rocinante/base';
import { describe, expect, it } from 'vitest';
import { learningRateAt, type Schedule } from './schedule.js';

function rates(schedule: Schedule, stepsTotal: number, learningRate = 0.004): number[] {
  return Array.from({ length: stepsTotal }, (_, step) =>
    learningRateAt(schedule, learningRate, step, stepsTotal),
  );
}

describe('a constant rate', () => {
  it('is the rate, from the first step on', () => {
    expect(rates({ kind: 'constant', warmupSteps: 0 }, 3)).toEqual([0.004, 0.004, 0.004]);
  });

  it('is reached in equal parts over the warm-up', () => {
    expect(rates({ kind: 'constant', warmupSteps: 4 }, 6, 1)).toEqual([0.25, 0.5, 0.75, 1, 1, 1]);
    expect(rates({ kind: 'constant', warmupSteps: 10 }, 2, 1)).toEqual([0.1, 0.2]);
  });
});

describe('a cosine', () => {
  it.each([0, 0.1, 0.3, 1])('goes from the rate to %d of it at the last step, both exactly', (finalShare) => {
    for (const stepsTotal of [2, 3, 100, 1711]) {
      const all = rates({ kind: 'cosine', warmupSteps: 0, finalShare }, stepsTotal);
      expect(all[0]).toBe(0.004);
      expect(all.at(-1)).toBe(0.004 * finalShare);
      all.slice(1).forEach((rate, index) => expect(rate).toBeLessThanOrEqual(all[index]));
    }
  });

  it('is half way down in the middle', () => {
    expect(rates({ kind: 'cosine', warmupSteps: 0, finalShare: 0.2 }, 9, 1)[4]).toBeCloseTo(0.6, 15);
  });

  it('begins where the warm-up ends', () => {
    const all = rates({ kind: 'cosine', warmupSteps: 3, finalShare: 0 }, 7, 1);
    expect(all.slice(0, 3)).toEqual([1 / 3, 2 / 3, 1]);
    expect(all[4]).toBeCloseTo(0.5, 15);
    expect(all[6]).toBe(0);
  });

  it('of a run that ends with its warm-up, or of one step, does not come down', () => {
    expect(rates({ kind: 'cosine', warmupSteps: 3, finalShare: 0 }, 3, 1)).toEqual([1 / 3, 2 / 3, 1]);
    expect(rates({ kind: 'cosine', warmupSteps: 0, finalShare: 0 }, 1, 1)).toEqual([1]);
  });
});

describe('steps', () => {
  it('multiply the rate each so many steps, counted from the last of the warm-up', () => {
    const halves = { kind: 'step', everySteps: 2, factor: 0.5 } as const;
    expect(rates({ ...halves, warmupSteps: 0 }, 6, 1)).toEqual([1, 1, 0.5, 0.5, 0.25, 0.25]);
    expect(rates({ ...halves, warmupSteps: 2 }, 6, 1)).toEqual([0.5, 1, 1, 0.5, 0.5, 0.25]);
  });

  it('multiply one after another', () => {
    const rate = learningRateAt({ kind: 'step', warmupSteps: 0, everySteps: 1, factor: 0.1 }, 0.3, 3, 9);
    expect(rate).toBe(0.3 * 0.1 * 0.1 * 0.1);
  });
});

it('has no rate for a step that the run has not', () => {
  for (const step of [-1, 0.5, 3]) {
    expect(() => learningRateAt({ kind: 'constant', warmupSteps: 0 }, 1, step, 3)).toThrow(AssertionError);
  }
});
