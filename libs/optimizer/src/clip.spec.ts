import { AssertionError, RandomStream } from '@rocinante/base';
import { createLayout, NORM_BLOCK_ELEMENTS } from '@rocinante/parameters';
import { describe, expect, it } from 'vitest';
import { clipFactor, gradientNorm } from './clip.js';

/** Squares added in order within each NORM_BLOCK_ELEMENTS elements, and these sums in order. */
function orderedNorm(values: Float32Array): number {
  const partials = new Float64Array(Math.ceil(values.length / NORM_BLOCK_ELEMENTS));
  values.forEach((value, index) => (partials[Math.floor(index / NORM_BLOCK_ELEMENTS)] += value * value));
  return Math.sqrt(partials.reduce((sum, partial) => sum + partial, 0));
}

describe('gradientNorm', () => {
  it('is the norm of sum · 2^e / windows', () => {
    const layout = createLayout([
      { name: 'a', shape: [1] },
      { name: 'b', shape: [1] },
    ]);
    expect(gradientNorm(Int32Array.of(3, -8), Int8Array.of(0, -1), 2, layout)).toBe(2.5);
    expect(gradientNorm(Int32Array.of(0, 0), Int8Array.of(126, 126), 1, layout)).toBe(0);
  });

  it('adds in the order of @rocinante/parameters, also where blocks lie across the border of two partial sums', () => {
    // Blocks of 1,000 and 1,024 elements: 65,536 is no border of them.
    const layout = createLayout([
      { name: 'a', shape: [1000] },
      { name: 'b', shape: [200_000] },
    ]);
    const stream = new RandomStream(1, 'simulation');
    const exponents = Int8Array.from({ length: layout.blockCount }, () => -stream.integer(8));
    // Of 24 bits, so that each product is a float32 and the other function sees the same numbers.
    const sum = Int32Array.from({ length: layout.length }, () => (stream.word() | 0) >> 8);
    const floats = new Float32Array(layout.length);
    for (let block = 0; block < layout.blockCount; block++) {
      for (let i = layout.blockStarts[block]; i < layout.blockStarts[block + 1]; i++) {
        floats[i] = sum[i] * 2 ** exponents[block];
      }
    }
    expect(gradientNorm(sum, exponents, 64, layout)).toBe(orderedNorm(floats) / 64);
    // The order is told apart here: one chain of additions gives other bits.
    const chain = Math.sqrt(floats.reduce((total, value) => total + value * value, 0));
    expect(chain).not.toBe(orderedNorm(floats));
  });

  it('does not overflow for the largest sums on the coarsest grid', () => {
    const layout = createLayout([{ name: 'a', shape: [4] }]);
    const largest = new Int32Array(4).fill(-(2 ** 31));
    expect(gradientNorm(largest, Int8Array.of(126), 1, layout)).toBe(2 ** 158);
  });
});

describe('clipFactor', () => {
  it('leaves alone what is within the limit, and shortens to it what is not', () => {
    expect(clipFactor(0.5, 1)).toBe(1);
    expect(clipFactor(1, 1)).toBe(1);
    expect(clipFactor(4, 1)).toBe(0.25);
    expect(clipFactor(0, 1)).toBe(1);
    expect(clipFactor(1e300, Infinity)).toBe(1);
  });

  it.each([0, -1, NaN])('refuses %s as a limit', (limit) => {
    expect(() => clipFactor(1, limit)).toThrow(AssertionError);
  });
});
