import { expect, it } from 'vitest';
import { differenceOf } from './path-comparison.js';

const of = (...values: number[]): Float32Array => Float32Array.from(values);

it('is in parts of the largest value', () => {
  expect(differenceOf(of(1, -4), of(1.5, -4))).toBe(0.125);
  expect(differenceOf(of(0, 0), of(0, 0))).toBe(0);
  expect(differenceOf(of(0, 1), of(0, 0))).toBe(Infinity);
});

it.each([
  ['the path', of(1, NaN), of(1, 2)],
  ['plain', of(1, 2), of(1, NaN)],
  ['plain, first', of(1, 2), of(NaN, 2)],
  ['both', of(1, NaN), of(1, NaN)],
  ['both as infinite', of(1, Infinity), of(1, Infinity)],
])('is beyond every tolerance where %s has a value that is not finite', (_, values, expected) => {
  expect(differenceOf(values, expected)).toBe(Infinity);
});
