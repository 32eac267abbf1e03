import { describe, expect, it } from 'vitest';
import { GradientCache } from './gradient-cache.js';

/** Gradients of one 64th of the cache's limit each. */
const GRADIENT_BYTES = (256 << 20) / 64;

/** A gradient that says whose it is, and whether it was retired. */
interface Token {
  name: string;
  retired: boolean;
}

function cacheOf(gradientBytes = 64) {
  const computed: string[] = [];
  const made: Token[] = [];
  const cache = new GradientCache<Token>({
    gradientBytes,
    retire: (gradient) => {
      expect(gradient.retired).toBe(false);
      gradient.retired = true;
    },
  });
  const take = (step: number, microBatch: number, finite = true) =>
    cache.take(step, microBatch, () => {
      const name = `${step}.${microBatch}`;
      computed.push(name);
      const gradient = { name, retired: false };
      made.push(gradient);
      const magnitudes = new Float32Array(1);
      return { squaredNorm: 1, finite, lossSum: microBatch, seconds: 1, gradient, magnitudes };
    });
  const held = (): string[] => made.filter(({ retired }) => !retired).map(({ name }) => name);
  return { cache, take, computed, held };
}

describe('a cache of gradients', () => {
  it('gives a gradient of the step in progress again without computing it', () => {
    const { take, computed } = cacheOf();
    take(3, 0);
    take(3, 1);
    expect(take(3, 0).gradient.name).toBe('3.0');
    expect(take(3, 1).lossSum).toBe(1);
    expect(computed).toEqual(['3.0', '3.1']);
  });

  it('forgets a step when the next one begins', () => {
    const { take, computed, held } = cacheOf();
    take(3, 0);
    take(4, 0);
    expect(held()).toEqual(['4.0']);
    take(3, 0);
    expect(computed).toEqual(['3.0', '4.0', '3.0']);
  });

  it('computes one anew that it is to forget, and keeps that', () => {
    const { cache, take, computed, held } = cacheOf();
    take(3, 0);
    take(3, 1);
    cache.forget(3, 0);
    cache.forget(2, 1);
    take(3, 0);
    take(3, 0);
    take(3, 1);
    expect(computed).toEqual(['3.0', '3.1', '3.0']);
    expect(held().sort()).toEqual(['3.0', '3.1']);
  });

  it('holds nothing once it is cleared', () => {
    const { cache, take, computed, held } = cacheOf();
    take(3, 0);
    take(3, 1);
    cache.clear();
    expect(held()).toEqual([]);
    take(3, 0);
    expect(computed).toEqual(['3.0', '3.1', '3.0']);
  });

  it('computes one that is not finite again when it is asked for again, and does not hold it', () => {
    const { take, computed, held } = cacheOf();
    take(3, 0, false);
    expect(held()).toEqual([]);
    take(3, 0);
    expect(computed).toEqual(['3.0', '3.0']);
  });

  it('keeps no more than its limit', () => {
    const { take, computed, held } = cacheOf(GRADIENT_BYTES);
    for (let microBatch = 0; microBatch < 66; microBatch++) take(1, microBatch);
    expect(held()).toHaveLength(64);
    computed.length = 0;
    take(1, 0);
    take(1, 62);
    take(1, 64);
    expect(computed).toEqual(['1.64']);
  });
});
