import type { Checkpoint } from './checkpoint.js';
import type { PassedOver } from './errors.js';

/** A checkpoint that was saved. */
export interface SavedCheckpoint {
  /** Its name within the store, such as `step-00000060.safetensors`. */
  readonly name: string;
  readonly step: number;
  readonly bytes: number;
  /** Null where they were not asked for. */
  readonly hashes: VectorHashes | null;
  /** What need not be kept any more and is still there, since the disk does not remove it; the next save tries again. */
  readonly notRemoved: readonly NotRemoved[];
}

/** A file that the disk does not remove, or the folder where that cannot be listed. */
export interface NotRemoved {
  readonly name: string;
  readonly reason: string;
}

/** SHA-256s of a checkpoint's vectors as they were written: of the parameters' bytes, and of m's and then v's. */
export interface VectorHashes {
  readonly parameters: string;
  readonly moments: string;
}

export interface SaveOptions {
  /** This is the best so far, and takes the place of the one before. */
  readonly best: boolean;
  /** Whether the vectors' hashes are taken too, on the way; not without it. */
  readonly hashed?: boolean;
  /** The step of another that is kept for now; null for none, as without it. */
  readonly alsoKept?: number | null;
}

/** A checkpoint that was loaded, with the newer ones that were damaged. */
export interface LoadedCheckpoint {
  readonly name: string;
  readonly checkpoint: Checkpoint;
  /** Newest first. A person is told of each. */
  readonly passedOver: readonly PassedOver[];
}

/**
 * Where a run's checkpoints are. One process at a time saves into a store.
 *
 * It keeps the newest few, the best, and perhaps every so many steps, and never removes the last good one. The caller says
 * which is best, by held-out loss or else training loss.
 */
export interface CheckpointStore {
  /**
   * Saves a checkpoint; when this returns, a loss of power does not lose it. Calls are not made at the same time. One that is saved
   * is so whatever becomes of those that need not be kept any more.
   * @throws {NonFiniteCheckpointError | CheckpointWriteError} nothing is saved, and nothing lost.
   */
  save(checkpoint: Checkpoint, options: SaveOptions): Promise<SavedCheckpoint>;

  /**
   * Loads the newest good checkpoint, passing over damaged ones.
   * @throws {NoGoodCheckpointError} there is none; it names the damaged ones.
   * @throws {UnreadableCheckpointError} one newer than the good ones cannot be read now: nothing is decided about it.
   */
  loadLatest(): Promise<LoadedCheckpoint>;

  /** Removes those of later steps, the best of them too. @throws Node's error where the disk does not do it. */
  removeAfter(step: number): Promise<void>;

  /** Loads one by its name. @throws {DamagedCheckpointError} @throws {UnreadableCheckpointError} */
  load(name: string): Promise<Checkpoint>;

  /** The names of what is there, damaged or not, oldest first. Empty for a place that does not exist yet. */
  names(): Promise<string[]>;

  /** The name of the best that was saved; undefined where none was marked. */
  best(): Promise<string | undefined>;
}
