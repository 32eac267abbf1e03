import type { RatePoint } from '@rocinante/run-json';
import { describe, expect, it } from 'vitest';
import { chosen, thin } from './curve.js';

const point = (step: number, loss: number, windowsPerSecond: number | null): RatePoint => ({
  ...{ step, loss, leastLoss: loss, greatestLoss: loss, windowsPerSecond },
  ...{ gradientNorm: windowsPerSecond, learningRate: 1 / step },
});
const points = (count: number): RatePoint[] =>
  Array.from({ length: count }, (_, index) => point(index + 1, index + 1, 10));

describe('a curve', () => {
  it('stays as it is where there is room', () => {
    expect(thin(points(5), 5)).toEqual(points(5));
    expect(thin([], 5)).toEqual([]);
  });

  it('becomes means over equally many steps', () => {
    const thinned = thin(points(1000), 10);
    expect(thinned.map(({ step }) => step)).toEqual([100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]);
    expect(thinned[0]).toEqual({ ...point(100, 50.5, 10), leastLoss: 1, greatestLoss: 100 });
  });

  it('weighs points that are means already by their steps', () => {
    const mixed = [
      { ...point(90, 1, null), greatestLoss: 9 },
      ...Array.from({ length: 10 }, (_, index) => point(91 + index, 2, 5)),
    ];
    expect(thin(mixed, 1)).toEqual([
      { ...point(100, (90 * 1 + 10 * 2) / 100, 5), leastLoss: 1, greatestLoss: 9 },
    ]);
  });
});

it('a table has some rows of many, the last among them', () => {
  expect(chosen([1, 2, 3], 5)).toEqual([1, 2, 3]);
  expect(
    chosen(
      Array.from({ length: 100 }, (_, index) => index),
      4,
    ),
  ).toEqual([24, 49, 74, 99]);
});
