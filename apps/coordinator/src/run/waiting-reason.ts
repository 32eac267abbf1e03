import type { RunView } from '@rocinante/training';
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
  const clauses = IDLENESS.flatMap(([standing, why]) => {
    const workers = idle.filter((worker) => worker.standing === standing);
    return workers.length === 0 ? [] : [`${why}: ${listed(workers)}`];
  });
  return [`it waits for workers: ${there} of ${minWorkers} are there`, ...clauses].join('; ');
}

/** Whether a worker is there and stays without work, so that a run that waits should say why. */
function isIdleForGood({ standing }: Pick<Session, 'standing'>): boolean {
  return IDLENESS.some(([idleness]) => idleness === standing);
}

/** Of a run: what it waits for, and who is there. */
export interface WaitingRun {
  readonly view: Pick<RunView, 'phase'>;
  readonly idleWorkers: readonly Pick<Session, 'standing'>[];
  readonly waitingReason: string;
}

/** Says of a run that it waits though workers are there, once each time that it comes to that. */
export class WaitingNotice {
  readonly #run: WaitingRun;
  #isSaid = false;

  constructor(run: WaitingRun) {
    this.#run = run;
  }

  /** @returns what is to be said now, in one line; null for nothing. */
  look(): string | null {
    const { view, idleWorkers, waitingReason } = this.#run;
    const waits = view.phase === 'waiting' && idleWorkers.some(isIdleForGood);
    const isNew = waits && !this.#isSaid;
    this.#isSaid = waits;
    return isNew ? `the run is active, but ${waitingReason}` : null;
  }
}

const IDLENESS: readonly (readonly [Session['standing'], string])[] = [
  ['parked', 'parked, since their bits would be others (--exact off admits them)'],
  ['refused', 'cannot work for it'],
  ['set-aside', 'set aside, since they computed what is wrong'],
];

function listed(workers: readonly { readonly name: string }[]): string {
  const names = workers.slice(0, NAMES_MAX).map(({ name }) => name);
  const more = workers.length - names.length;
  return names.join(', ') + (more > 0 ? ` and ${more} more` : '');
}
