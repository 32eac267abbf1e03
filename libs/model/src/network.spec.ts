import { describe, expect, it } from 'vitest';
import { inputSize, networkLayout, networkTensors, type NetworkSpec } from './network.js';

const reference: NetworkSpec = {
  input: 'scaled',
  layers: [1, 2, 3].map(() => ({ units: 512, dropout: 0.5 })),
  loss: 'last',
  recurrentActivation: 'sigmoid',
  vocabularySize: 39,
};

describe('networkLayout', () => {
  it('has the reference network’s parameters: 39 symbols in chapters 1 to 10, 49 in the whole book', () => {
    expect(networkLayout(reference).length).toBe(5_271_079);
    expect(networkLayout({ ...reference, vocabularySize: 49 }).length).toBe(5_276_209);
  });

  it('names tensors as Keras does, in its order', () => {
    const tensors = networkTensors({ ...reference, layers: [{ units: 8, dropout: 0 }], vocabularySize: 5 });
    expect(tensors).toEqual([
      { name: 'lstm_1/kernel', shape: [1, 32] },
      { name: 'lstm_1/recurrent_kernel', shape: [8, 32] },
      { name: 'lstm_1/bias', shape: [32] },
      { name: 'dense/kernel', shape: [8, 5] },
      { name: 'dense/bias', shape: [5] },
    ]);
  });

  it('feeds each layer with the one before, and the first with what the input is', () => {
    const layers = [
      { units: 4, dropout: 0 },
      { units: 6, dropout: 0 },
    ];
    const shapes = (spec: Partial<NetworkSpec>): (readonly number[])[] =>
      networkTensors({ ...reference, layers, vocabularySize: 5, ...spec })
        .filter(({ name }) => /embeddings$|lstm_\d\/kernel$/.test(name))
        .map(({ shape }) => shape);
    expect(shapes({ input: 'scaled' })).toEqual([
      [1, 16],
      [4, 24],
    ]);
    expect(shapes({ input: 'one-hot' })).toEqual([
      [5, 16],
      [4, 24],
    ]);
    expect(shapes({ input: 'embedding', embeddingSize: 3 })).toEqual([
      [5, 3],
      [3, 16],
      [4, 24],
    ]);
    expect(inputSize({ ...reference, input: 'one-hot' })).toBe(39);
  });
});
