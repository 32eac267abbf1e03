import type { RunConfig } from '@rocinante/training';

/** Windows that a card computes at once: fewer leave most of it idle, and a larger micro-batch gains little. */
const CARD_MICRO_BATCH = 256;

/** How much larger a batch can be made at most. */
export const BATCH_SCALE_MAX = 4096;

/** The warm-up of a batch that was made larger, where the configuration has none. */
const SCALED_WARMUP_STEPS = 100;

/** Fewer steps in a whole run are too few for a larger batch to be worth recommending: ten times the warm-up. */
const STEPS_LEFT_MIN = 10 * SCALED_WARMUP_STEPS;

/** What a larger batch takes with it. */
export type BatchTerms = Pick<RunConfig, 'batch' | 'optimizer' | 'schedule'>;

/**
 * A batch k times as large, with the rate that goes with it: LEGW (You et al., "Large-Batch Training for LSTM and Beyond",
 * arXiv 1901.08256). The learning rate is multiplied by the square root of k, and the epochs of the warm-up by k, which are as
 * many steps as before, since each has k times the windows; where there was no warm-up, there is one. Falls of the
 * schedule `step` come after as many windows as before.
 *
 * The micro-batch grows as far as it divides the batch and is no larger than 256 windows; the rest is more micro-batches. What
 * else is counted in steps (the run's length where it is not in epochs, evaluations) stays.
 */
export function scaleBatch({ batch, optimizer, schedule }: BatchTerms, k: number): BatchTerms {
  const { size, microBatch } = batch;
  const warmupSteps = schedule.warmupSteps === 0 ? SCALED_WARMUP_STEPS : schedule.warmupSteps;
  return {
    batch: { size: size * k, microBatch: microBatch * microBatchScale(microBatch, k) },
    optimizer: { ...optimizer, learningRate: optimizer.learningRate * Math.sqrt(k) },
    schedule:
      schedule.kind === 'step'
        ? { ...schedule, warmupSteps, everySteps: Math.max(1, Math.round(schedule.everySteps / k)) }
        : { ...schedule, warmupSteps },
  };
}

/** The largest divisor of k with which a micro-batch stays within what a card computes at once. */
function microBatchScale(microBatch: number, k: number): number {
  let scale = Math.max(1, Math.min(k, Math.floor(CARD_MICRO_BATCH / microBatch)));
  while (k % scale !== 0) scale -= 1;
  return scale;
}

/** What a batch that was made larger has come to, in a line. */
export function scaledBatchLine(k: number, { batch, optimizer, schedule }: BatchTerms): string {
  const rate = Number(optimizer.learningRate.toPrecision(3));
  return (
    `--scale-batch ${k}: ${batch.size} windows in micro-batches of ${batch.microBatch}, learning rate ${rate}, ` +
    `warm-up ${schedule.warmupSteps} steps`
  );
}

/** What is recommended of a run's batch where a card computes it, in a line; null where nothing is. */
export function cardBatchLine(config: Pick<RunConfig, 'batch'>, stepsTotal: number): string | null {
  const k = recommendedScale(config, stepsTotal);
  if (k === null) return null;
  return (
    `micro-batches of ${config.batch.microBatch} windows leave a card mostly idle; for a new run --scale-batch ${k} makes ` +
    'them larger, with the learning rate and warm-up that go with it'
  );
}

/**
 * By how much a run's batch would have to grow for a card to be used well: a power of two; null where its micro-batch is large
 * enough, or the run would keep too few steps.
 */
function recommendedScale({ batch }: Pick<RunConfig, 'batch'>, stepsTotal: number): number | null {
  let k = 1;
  while (2 * k * batch.microBatch <= CARD_MICRO_BATCH && stepsTotal / (2 * k) >= STEPS_LEFT_MIN) k *= 2;
  return k === 1 ? null : k;
}
