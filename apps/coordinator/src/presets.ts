import { ADAM_DEFAULTS } from '@rocinante/optimizer';
import type { RunConfig } from '@rocinante/training';

/** Keras's Adam with its defaults, and no clipping. */
const adam = { kind: 'adam', ...ADAM_DEFAULTS, clipNorm: 0 } as const;

const common = {
  schedule: { kind: 'constant', warmupSteps: 0 },
  evaluation: { everySteps: null, symbolsMax: 1_048_576 },
  earlyStopping: null,
  divergence: { then: 'stop', spikeFactor: 1.4, anchorEverySteps: 100, rateFactor: 0.5, rollbacksMax: 5 },
  initFrom: null,
  codec: { up: 'int32-grid', down: 'float32' },
  precision: 'float32',
  seed: 1,
  steps: null,
} as const;

/** Complete configurations to start from. Their default corpus is the bundled one. */
export const presets = {
  /** A first look: a small network that learns from every position, for a few minutes on two cores. */
  quick: {
    ...common,
    network: {
      input: 'embedding',
      embeddingSize: 64,
      layers: [{ units: 256, dropout: 0 }],
      recurrentActivation: 'sigmoid',
      loss: 'every',
    },
    text: { normalisation: 'none', window: 100, stride: 100, heldOut: true, order: 'shuffled' },
    batch: { size: 32, microBatch: 16 },
    optimizer: { ...adam, learningRate: 0.004, clipNorm: 1 },
    epochs: 4,
  },
  /**
   * The reference network and its training (jsga/DonQuijote_RNN, 2018): one number a character, the symbol after the
   * window, dropout after each layer, nothing held out.
   */
  seed: {
    ...common,
    network: {
      input: 'scaled',
      layers: [
        { units: 512, dropout: 0.5 },
        { units: 512, dropout: 0.5 },
        { units: 512, dropout: 0.5 },
      ],
      recurrentActivation: 'sigmoid',
      loss: 'last',
    },
    text: { normalisation: 'reference', window: 100, stride: 1, heldOut: false, order: 'shuffled' },
    batch: { size: 64, microBatch: 32 },
    optimizer: adam,
    epochs: 100,
  },
} satisfies Record<string, RunConfig>;

export type PresetName = keyof typeof presets;
