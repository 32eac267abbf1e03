import type { RunSummaryMessage } from '@rocinante/wire';
import { hasEnded, stateWord } from '../client/run-state.js';
import { duration, grouped, hoursShown, lossShown, timeShown } from './quantities.js';
import { table } from './table.js';

/**
 * The runs of a coordinator as a table, in the coordinator's order: active ones, the queue, ended ones.
 * @param leftOut how many more there are.
 * @param has what they were chosen by, in words; null for all.
 */
export function runTable(runs: readonly RunSummaryMessage[], leftOut: number, has: string | null): string {
  if (runs.length === 0) {
    if (has === null) return 'no runs yet; start one with: ./rocinante run start';
    // A coordinator of an earlier release leaves runs out before they are chosen.
    const among =
      leftOut === 0 ? '' : ` among those listed; ${grouped(leftOut)} more that ended before are not`;
    return `no run has ${has}${among}`;
  }
  const pools = new Set(runs.map(({ pool }) => pool)).size > 1;
  const heads = [
    'run',
    'name',
    'state',
    'step',
    'loss',
    'held-out',
    'windows/s',
    'worker-hours',
    'ended, or left',
  ];
  const rows = table(
    [...heads, ...(pools ? ['pool'] : []), 'tags'],
    runs.map((run) => [
      run.id,
      run.name === run.id ? '' : run.name,
      stateShown(run),
      run.stepsTotal === 0 ? '-' : `${grouped(run.step)}/${grouped(run.stepsTotal)}`,
      lossShown(run.loss),
      lossShown(run.validationLoss),
      run.windowsPerSecond === undefined ? '-' : run.windowsPerSecond.toFixed(1),
      hoursShown(run.workerHours),
      endShown(run),
      ...(pools ? [run.pool] : []),
      run.tags.join(', '),
    ]),
  );
  return leftOut === 0 ? rows : `${rows}\nand ${grouped(leftOut)} more that ended before`;
}

/** A run's state in a word, and where it stands in the queue: `queued 2`, with its priority where that is not 0. */
function stateShown({ state, queuePosition, priority }: RunSummaryMessage): string {
  if (queuePosition === 0) return stateWord(state);
  return `${stateWord(state)} ${queuePosition}${priority === 0 ? '' : ` (priority ${priority})`}`;
}

/** When a run ended, in UTC; of one at work how long it is still to take. */
function endShown({ state, endedAt, secondsLeft }: RunSummaryMessage): string {
  if (hasEnded(state)) return endedAt === '' ? '-' : timeShown(endedAt).slice(0, -':00'.length);
  return secondsLeft === undefined ? '-' : `${duration(secondsLeft)} left`;
}
