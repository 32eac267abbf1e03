/**
 * A run's length and pieces: constants of the machine.
 *
 * Steps are counted from 0 over the whole run; step s belongs to epoch floor(s / stepsPerEpoch). An epoch's last step may
 * be short: its windows are what is left, and it has ceil(windows / windowsPerMicroBatch) micro-batches.
 */
export interface RunShape {
  readonly stepsTotal: number;
  readonly windowsPerEpoch: number;
  /** M, the micro-batches of a full step. */
  readonly microBatchesPerStep: number;
  readonly windowsPerMicroBatch: number;
  /** Pieces that an evaluation of what is held out is computed in; 0 where nothing is. */
  readonly evaluationPieces: number;
  /** What the pieces' losses are divided by: the symbols or windows in all of them; 0 where nothing is held out. */
  readonly evaluationUnits: number;
  /** Steps from one evaluation point to the next; 0 for those at epochs' ends and at the run's, which there are anyway. */
  readonly evaluateEverySteps: number;
  /** Evaluations in a row without a gain, after which the run ends; 0 for never. */
  readonly patience: number;
  /** Nats by which a loss must be below the best before it to be a gain. */
  readonly minDelta: number;
  /** Ranges of the parameters' vector. */
  readonly rangeCount: number;
  /** Whether the gradient's norm over all ranges is wanted before any range is applied. */
  readonly clips: boolean;
  /**
   * Time between two checkpoints by the clock; 0 for none but those at evaluation points, at the end and on a stop. `auto`
   * takes it from what the last save took (`saveIntervalMs`).
   */
  readonly checkpointIntervalMs: number | 'auto';
  /** Steps of which each multiple has a checkpoint; 0 for none. */
  readonly checkpointEverySteps: number;
  /** Workers that must be there before a step is issued; at least 1. A step that is issued goes on with fewer. */
  readonly minWorkers: number;
  /** The run's, from which follows which micro-batches are audited. */
  readonly seed: number;
  /** The share of micro-batches that are computed by two workers, to compare bits: 0 for none, 1 for all. */
  readonly auditShare: number;
  /** Whether a micro-batch whose norm lies far outside is computed by a second worker before it counts. */
  readonly normChecks: boolean;
  /** The loss has spiked where, smoothed, it is so many times its lowest; 0 for never. */
  readonly spikeFactor: number;
  /** Steps of which each multiple has a checkpoint to go back to where the run diverges; 0 for none. */
  readonly anchorEverySteps: number;
}

/** How high the loss is, smoothed over steps, and how low that was before; in nats. */
export interface LossLevel {
  readonly smoothed: number;
  readonly lowest: number;
}

/** The run diverged, and went back. */
export interface Rollback {
  /** Steps that were closed by then, and those that it went back to. */
  readonly fromStep: number;
  readonly toStep: number;
}

/** What was measured at one evaluation point: an epoch's end, the run's, or one of those each so many steps. */
export interface HistoryEntry {
  /** Steps closed by then. */
  readonly step: number;
  /** Epochs begun by then: one that has just ended counts. */
  readonly epoch: number;
  /** Mean training loss over the epoch's windows so far, in nats; dropout on. */
  readonly loss: number;
  /** Mean held-out loss over symbols, or over windows for a loss on the last position, in nats; null where nothing is held out. */
  readonly validationLoss: number | null;
}

/** Where a run stands between two steps. It goes into every checkpoint, and out of one on resume. */
export interface RunProgress {
  /** Steps closed; also the version of the parameters. */
  readonly step: number;
  /** Issues of all steps so far: `step` plus those issued again. */
  readonly issues: number;
  /** The epoch's training loss so far: sums in float64, in the order of steps and micro-batches. */
  readonly epochLossSum: number;
  readonly epochLossWindows: number;
  /** Mean training loss of the last closed step; null before the first. */
  readonly lastLoss: number | null;
  /** The newest entries, as many as `withEntry` keeps. */
  readonly history: readonly HistoryEntry[];
  /** The lowest loss that decides which checkpoint is best (held-out, else training); null before the first. */
  readonly bestLoss: number | null;
  /** Null before the first step, or where a release closed them that did not note it. */
  readonly lossLevel: LossLevel | null;
  /** Steps of the state that the run goes back to where it diverges. */
  readonly anchorStep: number;
  /** Each lowers the learning rate for all steps after it. */
  readonly rollbacks: readonly Rollback[];
}

/** The progress of a run that has not begun. */
export const noProgress: RunProgress = {
  step: 0,
  issues: 0,
  epochLossSum: 0,
  epochLossWindows: 0,
  lastLoss: null,
  history: [],
  bestLoss: null,
  lossLevel: null,
  anchorStep: 0,
  rollbacks: [],
};
