import { AssertionError } from '@rocinante/base';
import { Engine } from '@rocinante/engine';
import { describe, expect, it } from 'vitest';
import { Network } from './network.js';
import { networkOf, randomBatch, randomParameters } from './random-network.js';

const engine = Engine.load();
const windowLength = 5;
const spec = networkOf({ input: 'one-hot', loss: 'every', vocabularySize: 7 }, [6, 4], 0.4);
const batch = randomBatch(spec, windowLength, 9, 1);
const key = { seed: 5, step: 2, microBatch: 1 };

function createNetwork(scale = 0.5): Network {
  const network = Network.create(engine, spec, {
    windowLength,
    graph: { windows: batch.windows, secondsMax: Infinity },
  });
  network.setParameters(randomParameters(network, 4, scale));
  return network;
}

function gradientOf(network: Network, dropout: typeof key | null, windows = batch): Float32Array {
  const out = new Float32Array(network.layout.length);
  network.gradient(windows, dropout, out);
  return out;
}

describe('Network', () => {
  /**
   * Central differences. The loss is a float32 sum of about 18 nats, so it carries some 1e-6 of rounding; over 2h = 1/16
   * that is 2e-5 of slope. The third derivative adds about h²/6 = 2e-4 of its size, below 1 here. Hence 1e-3, where
   * the slopes themselves reach 1.
   */
  it.each([null, key])('the gradient is the slope of the loss, dropout %o', (dropout) => {
    const network = createNetwork();
    const parameters = randomParameters(network, 4, 0.5);
    const gradient = gradientOf(network, dropout);
    expect(Math.max(...gradient.map(Math.abs))).toBeGreaterThan(0.5);
    const h = 1 / 32;
    const lossAt = (index: number, value: number): number => {
      const moved = parameters.slice();
      moved[index] = value;
      network.setParameters(moved);
      return network.gradient(batch, dropout, new Float32Array(moved.length)).lossSum;
    };
    for (let index = 0; index < parameters.length; index += 11) {
      const [low, high] = [Math.fround(parameters[index] - h), Math.fround(parameters[index] + h)];
      const slope = (lossAt(index, high) - lossAt(index, low)) / (high - low);
      expect(Math.abs(slope - gradient[index]), `parameter ${index}`).toBeLessThan(1e-3);
    }
    network.dispose();
  });

  it('the same key gives the same bits, another key others', () => {
    const network = createNetwork();
    const first = gradientOf(network, key);
    expect(gradientOf(network, key)).toEqual(first);
    for (const other of [
      { ...key, seed: 6 },
      { ...key, step: 3 },
      { ...key, microBatch: 0 },
    ]) {
      expect(gradientOf(network, other)).not.toEqual(first);
    }
    expect(gradientOf(network, null)).not.toEqual(first);
    network.dispose();
  });

  it('adds up over windows', () => {
    const network = createNetwork();
    const T1 = windowLength + 1;
    const sum = new Float64Array(network.layout.length);
    let lossSum = 0;
    for (let window = 0; window < batch.windows; window++) {
      const single = { windows: 1, symbols: batch.symbols.slice(window * T1, (window + 1) * T1) };
      gradientOf(network, null, single).forEach((value, index) => (sum[index] += value));
      lossSum += network.evaluate(single).lossSum;
    }
    expect(network.evaluate(batch).lossSum).toBeCloseTo(lossSum, 4);
    gradientOf(network, null).forEach((value, index) => expect(value).toBeCloseTo(sum[index], 4));
    network.dispose();
  });

  it.each([0, 1, 5, 16])('copies the parameters, %i floats into a buffer', (offset) => {
    const network = createNetwork();
    const expected = gradientOf(network, key);
    const buffer = new Float32Array(network.layout.length + 16);
    const view = buffer.subarray(offset, offset + network.layout.length);
    view.set(randomParameters(network, 4, 0.5));
    network.setParameters(view);
    buffer.fill(Number.NaN);
    expect(gradientOf(network, key)).toEqual(expected);
    network.dispose();
  });

  it('a window of one position has no recurrent gradient', () => {
    const network = Network.create(engine, spec, { windowLength: 1 });
    network.setParameters(randomParameters(network, 4, 0.5));
    const out = gradientOf(network, null, randomBatch(spec, 1, 3, 2));
    const { offset, size } = network.layout.tensors.find(({ name }) => name === 'lstm_2/recurrent_kernel')!;
    expect(out.subarray(offset, offset + size).every((value) => value === 0)).toBe(true);
    expect(out.some((value) => value !== 0)).toBe(true);
    network.dispose();
  });

  it('a gradient that overflows is said by its numbers', () => {
    const network = createNetwork(3e38);
    expect(gradientOf(network, null).every(Number.isFinite)).toBe(false);
    network.dispose();
  });

  it('leaves no handle behind', () => {
    const before = engine.liveHandles;
    const network = createNetwork();
    const loaded = engine.liveHandles;
    gradientOf(network, key);
    const transposed = engine.liveHandles;
    gradientOf(network, key);
    network.evaluate(batch);
    expect(engine.liveHandles).toBe(transposed);
    network.setParameters(randomParameters(network, 9, 0.5));
    const withGraph = engine.liveHandles;
    expect(withGraph).toBeLessThan(transposed);
    // The graph's constants.
    expect(withGraph).toBeGreaterThan(loaded);
    gradientOf(network, key);
    expect(engine.liveHandles).toBe(withGraph);
    network.dispose();
    expect(engine.liveHandles).toBe(before);
  });

  it('refuses what does not fit', () => {
    const network = createNetwork();
    const out = new Float32Array(network.layout.length);
    expect(() => network.setParameters(new Float32Array(3))).toThrow(AssertionError);
    expect(() => network.gradient(batch, null, new Float32Array(3))).toThrow(AssertionError);
    expect(() => network.gradient({ windows: 2, symbols: batch.symbols }, null, out)).toThrow(
      /2 windows of 5 \+ 1/,
    );
    const symbols = Int32Array.of(1, 2, 3, 4, 5, 7);
    expect(() => network.gradient({ windows: 1, symbols }, null, out)).toThrow(
      /symbol 7 is not in the vocabulary/,
    );
    network.dispose();
    expect(() => network.evaluate(batch)).toThrow(/setParameters/);
  });
});
