import { describe, expect, it } from 'vitest';
import { exampleConfig } from './example-config.js';
import { microBatchesOf, networkOf, runConfigSchema } from './run-config.js';

/** A configuration as the first release wrote it. */
const first = {
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
  const result = runConfigSchema.safeParse({ ...exampleConfig, ...change });
  return (result.error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('a run’s configuration', () => {
  it('is taken as it is, and says its network and micro-batches', () => {
    const config = runConfigSchema.parse(exampleConfig);
    expect(config).toEqual(exampleConfig);
    expect(microBatchesOf(config)).toBe(4);
    expect(networkOf(config, 39)).toEqual({ ...exampleConfig.network, vocabularySize: 39 });
  });

  it('of the first release is what it was', () => {
    expect(runConfigSchema.parse(first)).toEqual(exampleConfig);
  });

  it('is computed in float32 where it does not say, and in no precision that is not there yet', () => {
    expect(runConfigSchema.parse({ ...first, precision: undefined })).toEqual(exampleConfig);
    for (const precision of ['tf32', 'mixed'] as const)
      expect(runConfigSchema.parse({ ...first, precision }).precision).toBe(precision);
    expect(refusal({ precision: 'float16' })).toEqual([expect.stringMatching(/^precision: Invalid option/)]);
  });

  it('has a schedule of a kind, each with its own keys', () => {
    const schedule = (value: object): unknown =>
      runConfigSchema.parse({ ...exampleConfig, schedule: value }).schedule;
    expect(schedule({ kind: 'cosine', finalShare: 0 })).toEqual({
      kind: 'cosine',
      warmupSteps: 0,
      finalShare: 0,
    });
    const stepped = { kind: 'step', warmupSteps: 10, everySteps: 100, factor: 0.5 };
    expect(schedule(stepped)).toEqual(stepped);
    expect(refusal({ schedule: { kind: 'constant', finalShare: 0 } })).toEqual([
      'schedule: Unrecognized key: "finalShare"',
    ]);
  });

  it('evaluates as often and as much as it says', () => {
    const evaluation = (value: object): unknown =>
      runConfigSchema.parse({ ...exampleConfig, evaluation: value }).evaluation;
    expect(evaluation({ everySteps: 50 })).toEqual({ everySteps: 50, symbolsMax: 1_048_576 });
    expect(evaluation({ symbolsMax: 9 })).toEqual({ everySteps: null, symbolsMax: 9 });
  });

  it('evaluates between epochs only where something is held out', () => {
    const evaluation = { everySteps: 50 };
    expect(refusal({ evaluation })).toEqual([]);
    expect(refusal({ evaluation, text: { ...exampleConfig.text, heldOut: false } })).toEqual([
      'evaluation.everySteps: needs a held-out part to evaluate (set text.heldOut)',
    ]);
  });

  it('ends early only by a held-out loss', () => {
    const earlyStopping = { patience: 3, minDelta: 0.001 };
    expect(refusal({ earlyStopping })).toEqual([]);
    expect(refusal({ earlyStopping, text: { ...exampleConfig.text, heldOut: false } })).toEqual([
      'earlyStopping: needs a held-out loss to judge by (set text.heldOut)',
    ]);
  });

  it('begins with a weights file that it names by its hash', () => {
    expect(refusal({ initFrom: '0123456789abcdef'.repeat(4) })).toEqual([]);
    expect(refusal({ initFrom: 'ABCDEF0123456789'.repeat(4) })).toEqual([
      'initFrom: expected a SHA-256 of 64 lower-case hexadecimal digits',
    ]);
  });

  it('has no key that it does not know, and none left open', () => {
    expect(refusal({ workers: 2 })).toEqual([': Unrecognized key: "workers"']);
    expect(refusal({ text: { ...exampleConfig.text, length: 1 } })).toEqual([
      'text: Unrecognized key: "length"',
    ]);
    expect(refusal({ seed: undefined })).toEqual([
      'seed: Invalid input: expected number, received undefined',
    ]);
  });

  it('has an embedding’s length exactly where there is one', () => {
    const why = 'network.embeddingSize: is given with input "embedding", and only then';
    expect(refusal({ network: { ...exampleConfig.network, embeddingSize: 4 } })).toEqual([why]);
    expect(refusal({ network: { ...exampleConfig.network, input: 'embedding' } })).toEqual([why]);
    expect(refusal({ network: { ...exampleConfig.network, input: 'embedding', embeddingSize: 4 } })).toEqual(
      [],
    );
  });

  it('has whole micro-batches, 1,024 a step at most', () => {
    expect(refusal({ batch: { size: 8, microBatch: 3 } })).toEqual([
      'batch.microBatch: must divide the batch of 8, as 1, 2, 4 or 8 would',
    ]);
    const told = (size: number, microBatch: number): string => refusal({ batch: { size, microBatch } })[0];
    expect(told(5000, 16)).toContain('as 8, 10, 20 or 25 would');
    // A step has at most 1,024 of them, of at most 65,536 windows.
    expect(told(20_000, 3)).toBe('batch.microBatch: must divide the batch of 20000, as 20 or 25 would');
    expect(told(100_003, 16)).toBe('batch.microBatch: must divide the batch of 100003');
    expect(told(64, 1e300)).toContain('batch.microBatch: ');
    expect(refusal({ batch: { size: 2048, microBatch: 2 } })).toEqual([]);
    expect(refusal({ batch: { size: 2050, microBatch: 2 } })).toEqual([
      'batch.microBatch: must be at least 3, for a step has at most 1024 micro-batches',
    ]);
  });

  it.each([
    [{ seed: 1.5 }, 'seed'],
    [{ seed: -1 }, 'seed'],
    [{ seed: 2 ** 53 }, 'seed'],
    [{ epochs: 0 }, 'epochs'],
    [{ steps: 0 }, 'steps'],
    [{ optimizer: { ...exampleConfig.optimizer, beta2: 1 } }, 'optimizer.beta2'],
    [{ optimizer: { ...exampleConfig.optimizer, learningRate: NaN } }, 'optimizer.learningRate'],
    [{ optimizer: { ...exampleConfig.optimizer, clipNorm: -1 } }, 'optimizer.clipNorm'],
    [{ network: { ...exampleConfig.network, layers: [] } }, 'network.layers'],
    [
      { network: { ...exampleConfig.network, layers: [{ units: 8, dropout: 1 }] } },
      'network.layers.0.dropout',
    ],
    [{ optimizer: { ...exampleConfig.optimizer, weightDecay: -0.1 } }, 'optimizer.weightDecay'],
    [{ schedule: { kind: 'linear' } }, 'schedule.kind'],
    [{ schedule: { kind: 'cosine' } }, 'schedule.finalShare'],
    [{ schedule: { kind: 'step', everySteps: 0, factor: 0.5 } }, 'schedule.everySteps'],
    [{ schedule: { kind: 'step', everySteps: 1, factor: 0 } }, 'schedule.factor'],
    [{ schedule: { kind: 'constant', warmupSteps: -1 } }, 'schedule.warmupSteps'],
    [{ evaluation: { everySteps: 0 } }, 'evaluation.everySteps'],
    [{ evaluation: { symbolsMax: 0 } }, 'evaluation.symbolsMax'],
    [{ earlyStopping: { patience: 0, minDelta: 0 } }, 'earlyStopping.patience'],
    [{ earlyStopping: { patience: 1, minDelta: -1 } }, 'earlyStopping.minDelta'],
    [{ codec: { up: 'int8', down: 'float32' } }, 'codec.up'],
    [{ codec: { up: 'int16-grid', down: 'float32' }, batch: { size: 66, microBatch: 2 } }, 'codec.up'],
    [{ text: { ...exampleConfig.text, order: 'streams' } }, 'text.order'],
  ])('refuses %j by its key', (change, key) => {
    expect(refusal(change).map((line) => line.split(':')[0])).toEqual([key]);
  });
});
