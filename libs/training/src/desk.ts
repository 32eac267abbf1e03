/** What a step and an evaluation have in common: handing work out, and checking what comes back. */
import type { RunEffect } from './effects.js';
import type { Holding, IssueLedger } from './issue-ledger.js';
import type { Roster } from './roster.js';
import { deal } from './shares.js';
import type { Assignment, AssignmentId, WorkerId } from './work.js';

/** What the machine lends to the work in hand. */
export interface Desk {
  readonly roster: Roster;
  emit(effect: RunEffect): void;
  nextAssignment(): AssignmentId;
  /** Ends a worker's session; what it held is handed out to others before this returns. */
  dismiss(worker: WorkerId, why: string): void;
}

/** The parts of an assignment that are not its number, its micro-batches and its first range. */
export type AssignmentFrame = Omit<Assignment, 'id' | 'microBatches' | 'firstRange'>;

/**
 * Hands out all that is unassigned, where there are workers: to those that will have computed it first, in contiguous
 * slices, in one assignment for each worker and first range. A suspect micro-batch goes alone, to another worker than
 * the suspecting one where there is another.
 * @param suspects micro-batches that are to be computed by another, and who has computed them.
 */
export function handOut(
  desk: Desk,
  ledger: IssueLedger,
  frame: AssignmentFrame,
  suspects: ReadonlyMap<number, WorkerId>,
): void {
  if (desk.roster.size === 0) return;
  const groups = new Map<number, number[]>();
  for (const microBatch of ledger.unassigned) {
    const first = suspects.get(microBatch);
    const firstRange = ledger.rangesOf(microBatch);
    if (first !== undefined) {
      handOutGroup(desk, ledger, frame, [microBatch], firstRange, first);
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
  const all = desk.roster.candidates(ledger.loads());
  const others = all.filter(({ worker }) => worker !== avoided);
  const candidates = others.length > 0 ? others : all;
  let from = 0;
  deal(microBatches.length, candidates).forEach((count, index) => {
    if (count === 0) return;
    const { worker } = candidates[index];
    const assignment: Assignment = {
      ...frame,
      id: desk.nextAssignment(),
      microBatches: microBatches.slice(from, from + count),
      firstRange,
    };
    from += count;
    ledger.give(assignment, worker);
    desk.emit({ type: 'assign', worker, assignment });
  });
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
  if (holding.reported) {
    desk.emit({ type: 'ignore', what, worker, assignment, why: 'it was reported before' });
    return null;
  }
  const wanted = holding.assignment.microBatches;
  const given = new Set(microBatches);
  if (microBatches.length !== wanted.length || !wanted.every((microBatch) => given.has(microBatch))) {
    const why = `expected the micro-batches ${listed(wanted)}, received ${listed(microBatches)}`;
    desk.emit({ type: 'ignore', what, worker, assignment, why });
    desk.dismiss(worker, `its report on assignment ${assignment} is wrong: ${why}`);
    return null;
  }
  return holding;
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
