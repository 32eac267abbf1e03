import { z } from 'zod';

/** A run waits for so many workers at most, and keeps so many of its newest checkpoints. */
export const MIN_WORKERS_MAX = 1024;
export const KEEP_LAST_MAX = 10_000;

/** What bounds a run and what is kept of it: none of this decides its numbers, but for `exact: 'off'`. */
export const runLimitsSchema = z
  .strictObject({
    /** Steps are taken only with so many workers there. */
    minWorkers: z.int().min(1).max(MIN_WORKERS_MAX),
    /** Active time after which the run is stopped, with a checkpoint; null for none. */
    maxHours: z.number().positive().nullable(),
    /**
     * Time between two checkpoints; 0 for none but those at evaluations, at the end and on a stop. `auto` takes it from what
     * the last one took: about 1 % of the time, but every ten minutes at the least.
     */
    checkpointSeconds: z.union([z.number().min(0), z.literal('auto')], {
      error: 'expected a number of seconds, at least 0, or auto',
    }),
    /** The newest checkpoints that are kept, beside the best. */
    keepLast: z.int().min(1).max(KEEP_LAST_MAX),
    /** Checkpoints of steps that are multiples of this are kept for good; 0 for none. */
    keepEverySteps: z.int().min(0),
    /** `auto` parks a worker whose joining proof is another than the run's; `off` admits it, which the run's record says. */
    exact: z.enum(['auto', 'off']).default('auto'),
    /** The share of micro-batches that two workers compute, to compare bits; not where `exact` is off. */
    auditShare: z.number().min(0).max(1).default(0),
    /** Whether a gradient whose norm lies far outside waits for a second worker's word. What is not finite always does. */
    normChecks: z.enum(['on', 'off']).default('on'),
  })
  .refine(({ exact, auditShare }) => exact === 'auto' || auditShare === 0, {
    path: ['auditShare'],
    error: 'an audit compares bits, in which workers may differ where exact is off; expected one of the two',
  });

export type RunLimits = z.infer<typeof runLimitsSchema>;

export const DEFAULT_LIMITS: RunLimits = {
  minWorkers: 1,
  maxHours: null,
  checkpointSeconds: 60,
  keepLast: 3,
  keepEverySteps: 0,
  exact: 'auto',
  auditShare: 0,
  normChecks: 'on',
};
