export { type Checkpoint, type LossEntry } from './checkpoint.js';
export { readCheckpointFile, writeCheckpointFile } from './checkpoint-file.js';
export {
  type CheckpointStore,
  type LoadedCheckpoint,
  type NotRemoved,
  type SavedCheckpoint,
  type SaveOptions,
  type VectorHashes,
} from './checkpoint-store.js';
export { checkpointName, checkpointsAmong, DirectoryStore, type Retention } from './directory-store.js';
export {
  CheckpointWriteError,
  DamagedCheckpointError,
  NoGoodCheckpointError,
  NonFiniteCheckpointError,
  UnreadableCheckpointError,
  type PassedOver,
} from './errors.js';
