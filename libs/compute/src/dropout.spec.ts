import { Engine } from '@rocinante/engine';
import { describe, expect, it } from 'vitest';
import { dropoutMask, maskWords } from './dropout.js';
import { NetworkConstants } from './network-constants.js';

const engine = Engine.load();
const { constant } = new NetworkConstants(engine);
const key = { seed: 7, step: 3, microBatch: 2 };
const mask = (layer: number, rate: number, size = 40_000) =>
  engine.scope(() => {
    const words = engine.int32(maskWords(key, layer), [2]);
    return engine.readFloat32(dropoutMask(engine, constant, words, rate, [size / 100, 100]));
  });

describe('dropoutMask', () => {
  it.each([0.1, 0.5, 0.83])('drops a share of %d and scales what is kept', (rate) => {
    const values = mask(0, rate);
    const kept = values.filter((value) => value !== 0);
    expect(new Set(kept)).toEqual(new Set([Math.fround(1 / (1 - Math.round(rate * 65536) / 65536))]));
    // Five standard deviations of a binomial share; of the mean, that times the scale.
    const deviation = Math.sqrt((rate * (1 - rate)) / values.length);
    expect(Math.abs(kept.length / values.length - (1 - rate))).toBeLessThan(5 * deviation);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(Math.abs(mean - 1)).toBeLessThan((5 * deviation) / (1 - rate));
  });

  it('differs from layer to layer, by about what chance gives', () => {
    const [first, second] = [mask(0, 0.5), mask(1, 0.5)];
    const equal = first.filter((value, index) => value === second[index]).length;
    expect(Math.abs(equal / first.length - 0.5)).toBeLessThan(5 * Math.sqrt(0.25 / first.length));
    expect(mask(0, 0.5)).toEqual(first);
  });
});
