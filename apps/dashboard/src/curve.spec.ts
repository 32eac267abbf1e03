import { describe, expect, it } from 'vitest';
import { chosen, thin } from './curve.js';

const points = (count: number): { step: number; loss: number; windowsPerSecond: number | null }[] =>
  Array.from({ length: count }, (_, index) => ({ step: index + 1, loss: index + 1, windowsPerSecond: 10 }));

describe('a curve', () => {
  it('stays as it is where there is room', () => {
    expect(thin(points(5), 5)).toEqual(points(5));
    expect(thin([], 5)).toEqual([]);
  });

  it('becomes means over equally many steps', () => {
    const thinned = thin(points(1000), 10);
    expect(thinned.map(({ step }) => step)).toEqual([100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]);
    expect(thinned[0]).toEqual({ step: 100, loss: 50.5, windowsPerSecond: 10 });
  });

  it('weighs points that are means already by their steps', () => {
    const mixed = [
      { step: 90, loss: 1, windowsPerSecond: null },
      ...Array.from({ length: 10 }, (_, index) => ({ step: 91 + index, loss: 2, windowsPerSecond: 5 })),
    ];
    expect(thin(mixed, 1)).toEqual([{ step: 100, loss: (90 * 1 + 10 * 2) / 100, windowsPerSecond: 5 }]);
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
