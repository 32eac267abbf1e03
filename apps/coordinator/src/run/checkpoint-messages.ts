import type { Checkpoint, Retention, SavedCheckpoint, SaveOptions } from '@rocinante/checkpoint';
import type { CheckpointFailure } from './checkpoint-failure.js';
import type { StateVectors } from './step-arithmetic.js';

/** What of a checkpoint is the same in all of a run's: the vectors are its snapshot, which lies in shared memory. */
export type CheckpointConstants = StateVectors &
  Pick<Checkpoint, 'layout' | 'configuration' | 'vocabulary' | 'corpusSha256'>;

/** What the checkpoints' thread begins with. */
export interface CheckpointSetting {
  readonly directory: string;
  readonly retention: Retention;
  readonly constants: CheckpointConstants;
}

/** What it is asked: to write the snapshot, with this beside it. */
export interface SaveRequest {
  readonly state: Omit<Checkpoint, keyof CheckpointConstants>;
  readonly options: SaveOptions;
  /** Names of damaged checkpoints that loading passed over: they go once this one is safe. */
  readonly damaged: readonly string[];
}

/** What it answers to each request. */
export type SaveAnswer =
  | { readonly type: 'saved'; readonly saved: SavedCheckpoint }
  | { readonly type: 'failed'; readonly failure: CheckpointFailure };
