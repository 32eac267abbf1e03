/** For specs: a small network's configuration, resolved. */
import type { RunConfig } from './run-config.js';

export const exampleConfig: RunConfig = {
  network: {
    input: 'one-hot',
    layers: [{ units: 8, dropout: 0 }],
    recurrentActivation: 'sigmoid',
    loss: 'every',
  },
  text: { normalisation: 'none', window: 10, stride: 10, heldOut: true, order: 'shuffled' },
  batch: { size: 8, microBatch: 2 },
  optimizer: {
    kind: 'adam',
    learningRate: 0.001,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-7,
    clipNorm: 0,
    weightDecay: 0,
  },
  schedule: { kind: 'constant', warmupSteps: 0 },
  evaluation: { everySteps: null, symbolsMax: 1_048_576 },
  earlyStopping: null,
  divergence: {
    then: 'stop',
    spikeFactor: 0,
    anchorEverySteps: 100,
    rateFactor: 0.5,
    rollbacksMax: 5,
  },
  initFrom: null,
  codec: { up: 'int32-grid', down: 'float32' },
  precision: 'float32',
  seed: 1,
  epochs: 2,
  steps: null,
};
