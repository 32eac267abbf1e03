/**
 * Buckets of durations, in seconds: about three a decade. Steps take from milliseconds (a toy on one machine) to minutes
 * (a large batch on a few processors); their phases begin a decade below.
 */
export const STEP_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 180] as const;
export const PHASE_BUCKETS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60,
] as const;

/** A checkpoint is a file of 20 MB to several GB, flushed to a disk. */
export const CHECKPOINT_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] as const;
