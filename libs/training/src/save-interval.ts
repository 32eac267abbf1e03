import type { RunShape } from './run-state.js';

/**
 * So many times what the last save took lie between two begins under `auto`: saves by the clock take about 1 % of the time, as far
 * as the bounds let them. A save
 * is beside the work, so steps feel less of it; a kill costs half an interval of work on average.
 */
const INTERVAL_SAVES = 100;

/** Never more often, however fast the disk: less than this is hardly worth resuming for. */
export const AUTO_INTERVAL_MS_MIN = 10_000;

/** Never more seldom, however slow the disk: more work than ten minutes' is not to be lost for the sake of 1 %. */
export const AUTO_INTERVAL_MS_MAX = 600_000;

/**
 * Milliseconds from the begin of one checkpoint by the clock to the next one's; 0 for none.
 * @param saveSeconds what the run's last save took, whatever it was for; null before it is known, as on a resume, where the
 *   first by the clock comes soon and is the measurement.
 */
export function saveIntervalMs(
  { checkpointIntervalMs }: Pick<RunShape, 'checkpointIntervalMs'>,
  saveSeconds: number | null,
): number {
  if (checkpointIntervalMs !== 'auto') return checkpointIntervalMs;
  const wanted = INTERVAL_SAVES * (saveSeconds ?? 0) * 1000;
  return Math.min(AUTO_INTERVAL_MS_MAX, Math.max(AUTO_INTERVAL_MS_MIN, wanted));
}
