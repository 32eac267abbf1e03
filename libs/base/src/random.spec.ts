import { describe, expect, it } from 'vitest';
import { AssertionError } from './errors.js';
import { RandomStream, randomWords, type RandomPurpose } from './random.js';

function take(count: number, next: () => number): number[] {
  return Array.from({ length: count }, next);
}

describe('randomWords', () => {
  it('is a function of its arguments, and of each of them', () => {
    const words = [
      randomWords(1, 'permutation', 2, 3, 4),
      randomWords(2, 'permutation', 2, 3, 4),
      randomWords(1, 'sampling', 2, 3, 4),
      randomWords(1, 'permutation', 1, 3, 4),
      randomWords(1, 'permutation', 2, 1, 4),
      randomWords(1, 'permutation', 2, 3, 1),
      randomWords(1 + 2 ** 32, 'permutation', 2, 3, 4),
    ];
    expect(randomWords(1, 'permutation', 2, 3, 4)).toEqual(words[0]);
    expect(new Set(words.map(String)).size).toBe(words.length);
  });

  it.each([-1, 0.5, 2 ** 53, NaN])('refuses %s as a seed', (seed) => {
    expect(() => randomWords(seed, 'sampling')).toThrow(AssertionError);
  });
});

describe('RandomStream', () => {
  it('keeps its bits: formats and golden numbers rest on them', () => {
    const stream = new RandomStream(42, 'first-values', 7);
    expect(take(6, () => stream.word())).toEqual([
      1970205990, 1583811750, 767373346, 2884359772, 3336497467, 717179607,
    ]);
    expect(stream.uniform()).toBe(0.7681592479101246);
  });

  it('gives each seed, purpose and index a sequence of its own', () => {
    const purposes: RandomPurpose[] = [
      'first-values',
      'permutation',
      'dropout-mask',
      'sampling',
      'simulation',
    ];
    const starts = [0, 1].flatMap((seed) =>
      purposes.flatMap((purpose) => [0, 1].map((index) => new RandomStream(seed, purpose, index).word())),
    );
    expect(new Set(starts).size).toBe(starts.length);
  });

  it('draws uniform numbers from [0, 1) with the moments of that distribution', () => {
    const stream = new RandomStream(1, 'simulation');
    const draws = take(100_000, () => stream.uniform());
    expect(Math.min(...draws.slice(0, 10_000))).toBeGreaterThanOrEqual(0);
    expect(draws.every((draw) => draw < 1)).toBe(true);
    // Four standard errors: 4 · sqrt(1/12 / 1e5), and 4 · sqrt(1/180 / 1e5).
    expect(Math.abs(mean(draws) - 1 / 2)).toBeLessThan(0.0037);
    expect(Math.abs(mean(draws.map((draw) => (draw - 0.5) ** 2)) - 1 / 12)).toBeLessThan(0.001);
  });

  it('draws normal numbers with mean 0, variance 1, and the tails of that distribution', () => {
    const stream = new RandomStream(2, 'simulation');
    const draws = take(100_000, () => stream.normal());
    expect(Math.abs(mean(draws))).toBeLessThan(0.013);
    expect(Math.abs(mean(draws.map((draw) => draw * draw)) - 1)).toBeLessThan(0.018);
    // 4.55 % lie beyond two standard deviations, give or take four standard errors.
    expect(Math.abs(mean(draws.map((draw) => (Math.abs(draw) > 2 ? 1 : 0))) - 0.0455)).toBeLessThan(0.0027);
  });

  it('draws integers below any bound, each as often', () => {
    const stream = new RandomStream(3, 'simulation');
    const counts = new Array<number>(6).fill(0);
    for (const draw of take(60_000, () => stream.integer(6))) counts[draw] += 1;
    // Chi squared with 5 degrees of freedom exceeds 25.7 once in ten thousand.
    expect(counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0)).toBeLessThan(25.7);
    expect(take(100, () => stream.integer(1))).toEqual(new Array<number>(100).fill(0));
    expect(take(100, () => stream.integer(2 ** 32)).some((draw) => draw >= 2 ** 31)).toBe(true);
  });

  it.each([0, -1, 1.5, 2 ** 32 + 1])('refuses %s as a bound', (bound) => {
    expect(() => new RandomStream(1, 'simulation').integer(bound)).toThrow(AssertionError);
  });
});

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
