import { expect, it } from 'vitest';
import { ThinnedCurve } from './thinned-curve.js';

it('keeps every step where there is room', () => {
  const curve = new ThinnedCurve(4);
  curve.add({ step: 1, loss: 4, windows: 32, seconds: 2, gradientNorm: 3, learningRate: 0.1 });
  curve.add({ step: 2, loss: 2, windows: 32, seconds: 0 });
  expect(curve.points).toEqual([
    {
      step: 1,
      loss: 4,
      leastLoss: 4,
      greatestLoss: 4,
      windowsPerSecond: 16,
      gradientNorm: 3,
      learningRate: 0.1,
    },
    {
      step: 2,
      loss: 2,
      leastLoss: 2,
      greatestLoss: 2,
      windowsPerSecond: null,
      gradientNorm: null,
      learningRate: null,
    },
  ]);
});

it('has means over equally many steps where there are more', () => {
  const curve = new ThinnedCurve(8);
  for (let step = 1; step <= 1000; step++) {
    const seconds = step <= 500 ? 1 : 2;
    curve.add({ step, loss: step, windows: 10, seconds, gradientNorm: step % 2, learningRate: 1 / step });
  }
  const { points } = curve;
  expect(points.length).toBeGreaterThanOrEqual(4);
  expect(points.length).toBeLessThanOrEqual(8);
  expect(points.map(({ step }) => step)).toEqual([128, 256, 384, 512, 640, 768, 896, 1000]);
  expect(points[0]).toMatchObject({
    loss: 64.5,
    leastLoss: 1,
    greatestLoss: 128,
    gradientNorm: 0.5,
    learningRate: 1 / 128,
  });
  expect(points.at(-1)!.loss).toBe(948.5);
  expect(points[0].windowsPerSecond).toBe(10);
  expect(points[7].windowsPerSecond).toBe(5);
});
