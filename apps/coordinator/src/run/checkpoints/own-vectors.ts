import { UnreadableCheckpointError, type Checkpoint } from '@rocinante/checkpoint';
import { sharedCopy } from '../arithmetic/shared-vector.js';
import type { ReadCheckpoint } from './checkpoint-messages.js';

/**
 * A checkpoint with vectors of its own, in shared memory: what a file holds are views of one buffer, and a run's vectors change.
 * @throws {UnreadableCheckpointError} there is no memory for them.
 */
export function ownVectors(name: string, checkpoint: Checkpoint): ReadCheckpoint['checkpoint'] {
  try {
    const [parameters, m, v] = [checkpoint.parameters, checkpoint.m, checkpoint.v].map(sharedCopy);
    return { ...checkpoint, parameters, m, v, magnitudes: checkpoint.magnitudes.slice() };
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new UnreadableCheckpointError(name, `it takes more memory than there is: ${cause.message}`, {
      cause,
    });
  }
}
