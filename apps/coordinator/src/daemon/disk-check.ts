import { networkLayout } from '@rocinante/model';
import { networkOf, type RunConfig } from '@rocinante/training';
import { diskDecision, diskMessage, freeBytes, neededBytes } from '../run/disk-space.js';
import { DiskFullError } from './errors.js';

/** A text's symbols are not known before it is encoded: so many are reckoned with. */
const SYMBOLS_RECKONED = 256;

/** Parameters of a run whose text is not encoded yet, more rather than fewer. */
export function parametersReckoned(config: RunConfig): number {
  return networkLayout(networkOf(config, SYMBOLS_RECKONED)).length;
}

/**
 * Refuses what would fill the disk.
 * @param bytes of what is to come at once.
 * @param parameterCount of the run that is to be begun; 0 for none.
 * @throws {DiskFullError} there is no room for it, or for the run's checkpoints.
 */
export async function refuseFullDisk(path: string, bytes: number, parameterCount = 0): Promise<void> {
  const free = await freeBytes(path);
  const needed = bytes + neededBytes(parameterCount);
  if (diskDecision(free, needed, 'starting') === 'go-on') return;
  throw new DiskFullError(
    diskMessage(path, free, needed, '--data', parameterCount > 0 ? undefined : 'what comes needs'),
  );
}
