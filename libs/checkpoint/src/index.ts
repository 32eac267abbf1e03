export { LOSS_ENTRIES_MAX, type Checkpoint, type LossEntry } from './checkpoint.js';
export { readCheckpointFile, writeCheckpointFile } from './checkpoint-file.js';
export { CHECKPOINT_FORMAT, CHECKPOINT_VERSION, RESERVED_PREFIXES } from './checkpoint-header.js';
export {
  type CheckpointStore,
  type LoadedCheckpoint,
  type SavedCheckpoint,
  type SaveOptions,
} from './checkpoint-store.js';
export { DirectoryStore, KEPT_CHECKPOINTS, checkpointName, type Retention } from './directory-store.js';
export {
  CheckpointWriteError,
  DamagedCheckpointError,
  NoGoodCheckpointError,
  NonFiniteCheckpointError,
  type PassedOver,
} from './errors.js';
