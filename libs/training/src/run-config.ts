import { z } from 'zod';
import { GRADIENT_CODECS, PARAMETER_CODECS } from '@rocinante/codec';
import type { NetworkSpec } from '@rocinante/model';

/**
 * The configuration of a run: everything that decides its numbers, and nothing else. Workers, threads, ports and paths
 * are not here. It is resolved (no defaults left open) before it is logged, saved, compared or sent.
 */
const lstmLayerSchema = z.strictObject({
  /** Width of the layer's state. */
  units: z.int().min(1).max(4096),
  /** Share of the layer's outputs that training sets to zero; 0 for none. */
  dropout: z.number().min(0).max(0.95),
});

const networkSchema = z
  .strictObject({
    input: z.enum(['scaled', 'one-hot', 'embedding']),
    /** Length of a learned vector; only with input `embedding`. */
    embeddingSize: z.int().min(1).max(4096).optional(),
    layers: z.array(lstmLayerSchema).min(1).max(8),
    recurrentActivation: z.enum(['sigmoid', 'hard-sigmoid']),
    /** `last`: the symbol after the window; `every`: the symbol after each position. */
    loss: z.enum(['last', 'every']),
  })
  .refine((network) => (network.input === 'embedding') === (network.embeddingSize !== undefined), {
    path: ['embeddingSize'],
    message: 'is given with input "embedding", and only then',
  });

const textSchema = z.strictObject({
  normalisation: z.enum(['reference', 'none']),
  /** Symbols of a window, without the one that follows. */
  window: z.int().min(1).max(10_000),
  /** Symbols from one window's start to the next one's. */
  stride: z.int().min(1).max(10_000),
  /** Whether the last tenth of the text is held out: 5 % for validation, 5 % for a test that tuning never sees. */
  heldOut: z.boolean(),
  order: z.literal('shuffled'),
});

/** Micro-batches of a step, at most: one more bit of the grid is spent at each doubling. */
export const MICRO_BATCHES_MAX = 1024;

const batchSchema = z
  .strictObject({
    /** Windows of a step. */
    size: z.int().min(1).max(1_048_576),
    /** Windows of one gradient computation; divides `size`. */
    microBatch: z.int().min(1).max(65_536),
  })
  .refine(({ size, microBatch }) => size % microBatch === 0, {
    path: ['microBatch'],
    message: 'must divide the batch',
  })
  .refine(({ size, microBatch }) => size / microBatch <= MICRO_BATCHES_MAX, {
    path: ['microBatch'],
    message: `must leave at most ${MICRO_BATCHES_MAX} micro-batches a step`,
  });

const optimizerSchema = z.strictObject({
  /** Keras's Adam: epsilon is added to sqrt(v) before bias correction is folded into the rate. */
  kind: z.literal('adam'),
  learningRate: z.number().positive().max(10),
  beta1: z.number().min(0).lt(1),
  beta2: z.number().min(0).lt(1),
  epsilon: z.number().positive().max(1),
  /** The largest global norm of a step's gradient; a larger one is scaled down to it. 0 for no clipping. */
  clipNorm: z.number().min(0),
});

export const runConfigSchema = z.strictObject({
  network: networkSchema,
  text: textSchema,
  batch: batchSchema,
  optimizer: optimizerSchema,
  /** How the learning rate goes over the steps. */
  schedule: z.strictObject({ kind: z.literal('constant') }),
  /** What travels: gradients up, parameters down. */
  codec: z.strictObject({ up: z.enum(GRADIENT_CODECS), down: z.enum(PARAMETER_CODECS) }),
  precision: z.literal('float32'),
  /** Decides first values, order of windows and dropout masks. */
  seed: z.int().min(0),
  /** Passes over all training windows, in the whole run. */
  epochs: z.int().min(1).max(1_000_000),
  /** Steps of the whole run; where it is null, the epochs decide. */
  steps: z.int().min(1).nullable(),
});

export type RunConfig = z.infer<typeof runConfigSchema>;

/** The run's network, once its vocabulary is known. */
export function networkOf(config: RunConfig, vocabularySize: number): NetworkSpec {
  return { ...config.network, vocabularySize };
}

/** Micro-batches of a full step. */
export function microBatchesOf(config: RunConfig): number {
  return config.batch.size / config.batch.microBatch;
}
