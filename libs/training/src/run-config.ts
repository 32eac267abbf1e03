import { z } from 'zod';
import {
  GRADIENT_CODECS,
  MICRO_BATCHES_MAX,
  PARAMETER_CODECS,
  type GradientCodec,
  type GridTerms,
} from '@rocinante/codec';
import { NORMALISATIONS } from '@rocinante/corpus';
import type { NetworkSpec } from '@rocinante/model';

/** Units of an LSTM layer, and layers of a network, at most. */
export const UNITS_MAX = 4096;
export const LAYERS_MAX = 8;

/**
 * The configuration of a run: everything that decides its numbers, and nothing else. Workers, threads, ports and paths
 * are not here. It is resolved (no defaults left open) before it is logged, saved, compared or sent.
 *
 * Defaults stand only at what an earlier release's configurations lack, and are what that release did, but for the
 * streams of the evaluation.
 */
const lstmLayerSchema = z.strictObject({
  /** Width of the layer's state. */
  units: z.int().min(1).max(UNITS_MAX),
  /** Share of the layer's outputs that training sets to zero; 0 for none. */
  dropout: z.number().min(0).max(0.95),
});

const networkSchema = z
  .strictObject({
    input: z.enum(['scaled', 'one-hot', 'embedding']),
    /** Length of a learned vector; only with input `embedding`. */
    embeddingSize: z.int().min(1).max(4096).optional(),
    layers: z.array(lstmLayerSchema).min(1).max(LAYERS_MAX),
    recurrentActivation: z.enum(['sigmoid', 'hard-sigmoid']),
    /** `last`: the symbol after the window; `every`: the symbol after each position. */
    loss: z.enum(['last', 'every']),
  })
  .refine((network) => (network.input === 'embedding') === (network.embeddingSize !== undefined), {
    path: ['embeddingSize'],
    message: 'is given with input "embedding", and only then',
  });

const textSchema = z.strictObject({
  /** What is done to the text first: libs/corpus says what each is. */
  normalisation: z.enum(NORMALISATIONS),
  /** Symbols of a window, without the one that follows. */
  window: z.int().min(1).max(10_000),
  /** Symbols from one window's start to the next one's. */
  stride: z.int().min(1).max(10_000),
  /** Whether the last tenth of the text is held out: 5 % for validation, 5 % for a test that tuning never sees. */
  heldOut: z.boolean(),
  order: z.literal('shuffled'),
});

/**
 * In what products are computed: `float32` to the last bit; `tf32`, which rounds their factors on cards that can, and is float32
 * on a processor; `mixed`, in which LSTM layers' products have bfloat16 factors when gradients are computed, on both.
 */
export const PRECISIONS = ['float32', 'tf32', 'mixed'] as const;
export type Precision = (typeof PRECISIONS)[number];

/** Micro-batches of a step, at most, whatever the codec: one more bit of the grid is spent at each doubling. */
const MOST_MICRO_BATCHES = Math.max(...Object.values(MICRO_BATCHES_MAX));

/** Windows of a micro-batch, at most. */
const MICRO_BATCH_MAX = 65_536;

/** Divisors of a batch next to what was given, two on each side where there are, that a step may have: `8, 10, 20 or 25`; empty without. */
function divisorsNear(size: number, given: number): string {
  const isDivisor = (by: number): boolean => size % by === 0;
  const least = Math.ceil(size / MOST_MICRO_BATCHES);
  const most = Math.min(size, MICRO_BATCH_MAX);
  // What was given may be any number: these loops end.
  const middle = Math.floor(Math.min(given, most + 1));
  const near: number[] = [];
  for (let by = middle - 1; by >= least && near.length < 2; by--) if (isDivisor(by)) near.unshift(by);
  const below = near.length;
  for (let by = Math.max(middle + 1, least); by <= most && near.length < below + 2; by++) {
    if (isDivisor(by)) near.push(by);
  }
  return near.join(', ').replace(/, (\d+)$/, ' or $1');
}

const batchSchema = z
  .strictObject({
    /** Windows of a step. */
    size: z.int().min(1).max(1_048_576),
    /** Windows of one gradient computation; divides `size`. */
    microBatch: z.int().min(1).max(MICRO_BATCH_MAX),
  })
  .refine(({ size, microBatch }) => size % microBatch === 0, {
    path: ['microBatch'],
    error: ({ input }) => {
      const { size, microBatch } = input as { size: number; microBatch: number };
      const near = divisorsNear(size, microBatch);
      return `must divide the batch of ${size}` + (near === '' ? '' : `, as ${near} would`);
    },
  })
  .refine(({ size, microBatch }) => size / microBatch <= MOST_MICRO_BATCHES, {
    path: ['microBatch'],
    error: ({ input }) => {
      const least = Math.ceil((input as { size: number }).size / MOST_MICRO_BATCHES);
      return `must be at least ${least}, for a step has at most ${MOST_MICRO_BATCHES} micro-batches`;
    },
  });

type BatchSettings = z.infer<typeof batchSchema>;

/** Whether a codec is for so many micro-batches; more than any codec is for are refused above. */
function fitsCodec({ size, microBatch }: BatchSettings, codec: GradientCodec): boolean {
  const microBatches = size / microBatch;
  return microBatches <= MICRO_BATCHES_MAX[codec] || microBatches > MOST_MICRO_BATCHES;
}

const optimizerSchema = z
  .strictObject({
    /** Keras's Adam: epsilon is added to sqrt(v) before bias correction is folded into the rate. */
    kind: z.literal('adam'),
    learningRate: z.number().positive().max(10),
    beta1: z.number().min(0).lt(1),
    beta2: z.number().min(0).lt(1),
    epsilon: z.number().positive().max(1),
    /** The largest global norm of a step's gradient; a larger one is scaled down to it. 0 for no clipping. */
    clipNorm: z.number().min(0),
    /** AdamW's, as Keras has it: the share of itself, times the step's rate, that a parameter loses in a step. 0 for none. */
    weightDecay: z.number().min(0).default(0),
    /** Which parameters decay: kernels, and not biases and embeddings. Absent: all, as in every configuration of earlier releases. */
    weightDecayOn: z.literal('kernels').optional(),
  })
  .refine(({ weightDecay, weightDecayOn }) => weightDecayOn === undefined || weightDecay > 0, {
    path: ['weightDecayOn'],
    message: 'needs a decay (set optimizer.weightDecay)',
  });

/** Steps over which the rate rises to its height, from that height's share in the first of them; 0 for none. */
const warmupSteps = z.int().min(0).default(0);

/** How the learning rate goes over the steps; `learningRateAt` of libs/optimizer says it exactly. */
const scheduleSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('constant'), warmupSteps }),
  z.strictObject({
    kind: z.literal('cosine'),
    warmupSteps,
    /** The share of the rate that the run's last step has. */
    finalShare: z.number().min(0).max(1),
  }),
  z.strictObject({
    kind: z.literal('step'),
    warmupSteps,
    /** Steps from one change of the rate to the next, and what it is multiplied by. */
    everySteps: z.int().min(1),
    factor: z.number().positive().max(1),
  }),
]);

const evaluationSchema = z.strictObject({
  /** Steps from one evaluation to the next; null for those at epochs' ends and at the run's, which there are anyway. */
  everySteps: z.int().min(1).nullable().default(null),
  /** Symbols that an evaluation predicts at most (with a loss on the last position: reads in its windows). */
  symbolsMax: z.int().min(1).default(1_048_576),
});

const earlyStoppingSchema = z.strictObject({
  /** Evaluations in a row without a gain, after which the run ends. */
  patience: z.int().min(1),
  /** Nats by which a held-out loss must be below the best before it to be a gain. */
  minDelta: z.number().min(0),
});

/** What follows where the training diverges: a loss or gradient is not finite, or the loss spikes. */
const divergenceSchema = z.strictObject({
  /** `stop`: the run fails. `rollback`: it goes back to the last state kept for that, and on with a lower rate. */
  then: z.enum(['stop', 'rollback']).default('stop'),
  /** The loss spikes where, smoothed over some 32 steps, it is so many times its lowest; 0 for never. */
  spikeFactor: z
    .number()
    .refine((factor) => factor === 0 || factor > 1, 'expected 0, or more than 1')
    .default(0),
  /** Steps from one state that is kept to go back to, to the next. */
  anchorEverySteps: z.int().min(1).max(1_000_000).default(100),
  /** What each rollback multiplies the rate by. */
  rateFactor: z.number().positive().lt(1).default(0.5),
  /** Rollbacks after which the run fails where it diverges again. */
  rollbacksMax: z.int().min(1).max(100).default(5),
});

export const runConfigSchema = z
  .strictObject({
    network: networkSchema,
    text: textSchema,
    batch: batchSchema,
    optimizer: optimizerSchema,
    schedule: scheduleSchema,
    /** How what is held out is evaluated. */
    evaluation: evaluationSchema.prefault({}),
    /** When the run ends before its length; null for never. */
    earlyStopping: earlyStoppingSchema.nullable().default(null),
    divergence: divergenceSchema.prefault({}),
    /** SHA-256 of the weights file whose values the run begins with; null for those that the seed gives. */
    initFrom: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'expected a SHA-256 of 64 lower-case hexadecimal digits')
      .nullable()
      .default(null),
    /** What travels: gradients up, parameters down. */
    codec: z.strictObject({ up: z.enum(GRADIENT_CODECS), down: z.enum(PARAMETER_CODECS) }),
    precision: z.enum(PRECISIONS).default('float32'),
    /** Decides first values, order of windows and dropout masks. */
    seed: z.int().min(0),
    /** Passes over all training windows, in the whole run. */
    epochs: z.int().min(1).max(1_000_000),
    /** Steps of the whole run; where it is null, the epochs decide. */
    steps: z.int().min(1).nullable(),
  })
  .refine(({ earlyStopping, text }) => earlyStopping === null || text.heldOut, {
    path: ['earlyStopping'],
    message: 'needs a held-out loss to judge by (set text.heldOut)',
  })
  .refine(({ evaluation, text }) => evaluation.everySteps === null || text.heldOut, {
    path: ['evaluation', 'everySteps'],
    message: 'needs a held-out part to evaluate (set text.heldOut)',
  })
  .refine(({ batch, codec }) => fitsCodec(batch, codec.up), {
    path: ['codec', 'up'],
    error: ({ input }) => {
      const { batch, codec } = input as { batch: BatchSettings; codec: { up: GradientCodec } };
      const most = MICRO_BATCHES_MAX[codec.up];
      return (
        `${codec.up} is for steps of at most ${most} micro-batches, and the batch of ${batch.size} has ` +
        `${batch.size / batch.microBatch}; a micro-batch of ${Math.ceil(batch.size / most)} or more makes fewer`
      );
    },
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

/** What decides the grids of the run's gradients, beside their magnitudes. */
export function gridTermsOf(config: RunConfig): GridTerms {
  return { codec: config.codec.up, microBatches: microBatchesOf(config) };
}
