import { RandomStream } from '@rocinante/base';
import { describe, expect, it } from 'vitest';
import { deal } from './shares.js';

const even = (count: number): { rate: number; load: number }[] =>
  Array.from({ length: count }, () => ({ rate: 1, load: 0 }));

describe('deal', () => {
  it('gives equal workers equal shares, the rest to the earlier', () => {
    expect(deal(8, even(2))).toEqual([4, 4]);
    expect(deal(8, even(3))).toEqual([3, 3, 2]);
    expect(deal(2, even(3))).toEqual([1, 1, 0]);
  });

  it('gives by speed, and nothing to one that would be last', () => {
    expect(
      deal(8, [
        { rate: 3, load: 0 },
        { rate: 1, load: 0 },
      ]),
    ).toEqual([6, 2]);
    expect(
      deal(8, [
        { rate: 50, load: 0 },
        { rate: 1, load: 0 },
      ]),
    ).toEqual([8, 0]);
  });

  it('gives to the least loaded', () => {
    expect(
      deal(3, [
        { rate: 1, load: 4 },
        { rate: 1, load: 2 },
      ]),
    ).toEqual([1, 2]);
  });

  it('gives one that is to be measured again one micro-batch', () => {
    expect(
      deal(8, [
        { rate: 50, load: 0 },
        { rate: 1, load: 0, probe: true },
      ]),
    ).toEqual([7, 1]);
  });

  it('ends no later than any other way of dealing', () => {
    const random = new RandomStream(1, 'simulation');
    for (let trial = 0; trial < 300; trial++) {
      const rates = [1, 2, 3].map(() => 0.1 + random.uniform());
      const count = 1 + random.integer(8);
      const time = (counts: number[]): number => Math.max(...counts.map((n, index) => n / rates[index]));
      let best = Infinity;
      for (let a = 0; a <= count; a++) {
        for (let b = 0; a + b <= count; b++) best = Math.min(best, time([a, b, count - a - b]));
      }
      expect(
        time(
          deal(
            count,
            rates.map((rate) => ({ rate, load: 0 })),
          ),
        ),
      ).toBe(best);
    }
  });
});
