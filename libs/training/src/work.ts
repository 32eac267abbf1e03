/** Names a worker's session; never used again, so a worker that comes back is another. */
export type WorkerId = string;

/** Names a contribution; never used again in one life of the machine, nor of its driver's where that counts on from run to run. */
export type AssignmentId = number;

/** `audit` is a gradient computed anew, never taken from what was kept, for its report alone: it enters no sum. */
export type WorkKind = 'train' | 'evaluate' | 'audit';

/**
 * Work items that share all but the micro-batch's number: what one worker is given at once.
 *
 * What a micro-batch holds, and its dropout masks, are a function of (seed, epoch, step, number) alone.
 * Carried state goes in and out one a micro-batch, in order `streams`: a later kind of run; there is none now.
 */
export interface Assignment {
  readonly id: AssignmentId;
  readonly kind: WorkKind;
  /** Steps closed before this one. For `evaluate`, steps closed before the evaluation. */
  readonly step: number;
  /** From 1: how often this step has been issued. 0 for `evaluate`. */
  readonly issue: number;
  /** Numbers of micro-batches; for `evaluate`, of the evaluation's pieces. */
  readonly microBatches: readonly number[];
  /** Which parameters to compute with: the number of steps that made them. */
  readonly parametersVersion: number;
  /** The first range that is wanted of the contribution; those before it hold these micro-batches already. */
  readonly firstRange: number;
  /** Only the report is wanted: the step will be issued again, and no range is granted. */
  readonly magnitudesOnly: boolean;
}

/** What a worker says of one micro-batch. */
export interface MicroBatchResult {
  readonly microBatch: number;
  /** Sum over windows of the mean over positions of the cross-entropy, in nats. */
  readonly lossSum: number;
  /** Euclidean norm of the micro-batch's gradient. */
  readonly norm: number;
  readonly finite: boolean;
  /** Of its int32 multiples of the grid (QuantaHash of libs/codec); 0 where it did not fit. */
  readonly hash: number;
}
