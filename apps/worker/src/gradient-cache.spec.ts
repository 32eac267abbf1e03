import { expect, it } from 'vitest';
import { GradientCache } from './gradient-cache.js';

/** Gradients of one 64th of the cache's limit each. */
const LENGTH = (256 << 20) / 64 / 4;

function taker(cache: GradientCache) {
  const computed: string[] = [];
  const take = (step: number, microBatch: number, finite = true) =>
    cache.take(step, microBatch, ({ gradient }) => {
      computed.push(`${step}.${microBatch}`);
      gradient[0] = step * 100 + microBatch;
      return { squaredNorm: 1, finite, lossSum: microBatch, seconds: 1 };
    });
  return { take, computed };
}

it('gives a gradient of the step in progress again without computing it', () => {
  const { take, computed } = taker(new GradientCache(8, 1));
  take(3, 0);
  take(3, 1);
  expect(take(3, 0).gradient[0]).toBe(300);
  expect(take(3, 1).lossSum).toBe(1);
  expect(computed).toEqual(['3.0', '3.1']);
});

it('forgets a step when the next one begins, and uses its memory', () => {
  const { take, computed } = taker(new GradientCache(8, 1));
  const first = take(3, 0).gradient;
  expect(take(4, 0).gradient).toBe(first);
  take(3, 0);
  expect(computed).toEqual(['3.0', '4.0', '3.0']);
});

it('computes one anew that it is to forget, and keeps that', () => {
  const cache = new GradientCache(8, 1);
  const { take, computed } = taker(cache);
  take(3, 0);
  take(3, 1);
  cache.forget(3, 0);
  cache.forget(2, 1);
  take(3, 0);
  take(3, 0);
  take(3, 1);
  expect(computed).toEqual(['3.0', '3.1', '3.0']);
});

it('forgets everything when it is cleared', () => {
  const cache = new GradientCache(8, 1);
  const { take, computed } = taker(cache);
  const first = take(3, 0).gradient;
  cache.clear();
  expect(take(3, 0).gradient).not.toBe(first);
  expect(computed).toEqual(['3.0', '3.0']);
});

it('computes one that is not finite again when it is asked for again', () => {
  const { take, computed } = taker(new GradientCache(8, 1));
  take(3, 0, false);
  take(3, 0);
  expect(computed).toEqual(['3.0', '3.0']);
});

it('keeps no more than its limit', () => {
  const { take, computed } = taker(new GradientCache(LENGTH, 1));
  for (let microBatch = 0; microBatch < 66; microBatch++) take(1, microBatch);
  computed.length = 0;
  take(1, 0);
  take(1, 62);
  take(1, 64);
  expect(computed).toEqual(['1.64']);
});
