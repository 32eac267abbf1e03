import type { ParameterLayout } from '@rocinante/parameters';

/** The losses of one stretch of steps, usually an epoch. */
export interface LossEntry {
  /** The stretch's last step. */
  readonly step: number;
  readonly epoch: number;
  /** Mean training loss over the stretch, in nats. */
  readonly loss: number;
  /** Loss on the held-out part after `step`, in nats; null where none was taken. */
  readonly validationLoss: number | null;
}

/**
 * All that a run needs to go on as if it had never stopped, between two steps.
 *
 * The vectors may be the caller's own snapshot: `save` reads them and never writes, and they must not change until its
 * promise resolves. Those of a checkpoint that was loaded are views of one buffer.
 */
export interface Checkpoint {
  /** Steps that are closed. This is the position in the data too, which is a function of it and the configuration. */
  readonly step: number;
  readonly layout: ParameterLayout;
  /** float32, [layout.length], as are Adam's moments. */
  readonly parameters: Float32Array;
  readonly m: Float32Array;
  readonly v: Float32Array;
  /** r of the last closed step, float32, [layout.blockCount]: the next step's grid follows from it. */
  readonly magnitudes: Float32Array;
  /** The betas to the power of `step`, float64, as repeated products; 1 before the first step. */
  readonly beta1Power: number;
  readonly beta2Power: number;
  /** Issues of all steps so far; steps issued again count each time. */
  readonly issueCount: number;
  /** Hash that a joining worker must give; empty as long as no worker has set it. */
  readonly joiningProof: string;
  /** In order of steps. Of more than `LOSS_ENTRIES_MAX` entries the file keeps the newest. */
  readonly lossHistory: readonly LossEntry[];
  /** The run's whole configuration, as JSON carries it. */
  readonly configuration: Readonly<Record<string, unknown>>;
  /** The symbols in the order of their indices. */
  readonly vocabulary: readonly string[];
  /** SHA-256 of the corpus, in lower-case hexadecimal. */
  readonly corpusSha256: string;
  /** The caller's further strings, kept as they are. */
  readonly further: Readonly<Record<string, string>>;
}

/** Loss entries that a checkpoint keeps: some 7 MB of its header. */
export const LOSS_ENTRIES_MAX = 100_000;
