import type { RunSummaryMessage } from '@rocinante/wire';

/** Where workers are that were not told of a pool. */
const DEFAULT_POOL = 'default';

/**
 * That nobody is there to compute for a run that has not ended, and what to do about it.
 * @returns null where a worker is there, or the coordinator does not say.
 */
export function emptyPoolText({
  pool,
  poolWorkers,
}: Pick<RunSummaryMessage, 'pool' | 'poolWorkers'>): string | null {
  if (poolWorkers !== 0) return null;
  const option = pool === DEFAULT_POOL ? '' : ` --pool ${pool}`;
  return `no worker is in pool ${pool}; start one with: ./rocinante worker${option}`;
}

/** A run's pool for a person, where there is something to say of it: it is not the usual one, or nobody is in it. */
export function poolText(summary: Pick<RunSummaryMessage, 'pool' | 'poolWorkers'>): string | null {
  const empty = emptyPoolText(summary);
  if (summary.pool === DEFAULT_POOL) return empty;
  return empty === null ? summary.pool : `${summary.pool}: ${empty}`;
}
