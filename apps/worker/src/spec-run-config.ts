/** For specs: a run's configuration, of which only what matters to the spec is written out. */
import { runConfigSchema, type Assignment, type RunConfig } from '@rocinante/training';

/** @param own network, text and batches; anything else is one epoch by Adam at its defaults, in float32, from seed 1. */
export function specRunConfig(
  own: Partial<RunConfig> & { network: object; text: object; batch: object },
): RunConfig {
  return runConfigSchema.parse({
    optimizer: { kind: 'adam', learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-7, clipNorm: 0 },
    schedule: { kind: 'constant' },
    codec: { up: 'int32-grid', down: 'float32' },
    precision: 'float32',
    seed: 1,
    epochs: 1,
    steps: null,
    ...own,
  });
}

/** Of one small layer, in steps of 32 windows of 10 symbols. */
export function smallRunConfig(microBatch: number): RunConfig {
  return specRunConfig({
    network: {
      input: 'one-hot',
      layers: [{ units: 5, dropout: 0 }],
      recurrentActivation: 'sigmoid',
      loss: 'every',
    },
    text: { normalisation: 'none', window: 10, stride: 10, heldOut: false, order: 'shuffled' },
    batch: { size: 32, microBatch },
  });
}

/** Two micro-batches of the first step, with version 1 of the parameters. */
export const firstAssignment: Assignment = {
  id: 1,
  kind: 'train',
  step: 0,
  issue: 1,
  microBatches: [0, 1],
  parametersVersion: 1,
  firstRange: 0,
  magnitudesOnly: false,
};
