import { AssertionError, RandomStream } from '@rocinante/base';
import { describe, expect, it } from 'vitest';
import { Permutation } from './permutation.js';

const small = Array.from({ length: 300 }, (_, i) => i + 1);
const aroundPowers = [10, 11, 12, 15, 16, 17].flatMap((bits) => [2 ** bits - 1, 2 ** bits, 2 ** bits + 1]);

function values(permutation: Permutation): Uint32Array {
  return Uint32Array.from({ length: permutation.size }, (_, i) => permutation.at(i));
}

/** Chi-square of observed counts against equal ones. */
function chiSquare(counts: readonly number[]): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

describe('Permutation', () => {
  it('has each value once, for every small size and around powers of two', () => {
    for (const size of [...small, ...aroundPowers, 109_463]) {
      const seen = new Uint8Array(size);
      for (const value of values(new Permutation(size, 5, size % 7))) seen[value] += 1;
      expect(
        seen.every((count) => count === 1),
        `size ${size}`,
      ).toBe(true);
    }
  });

  it.each([1e9, 2 ** 31, 2 ** 31 + 1, 2 ** 32 - 1, 2 ** 32])(
    'stays in range without repeats, of %i',
    (size) => {
      const permutation = new Permutation(size, 1, 2);
      const stream = new RandomStream(3, 'simulation', 0);
      const places = new Set(Array.from({ length: 50_000 }, () => stream.integer(size)));
      const seen = new Set([...places].map((place) => permutation.at(place)));
      expect(seen.size).toBe(places.size);
      expect([...seen].every((value) => Number.isInteger(value) && value >= 0 && value < size)).toBe(true);
      expect(Math.max(...seen)).toBeGreaterThan(size * 0.99);
    },
  );

  it('is a function of size, seed and epoch, and of each of them', () => {
    const of = (size: number, seed: number, epoch: number): string =>
      values(new Permutation(size, seed, epoch))
        .slice(0, 900)
        .join();
    const all = [of(1000, 1, 0), of(1000, 2, 0), of(1000, 1, 1), of(1000, 2 ** 40 + 1, 0), of(999, 1, 0)];
    expect(new Set(all).size).toBe(all.length);
    expect(of(1000, 1, 0)).toBe(all[0]);
  });

  it('is pinned: what it gives is part of a run, and of its checkpoints', () => {
    expect([...values(new Permutation(12, 1, 0))]).toEqual([9, 1, 5, 3, 10, 4, 6, 8, 7, 11, 2, 0]);
    expect([0, 1, 999_999_999].map((i) => new Permutation(1e9, 42, 3).at(i))).toEqual([
      504_865_007, 564_292_487, 615_106_010,
    ]);
  });

  // The bounds are the chi-square quantiles of 1 − 1e-6: with the seeds fixed, a failure is a change and no accident.
  it('puts each value in each place about equally often', () => {
    const size = 13;
    const counts = Array.from({ length: size * size }, () => 0);
    for (let epoch = 0; epoch < 13_000; epoch++) {
      values(new Permutation(size, 9, epoch)).forEach((value, place) => (counts[place * size + value] += 1));
    }
    expect(chiSquare(counts)).toBeLessThan(250); // 144 degrees of freedom.
  });

  it('gives each of the 24 orders of four about equally often', () => {
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 24_000; seed++) {
      const order = values(new Permutation(4, seed, 0)).join();
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    expect(chiSquare([...counts.values()])).toBeLessThan(76); // 23 degrees of freedom.
  });

  it('leaves no trace of the order of neighbours', () => {
    const order = values(new Permutation(100_003, 4, 4));
    let ascents = 0;
    let near = 0;
    for (let i = 1; i < order.length; i++) {
      if (order[i] > order[i - 1]) ascents++;
      if (Math.abs(order[i] - order[i - 1]) <= 50) near++;
    }
    expect(Math.abs(ascents - order.length / 2)).toBeLessThan(5 * Math.sqrt(order.length / 12));
    expect(near).toBeLessThan(100 + 5 * Math.sqrt(100));
    expect(near).toBeGreaterThan(100 - 5 * Math.sqrt(100));
  });

  it('refuses sizes, epochs and places that it has not', () => {
    expect(() => new Permutation(0, 1, 0)).toThrow(AssertionError);
    expect(() => new Permutation(2 ** 32 + 1, 1, 0)).toThrow(AssertionError);
    expect(() => new Permutation(5, 1, -1)).toThrow(AssertionError);
    expect(() => new Permutation(5, 1, 0).at(5)).toThrow(AssertionError);
  });
});
