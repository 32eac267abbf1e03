import { describe, expect, it } from 'vitest';
import { identityDifferences, identityOf } from './identity.js';
import type { RunConfig } from './run-config.js';

const config: RunConfig = {
  network: {
    input: 'one-hot',
    layers: [{ units: 8, dropout: 0 }],
    recurrentActivation: 'sigmoid',
    loss: 'every',
  },
  text: { normalisation: 'none', window: 10, stride: 10, heldOut: true, order: 'shuffled' },
  batch: { size: 8, microBatch: 2 },
  optimizer: { kind: 'adam', learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-7, clipNorm: 0 },
  schedule: { kind: 'constant' },
  codec: { up: 'int32-grid', down: 'float32' },
  precision: 'float32',
  seed: 1,
  epochs: 2,
  steps: null,
};

describe('a run’s identity', () => {
  it('does not know the run’s length', () => {
    const longer = { ...config, epochs: 9, steps: 100 };
    expect(identityDifferences(identityOf(config, 'aa'), identityOf(longer, 'aa'))).toEqual([]);
    expect(config.epochs).toBe(2);
  });

  it('names each key that differs, with both values', () => {
    const other: RunConfig = {
      ...config,
      seed: 2,
      network: {
        ...config.network,
        input: 'embedding',
        embeddingSize: 4,
        layers: [{ units: 8, dropout: 0.5 }],
      },
    };
    expect(identityDifferences(identityOf(config, 'aa'), identityOf(other, 'bb'))).toEqual([
      { key: 'network.embeddingSize', first: 'absent', second: '4' },
      { key: 'network.input', first: '"one-hot"', second: '"embedding"' },
      { key: 'network.layers.0.dropout', first: '0', second: '0.5' },
      { key: 'seed', first: '1', second: '2' },
      { key: 'corpusSha256', first: '"aa"', second: '"bb"' },
    ]);
  });

  it('survives JSON, which is how a checkpoint keeps it', () => {
    const kept = JSON.parse(JSON.stringify(identityOf(config, 'aa'))) as ReturnType<typeof identityOf>;
    expect(identityDifferences(identityOf(config, 'aa'), kept)).toEqual([]);
  });
});
