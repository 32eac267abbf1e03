import { RandomStream } from '@rocinante/base';
import { describe, expect, it } from 'vitest';
import { l2Norm, NORM_BLOCK_ELEMENTS } from './norms.js';

describe('l2Norm', () => {
  it('is the square root of the squares', () => {
    expect(l2Norm(new Float32Array([3, -4]))).toBe(5);
    expect(l2Norm(new Float32Array(0))).toBe(0);
  });

  it('adds in order within blocks of 65,536 elements, and the blocks in order', () => {
    const stream = new RandomStream(1, 'simulation');
    const values = Float32Array.from({ length: 2 * NORM_BLOCK_ELEMENTS + 77 }, () => stream.normal());
    const partials = [0, 0, 0];
    values.forEach((value, index) => (partials[Math.floor(index / NORM_BLOCK_ELEMENTS)] += value * value));
    expect(l2Norm(values)).toBe(Math.sqrt(partials[0] + partials[1] + partials[2]));
    // The order is told apart here: one chain of additions gives other bits.
    const chain = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
    expect(l2Norm(values)).not.toBe(chain);
    expect(l2Norm(values)).toBeCloseTo(chain, 9);
  });

  it('is finite for the largest finite elements, and not for others', () => {
    const largest = Math.fround(3.4028234e38);
    expect(l2Norm(new Float32Array(4).fill(largest))).toBe(2 * largest);
    expect(l2Norm(new Float32Array([1, Infinity]))).toBe(Infinity);
    expect(l2Norm(new Float32Array([1, NaN]))).toBeNaN();
  });
});
