import type { CoordinatorPhase } from '@rocinante/metrics';

/** What a step's duration was bound by: one of three parts of the work, or one worker. */
export type StepBound =
  { readonly by: 'compute' | 'wire' | 'coordinator' } | { readonly by: 'worker'; readonly worker: string };

/** One worker's part in a step. */
export interface WorkerTimes {
  readonly worker: string;
  /** Of all the micro-batches that it computed in the step's last issue. */
  readonly computeSeconds: number;
  /** When its last report came, in seconds of any clock. */
  readonly reportedAt: number;
}

/** A worker is slow whose computing takes this many times the median of the others'. */
const SLOW_WORKER_FACTOR = 1.5;

/** The others waited for it where its report came later than all of theirs by this part of the step. */
const WAITED_PART_MIN = 0.1;

/** Steps over which the bound is smoothed, and what part of them another must hold: more than two that take turns ever do. */
const STEPS_REMEMBERED = 15;
const CHANGING_PART = 2 / 3;

/**
 * What bound one step. The rule, in this order:
 *
 * 1. `worker`: its computing took at least 1.5 times the median of the others', and its report came later than any other's
 *    by at least a tenth of the step: they waited for it.
 * 2. else the longest of three times: `compute`, the longest computing of any worker; `coordinator`, handing out, sums and
 *    Adam (the phases assign, sum and apply); `wire`, what remains of the step after these two. The earlier where even.
 */
export function boundOf(
  stepSeconds: number,
  phases: Readonly<Record<CoordinatorPhase, number>>,
  workers: readonly WorkerTimes[],
): StepBound {
  // Only one that reported last can be: of a thousand workers not each is compared with all others.
  const lastAt = Math.max(...workers.map(({ reportedAt }) => reportedAt));
  const slow = workers.find(
    (candidate) => candidate.reportedAt === lastAt && isWaitedFor(candidate, workers, stepSeconds),
  );
  if (slow) return { by: 'worker', worker: slow.worker };
  const compute = Math.max(0, ...workers.map(({ computeSeconds }) => computeSeconds));
  const coordinator = phases.assign + phases.sum + phases.apply;
  const wire = stepSeconds - compute - coordinator;
  if (compute >= coordinator && compute >= wire) return { by: 'compute' };
  return { by: coordinator >= wire ? 'coordinator' : 'wire' };
}

function isWaitedFor(candidate: WorkerTimes, workers: readonly WorkerTimes[], stepSeconds: number): boolean {
  const others = workers.filter((other) => other !== candidate);
  if (others.length === 0) return false;
  const waited = candidate.reportedAt - Math.max(...others.map(({ reportedAt }) => reportedAt));
  const usual = median(others.map(({ computeSeconds }) => computeSeconds));
  return waited >= WAITED_PART_MIN * stepSeconds && candidate.computeSeconds >= SLOW_WORKER_FACTOR * usual;
}

/** The middle one; the mean of the two middle ones of an even number. */
function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * What bounds the last steps, so that it does not flicker: the first step's bound, until another holds at least two
 * thirds of the last 15 steps.
 */
export class SmoothedBound {
  readonly #last: StepBound[] = [];
  #present: StepBound | null = null;

  /** One more step's bound. @returns the smoothed one. */
  add(bound: StepBound): StepBound {
    this.#last.push(bound);
    if (this.#last.length > STEPS_REMEMBERED) this.#last.shift();
    const votes = this.#last.filter((other) => isSame(other, bound)).length;
    if (this.#present === null || votes >= CHANGING_PART * this.#last.length) this.#present = bound;
    return this.#present;
  }

  /** A worker is gone: nothing is bound by it any more. */
  forget(worker: string): void {
    const others = this.#last.filter((bound) => bound.by !== 'worker' || bound.worker !== worker);
    this.#last.splice(0, Infinity, ...others);
    if (this.#present?.by === 'worker' && this.#present.worker === worker) this.#present = null;
  }
}

function isSame(one: StepBound, other: StepBound): boolean {
  return one.by === other.by && (one.by !== 'worker' || other.by !== 'worker' || one.worker === other.worker);
}
