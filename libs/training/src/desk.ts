/** What a step and an evaluation have in common: handing work out, taking it back, and checking what comes back. `race.ts` has what is late. */
import type { RunEffect } from './effects.js';
import type { Holding, IssueLedger } from './issue-ledger.js';
import type { Roster } from './roster.js';
import { deal } from './shares.js';
import type { Assignment, AssignmentId, WorkerId } from './work.js';

/** What the machine lends to the work in hand. */
export interface Desk {
  readonly roster: Roster;
  /** The time of the event in hand, in milliseconds. */
  readonly now: number;
  emit(effect: RunEffect): void;
  nextAssignment(): AssignmentId;
  /** Ends a worker's session; what it held is handed out to others before this returns. */
  dismiss(worker: WorkerId, why: string): void;
  /** Gives a worker no work any more; what it held is handed out to others before this returns. */
  setAside(worker: WorkerId, why: string): void;
}

/** The parts of an assignment that are not its number, its micro-batches and its first range. */
export type AssignmentFrame = Omit<Assignment, 'id' | 'microBatches' | 'firstRange'>;

/**
 * Hands out all that is unassigned, where there are workers: to those that will have computed it first, in contiguous
 * slices, in one assignment for each worker and first range. A micro-batch that is to be another's goes alone, to another
 * than the worker who is named with it where there is another.
 * @param elsewhere micro-batches that are to be computed by another, and by whom not.
 */
export function handOut(
  desk: Desk,
  ledger: IssueLedger,
  frame: AssignmentFrame,
  elsewhere: ReadonlyMap<number, WorkerId>,
): void {
  if (desk.roster.size === 0) return;
  const groups = new Map<number, number[]>();
  for (const microBatch of ledger.unassigned) {
    const avoided = elsewhere.get(microBatch);
    const firstRange = ledger.rangesOf(microBatch);
    if (avoided !== undefined) {
      handOutGroup(desk, ledger, frame, [microBatch], firstRange, avoided);
    } else {
      const group = groups.get(firstRange);
      if (group) group.push(microBatch);
      else groups.set(firstRange, [microBatch]);
    }
  }
  for (const firstRange of [...groups.keys()].sort((a, b) => a - b)) {
    handOutGroup(desk, ledger, frame, groups.get(firstRange)!, firstRange, null);
  }
}

function handOutGroup(
  desk: Desk,
  ledger: IssueLedger,
  frame: AssignmentFrame,
  microBatches: readonly number[],
  firstRange: number,
  avoided: WorkerId | null,
): void {
  const all = desk.roster.candidates(desk.now);
  const others = all.filter(({ worker }) => worker !== avoided);
  dealOut(desk, ledger, frame, microBatches, firstRange, others.length > 0 ? others : all);
}

/** Deals micro-batches of one first range to candidates, in contiguous slices. */
export function dealOut(
  desk: Desk,
  ledger: IssueLedger,
  frame: AssignmentFrame,
  microBatches: readonly number[],
  firstRange: number,
  candidates: ReturnType<Roster['candidates']>,
): void {
  let from = 0;
  deal(microBatches.length, candidates).forEach((count, index) => {
    if (count === 0) return;
    const slice = microBatches.slice(from, from + count);
    from += count;
    const { worker } = candidates[index];
    const assignment = { ...frame, id: desk.nextAssignment(), microBatches: slice, firstRange };
    ledger.give(assignment, worker);
    assign(desk, worker, assignment);
  });
}

export function assign(desk: Desk, worker: WorkerId, assignment: Assignment): void {
  desk.roster.given(worker, assignment, desk.now);
  desk.emit({ type: 'assign', worker, assignment });
}

/** Tells a worker that an assignment is not wanted any more, where it is still there. */
export function withdraw(desk: Desk, worker: WorkerId, assignment: AssignmentId): void {
  if (!desk.roster.has(worker)) return;
  desk.roster.taken(worker, assignment, desk.now);
  desk.emit({ type: 'withdraw', worker, assignment });
}

/**
 * The holding that a report speaks of, if it counts; else the report is ignored, and where it is wrong in itself the
 * worker is dismissed too, since it will not send another.
 * @param microBatches the numbers that the report has results for, in any order.
 */
export function reportedHolding(
  desk: Desk,
  ledger: IssueLedger,
  what: 'report' | 'evaluation',
  worker: WorkerId,
  assignment: AssignmentId,
  microBatches: readonly number[],
): Holding | null {
  const holding = liveHolding(desk, ledger, what, worker, assignment);
  if (!holding) return null;
  if (holding.state !== 'computing') {
    desk.emit({ type: 'ignore', what, worker, assignment, why: 'it was reported before' });
    return null;
  }
  return hasResultsOf(desk, what, worker, holding.assignment, microBatches) ? holding : null;
}

/** Whether a report has one result for each micro-batch of its assignment; else it is ignored, and its worker dismissed. */
export function hasResultsOf(
  desk: Desk,
  what: 'report' | 'evaluation',
  worker: WorkerId,
  assignment: Assignment,
  microBatches: readonly number[],
): boolean {
  const wanted = assignment.microBatches;
  const given = new Set(microBatches);
  if (microBatches.length === wanted.length && wanted.every((microBatch) => given.has(microBatch)))
    return true;
  const why = `expected the micro-batches ${listed(wanted)}, received ${listed(microBatches)}`;
  desk.emit({ type: 'ignore', what, worker, assignment: assignment.id, why });
  desk.dismiss(worker, `its report on assignment ${assignment.id} is wrong: ${why}`);
  return false;
}

/** The holding that this live worker has under this name; else what arrived is ignored. */
export function liveHolding(
  desk: Desk,
  ledger: IssueLedger,
  what: 'report' | 'evaluation' | 'range',
  worker: WorkerId,
  assignment: AssignmentId,
): Holding | null {
  const holding = ledger.holding(assignment);
  const why = !desk.roster.has(worker)
    ? 'its worker is not of this run'
    : holding === undefined
      ? 'it is not wanted, or not any more'
      : holding.worker !== worker
        ? `it is worker ${holding.worker}'s`
        : null;
  if (why === null) return holding!;
  desk.emit({ type: 'ignore', what, worker, assignment, why });
  return null;
}

/** The first numbers of a list, for a line that people read. */
function listed(numbers: readonly number[]): string {
  const shown = numbers.slice(0, 8).join(', ');
  return numbers.length > 8 ? `${shown}, … (${numbers.length})` : shown;
}
