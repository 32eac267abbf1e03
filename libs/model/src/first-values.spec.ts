/** Goal: the distributions of Keras's defaults, tensor by tensor, and bits that do not change from release to release. */
import { sha256 } from '@rocinante/base';
import { describe, expect, it } from 'vitest';
import { firstValues } from './first-values.js';
import { networkLayout, type NetworkSpec } from './network.js';

const network: NetworkSpec = {
  input: 'embedding',
  embeddingSize: 24,
  layers: [
    { units: 64, dropout: 0.5 },
    { units: 32, dropout: 0 },
  ],
  loss: 'every',
  recurrentActivation: 'sigmoid',
  vocabularySize: 50,
};

function tensor(name: string, values = firstValues(network, 1)): Float32Array {
  const { offset, size } = networkLayout(network).tensors.find((entry) => entry.name === name)!;
  return values.subarray(offset, offset + size);
}

describe('firstValues', () => {
  it.each([
    ['embedding/embeddings', 0.05],
    ['lstm_1/kernel', Math.sqrt(6 / (24 + 256))],
    ['lstm_2/kernel', Math.sqrt(6 / (64 + 128))],
    ['dense/kernel', Math.sqrt(6 / (32 + 50))],
  ])('draws %s uniformly within ± %f', (name, limit) => {
    const values = tensor(name);
    const scaled = [...values].map((value) => value / limit);
    const count = values.length;
    expect(Math.max(...scaled.map(Math.abs))).toBeLessThanOrEqual(1.0000001);
    expect(Math.max(...scaled)).toBeGreaterThan(0.97);
    expect(Math.min(...scaled)).toBeLessThan(-0.97);
    // Four standard errors of the mean and of the variance, 1/3 and 4/45 over the count.
    expect(Math.abs(mean(scaled))).toBeLessThan(4 * Math.sqrt(1 / 3 / count));
    expect(Math.abs(mean(scaled.map((value) => value * value)) - 1 / 3)).toBeLessThan(
      4 * Math.sqrt(4 / 45 / count),
    );
  });

  it.each([
    ['lstm_1/recurrent_kernel', 64],
    ['lstm_2/recurrent_kernel', 32],
  ])('gives %s orthonormal rows, in every direction', (name, units) => {
    const values = tensor(name);
    for (let a = 0; a < units; a++) {
      for (let b = 0; b <= a; b++) {
        let product = 0;
        for (let i = 0; i < 4 * units; i++) product += values[a * 4 * units + i] * values[b * 4 * units + i];
        expect(Math.abs(product - (a === b ? 1 : 0))).toBeLessThan(1e-6);
      }
    }
    expect(Math.abs(mean([...values]))).toBeLessThan(4 / Math.sqrt(4 * units * values.length));
  });

  it.each([
    ['lstm_1/bias', 64],
    ['lstm_2/bias', 32],
  ])('gives %s zeros, and ones for the forget gate', (name, units) => {
    const expected = new Float32Array(4 * units).fill(1, units, 2 * units);
    expect(tensor(name)).toEqual(expected);
  });

  it('gives the dense bias zeros', () => {
    expect(tensor('dense/bias')).toEqual(new Float32Array(50));
  });

  it('gives the same seed the same bits, these bits', () => {
    expect(sha256(firstValues(network, 1))).toBe(
      'f10b72cadc89269fbbc2a3e472a76c4c64a911ebfd30271538d5d7980b341522',
    );
    expect(firstValues(network, 1)).toEqual(firstValues(network, 1));
  });

  it('gives each seed, and each tensor, numbers of its own', () => {
    const [one, two] = [firstValues(network, 1), firstValues(network, 2)];
    expect(tensor('dense/kernel', one)).not.toEqual(tensor('dense/kernel', two));
    const first = tensor('lstm_1/kernel', one)[0] / Math.sqrt(6 / (24 + 256));
    expect(tensor('lstm_2/kernel', one)[0] / Math.sqrt(6 / (64 + 128))).not.toBeCloseTo(first, 5);
  });

  it('starts a network of one unit and one symbol too', () => {
    const smallest: NetworkSpec = {
      ...network,
      input: 'scaled',
      embeddingSize: undefined,
      layers: [{ units: 1, dropout: 0 }],
      vocabularySize: 1,
    };
    const values = firstValues(smallest, 0);
    expect(values).toHaveLength(4 + 4 + 4 + 1 + 1);
    expect(values.every(Number.isFinite)).toBe(true);
  });
});

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
