import type { Session } from '../service/session.js';

/** Names of workers in one sentence, at most. */
const NAMES_MAX = 5;

/**
 * What a run waits for, in one clause.
 * @param there workers that compute for it; @param idle those of its pool that are given no work.
 */
export function waitingReason(
  there: number,
  minWorkers: number,
  idle: readonly Pick<Session, 'name' | 'standing'>[],
): string {
  const parked = idle.filter(({ standing }) => standing === 'parked');
  const refused = idle.filter(({ standing }) => standing === 'refused');
  return [
    `it waits for workers: ${there} of ${minWorkers} are there`,
    ...(parked.length === 0
      ? []
      : [`parked, since their bits would be others (--exact off admits them): ${listed(parked)}`]),
    ...(refused.length === 0 ? [] : [`cannot work for it: ${listed(refused)}`]),
  ].join('; ');
}

function listed(workers: readonly { readonly name: string }[]): string {
  const names = workers.slice(0, NAMES_MAX).map(({ name }) => name);
  const more = workers.length - names.length;
  return names.join(', ') + (more > 0 ? ` and ${more} more` : '');
}
