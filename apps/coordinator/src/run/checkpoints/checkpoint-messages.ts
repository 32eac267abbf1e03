import type {
  Checkpoint,
  PassedOver,
  Retention,
  SavedCheckpoint,
  SaveOptions,
  VectorHashes,
} from '@rocinante/checkpoint';
import type { CheckpointFailure } from './checkpoint-failure.js';
import type { SharedVector } from '../arithmetic/shared-vector.js';
import type { StateVectors } from '../arithmetic/step-arithmetic.js';

/** What of a checkpoint is the same in all of a run's: the vectors are its snapshot, which lies in shared memory. */
export type CheckpointConstants = StateVectors &
  Pick<Checkpoint, 'layout' | 'configuration' | 'vocabulary' | 'corpusSha256'>;

/** What the checkpoints' thread begins with. */
export interface CheckpointSetting {
  readonly directory: string;
  readonly retention: Retention;
  /** Null for one that reads only. */
  readonly constants: CheckpointConstants | null;
}

/** It is to write the snapshot, with this beside it. */
export interface SaveRequest {
  readonly type: 'save';
  readonly state: Omit<Checkpoint, keyof CheckpointConstants>;
  readonly options: SaveOptions;
  /** Names of damaged checkpoints that loading passed over: they go once this one is safe. */
  readonly damaged: readonly string[];
  /** Whether those of later steps are removed first: the run goes back. */
  readonly goesBack: boolean;
}

/** It is to read and verify a checkpoint: the one of that name, or for null the newest good one. */
export interface LoadRequest {
  readonly type: 'load';
  readonly name: string | null;
}

/** What it is asked, one at a time. */
export type CheckpointRequest = SaveRequest | LoadRequest;

/** A checkpoint that was read, its vectors in shared memory of their own. */
export interface ReadCheckpoint {
  readonly name: string;
  readonly checkpoint: Checkpoint & Readonly<Record<keyof StateVectors, SharedVector>>;
  /** Newer ones that were damaged. */
  readonly passedOver: readonly PassedOver[];
  /** Of the vectors as they were read. */
  readonly hashes: VectorHashes;
}

/** What it answers to each request. */
export type CheckpointAnswer =
  | { readonly type: 'saved'; readonly saved: SavedCheckpoint }
  | { readonly type: 'loaded'; readonly read: ReadCheckpoint }
  | { readonly type: 'failed'; readonly failure: CheckpointFailure };
