import { describe, expect, it } from 'vitest';
import { microBatchesOf, networkOf, runConfigSchema } from './run-config.js';

const good = {
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

/** The refusal of a configuration: dotted key and message of each issue. */
function refusal(change: object): string[] {
  const result = runConfigSchema.safeParse({ ...good, ...change });
  return (result.error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('a run’s configuration', () => {
  it('is taken as it is, and says its network and micro-batches', () => {
    const config = runConfigSchema.parse(good);
    expect(config).toEqual(good);
    expect(microBatchesOf(config)).toBe(4);
    expect(networkOf(config, 39)).toEqual({ ...good.network, vocabularySize: 39 });
  });

  it('has no key that it does not know, and none left open', () => {
    expect(refusal({ workers: 2 })).toEqual([': Unrecognized key: "workers"']);
    expect(refusal({ text: { ...good.text, length: 1 } })).toEqual(['text: Unrecognized key: "length"']);
    expect(refusal({ seed: undefined })).toEqual([
      'seed: Invalid input: expected number, received undefined',
    ]);
  });

  it('has an embedding’s length exactly where there is one', () => {
    const why = 'network.embeddingSize: is given with input "embedding", and only then';
    expect(refusal({ network: { ...good.network, embeddingSize: 4 } })).toEqual([why]);
    expect(refusal({ network: { ...good.network, input: 'embedding' } })).toEqual([why]);
    expect(refusal({ network: { ...good.network, input: 'embedding', embeddingSize: 4 } })).toEqual([]);
  });

  it('has whole micro-batches, 1,024 a step at most', () => {
    expect(refusal({ batch: { size: 8, microBatch: 3 } })).toEqual([
      'batch.microBatch: must divide the batch',
    ]);
    expect(refusal({ batch: { size: 2048, microBatch: 2 } })).toEqual([]);
    expect(refusal({ batch: { size: 2050, microBatch: 2 } })).toEqual([
      'batch.microBatch: must leave at most 1024 micro-batches a step',
    ]);
  });

  it.each([
    [{ seed: 1.5 }, 'seed'],
    [{ seed: -1 }, 'seed'],
    [{ seed: 2 ** 53 }, 'seed'],
    [{ epochs: 0 }, 'epochs'],
    [{ steps: 0 }, 'steps'],
    [{ optimizer: { ...good.optimizer, beta2: 1 } }, 'optimizer.beta2'],
    [{ optimizer: { ...good.optimizer, learningRate: NaN } }, 'optimizer.learningRate'],
    [{ optimizer: { ...good.optimizer, clipNorm: -1 } }, 'optimizer.clipNorm'],
    [{ network: { ...good.network, layers: [] } }, 'network.layers'],
    [{ network: { ...good.network, layers: [{ units: 8, dropout: 1 }] } }, 'network.layers.0.dropout'],
    [{ codec: { up: 'int8', down: 'float32' } }, 'codec.up'],
    [{ text: { ...good.text, order: 'streams' } }, 'text.order'],
  ])('refuses %j by its key', (change, key) => {
    expect(refusal(change).map((line) => line.split(':')[0])).toEqual([key]);
  });
});
