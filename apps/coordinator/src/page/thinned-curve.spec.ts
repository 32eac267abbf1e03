import { expect, it } from 'vitest';
import { ThinnedCurve } from './thinned-curve.js';

it('keeps every step where there is room', () => {
  const curve = new ThinnedCurve(4);
  curve.add(1, 4, 32, 2);
  curve.add(2, 2, 32, 0);
  expect(curve.points).toEqual([
    { step: 1, loss: 4, leastLoss: 4, greatestLoss: 4, windowsPerSecond: 16 },
    { step: 2, loss: 2, leastLoss: 2, greatestLoss: 2, windowsPerSecond: null },
  ]);
});

it('has means over equally many steps where there are more', () => {
  const curve = new ThinnedCurve(8);
  for (let step = 1; step <= 1000; step++) curve.add(step, step, 10, step <= 500 ? 1 : 2);
  const { points } = curve;
  expect(points.length).toBeGreaterThanOrEqual(4);
  expect(points.length).toBeLessThanOrEqual(8);
  expect(points.map(({ step }) => step)).toEqual([128, 256, 384, 512, 640, 768, 896, 1000]);
  expect(points[0]).toMatchObject({ loss: 64.5, leastLoss: 1, greatestLoss: 128 });
  expect(points.at(-1)!.loss).toBe(948.5);
  expect(points[0].windowsPerSecond).toBe(10);
  expect(points[7].windowsPerSecond).toBe(5);
});
