import { describe, expect, it } from 'vitest';
import { exampleConfig as config } from './example-config.js';
import { identityDifferences, identityOf } from './identity.js';
import type { RunConfig } from './run-config.js';

describe('a run’s identity', () => {
  it('does not know when the run ends', () => {
    const longer = { ...config, epochs: 9, steps: 100, earlyStopping: { patience: 2, minDelta: 0 } };
    expect(identityDifferences(identityOf(config, 'aa'), identityOf(longer, 'aa'))).toEqual([]);
    expect(config.epochs).toBe(2);
  });

  it('names each key that differs, with both values', () => {
    const other: RunConfig = {
      ...config,
      seed: 2,
      optimizer: { ...config.optimizer, weightDecay: 0.1 },
      schedule: { kind: 'cosine', warmupSteps: 0, finalShare: 0.1 },
      evaluation: { everySteps: 10, symbolsMax: 1_048_576 },
      initFrom: 'ab',
      precision: 'tf32',
      network: {
        ...config.network,
        input: 'embedding',
        embeddingSize: 4,
        layers: [{ units: 8, dropout: 0.5 }],
      },
    };
    expect(identityDifferences(identityOf(config, 'aa'), identityOf(other, 'bb'))).toEqual([
      { key: 'evaluation.everySteps', first: 'null', second: '10' },
      { key: 'initFrom', first: 'null', second: '"ab"' },
      { key: 'network.embeddingSize', first: 'absent', second: '4' },
      { key: 'network.input', first: '"one-hot"', second: '"embedding"' },
      { key: 'network.layers.0.dropout', first: '0', second: '0.5' },
      { key: 'optimizer.weightDecay', first: '0', second: '0.1' },
      { key: 'precision', first: '"float32"', second: '"tf32"' },
      { key: 'schedule.finalShare', first: 'absent', second: '0.1' },
      { key: 'schedule.kind', first: '"constant"', second: '"cosine"' },
      { key: 'seed', first: '1', second: '2' },
      { key: 'corpusSha256', first: '"aa"', second: '"bb"' },
    ]);
  });

  it('survives JSON, which is how a checkpoint keeps it', () => {
    const kept = JSON.parse(JSON.stringify(identityOf(config, 'aa'))) as ReturnType<typeof identityOf>;
    expect(identityDifferences(identityOf(config, 'aa'), kept)).toEqual([]);
  });
});
