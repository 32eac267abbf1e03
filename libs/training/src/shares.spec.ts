import { RandomStream } from '@rocinante/base';
import { describe, expect, it } from 'vitest';
import { IDLE_ISSUES_MAX, Roster } from './roster.js';
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

describe('the roster', () => {
  it('averages speeds, the newest most, without a worker’s first, and lends a new one the mean', () => {
    const roster = new Roster();
    for (const worker of ['a', 'b', 'new']) roster.join(worker);
    for (const [worker, seconds] of [
      ['a', 100],
      ['a', 1],
      ['b', 9],
      ['b', 0.5],
      ['b', 1],
    ] as const) {
      roster.measure(worker, 4, seconds);
    }
    const rates = roster.candidates(new Map()).map(({ rate }) => rate);
    expect(rates[0]).toBe(4);
    expect(rates[1]).toBeCloseTo(8 - 0.3 * 4, 12);
    expect(rates[2]).toBeCloseTo((4 + 6.8) / 2, 12);
  });

  it('does not believe a time that cannot be', () => {
    const roster = new Roster();
    roster.join('a');
    for (const seconds of [1, 0, -1, NaN, Infinity]) roster.measure('a', 1, seconds);
    expect(roster.speeds()).toEqual([{ worker: 'a', microBatchesPerSecond: null }]);
  });

  it('measures one again that was left without work for long', () => {
    const roster = new Roster();
    roster.join('a');
    for (let issue = 0; issue < IDLE_ISSUES_MAX; issue++) roster.countIdle(new Map());
    expect(roster.candidates(new Map())[0].probe).toBe(true);
    roster.countIdle(new Map([['a', 1]]));
    expect(roster.candidates(new Map())[0].probe).toBe(false);
  });
});
