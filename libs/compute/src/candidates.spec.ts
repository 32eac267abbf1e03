import { describe, expect, it } from 'vitest';
import { candidatesOf } from './candidates.js';

const weights = [1, 4, 2, 4, 0.5, 0];

describe('candidatesOf', () => {
  it('is all places without options, and with options that leave nothing out', () => {
    expect(candidatesOf(weights, {})).toEqual([0, 1, 2, 3, 4, 5]);
    expect(candidatesOf(weights, { topK: 6 })).toEqual([0, 1, 2, 3, 4, 5]);
    expect(candidatesOf(weights, { topK: 100 })).toEqual([0, 1, 2, 3, 4, 5]);
    // What has no probability adds none.
    expect(candidatesOf(weights, { topP: 1 })).toEqual([0, 1, 2, 3, 4]);
  });

  it('keeps the likeliest, in ascending order, of equals the first', () => {
    expect(candidatesOf(weights, { topK: 1 })).toEqual([1]);
    expect(candidatesOf(weights, { topK: 3 })).toEqual([1, 2, 3]);
    expect(candidatesOf([1, 1, 1, 1], { topK: 2 })).toEqual([0, 1]);
  });

  it('keeps the fewest that reach the share, and one at least', () => {
    // 11.5 together: 4 are 0.348, 8 are 0.696, 10 are 0.870.
    expect(candidatesOf(weights, { topP: 1e-9 })).toEqual([1]);
    expect(candidatesOf(weights, { topP: 0.35 })).toEqual([1, 3]);
    expect(candidatesOf(weights, { topP: 0.69 })).toEqual([1, 3]);
    expect(candidatesOf(weights, { topP: 0.7 })).toEqual([1, 2, 3]);
    expect(candidatesOf([1, 1, 1, 1], { topP: 0.5 })).toEqual([0, 1]);
  });

  it('takes the share of what topK leaves', () => {
    // Of 4, 4 and 2.
    expect(candidatesOf(weights, { topK: 3, topP: 0.8 })).toEqual([1, 3]);
    expect(candidatesOf(weights, { topK: 3, topP: 0.81 })).toEqual([1, 2, 3]);
  });
});
