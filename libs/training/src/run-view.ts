import type { WorkerId } from './work.js';

/**
 * What a run is at. `saving`: it waits for a checkpoint. `waiting`: for workers, since there are none for the work in hand,
 * or too few for a step to be issued. `held`: for the event `released`.
 */
export type RunPhase = 'saving' | 'training' | 'evaluating' | 'waiting' | 'held' | 'over';

export interface WorkerView {
  readonly worker: WorkerId;
  /** How fast it was of late; null before it was measured. */
  readonly microBatchesPerSecond: number | null;
  /** Micro-batches of the step in progress that it holds. */
  readonly microBatches: number;
}

/** What displays show of a run beside its progress. */
export interface RunView {
  readonly phase: RunPhase;
  /** The issue of the step in progress; 0 where there is none. */
  readonly issue: number;
  /** Live workers in the order of joining. */
  readonly workers: readonly WorkerView[];
  /** Live workers beyond the micro-batches of a step. */
  readonly spares: number;
}
