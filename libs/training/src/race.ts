/** Work that is late: others compute it too, until one of them is through. */
import { dealOut, withdraw, type AssignmentFrame, type Desk } from './desk.js';
import type { Holding, IssueLedger } from './issue-ledger.js';
import type { WorkerCandidate } from './roster.js';

/**
 * Gives what late workers hold to those that have nothing to compute: a rival of the late one. That is what they are computing,
 * and what they have reported and do not send. Whichever is through first keeps it (`winOver`, `withdrawIfOutrun`). A rival that is
 * late itself is raced in its turn, and the first is let go.
 */
export function raceTheLate(desk: Desk, ledger: IssueLedger, frame: AssignmentFrame): void {
  if (desk.roster.late(desk.now).length === 0) return;
  let free = freeWorkers(desk);
  // A copy: what is dealt out and let go changes holdings.
  for (const holding of ledger.holdings) {
    if (free.all.length === 0) return;
    const { id, kind, microBatches } = holding.assignment;
    if (ledger.holding(id) === undefined || !isLate(desk, ledger, holding, frame)) continue;
    const racers = holding.state === 'reported' ? free.withNothingToSend : free.all;
    if (racers.length === 0) continue;
    const rivals = ledger.rivalsOf(holding);
    // One that is raced already waits for its rivals; what a rival had that is gone is raced anew.
    const isRival = rivals.length > 0 && rivals.every((other) => other.assignment.id < id);
    const raced = rivals.length > 0 && !isRival ? withoutRival(microBatches, rivals) : microBatches;
    if (raced.length === 0) continue;
    if (raced === microBatches) {
      // Of two that are late the first is let go.
      if (!rivals.every((other) => isLate(desk, ledger, other, frame))) continue;
      for (const other of rivals) letGo(desk, ledger, other);
    }
    desk.emit({ type: 'late', worker: holding.worker, assignment: id, kind, microBatches });
    // Ranges of it may have come since it was given.
    dealOut(desk, ledger, frame, raced, ledger.rangesOf(raced[0]), racers);
    free = freeWorkers(desk);
  }
}

function withoutRival(microBatches: readonly number[], rivals: readonly Holding[]): number[] {
  return microBatches.filter(
    (microBatch) => !rivals.some(({ assignment }) => assignment.microBatches.includes(microBatch)),
  );
}

/** A report came first: all others that hold a micro-batch of it are withdrawn. */
export function winOver(desk: Desk, ledger: IssueLedger, holding: Holding): void {
  for (const rival of ledger.rivalsOf(holding)) letGo(desk, ledger, rival);
}

/**
 * Withdraws what is reported too late: what it was to replace was late in sending, and goes on by now.
 * @returns whether it was so.
 */
export function withdrawIfOutrun(
  desk: Desk,
  ledger: IssueLedger,
  holding: Holding,
  frame: AssignmentFrame,
): boolean {
  const goesOn = ledger
    .rivalsOf(holding)
    .some((rival) => rival.state === 'reported' && !isLate(desk, ledger, rival, frame));
  if (!goesOn) return false;
  withdraw(desk, holding.worker, holding.assignment.id);
  ledger.drop(holding.assignment.id);
  return true;
}

/** Whether what is awaited of a holding has taken its worker too long: its report, or ranges that it was granted. */
function isLate(
  { roster, now }: Desk,
  ledger: IssueLedger,
  holding: Holding,
  { magnitudesOnly }: AssignmentFrame,
): boolean {
  switch (holding.state) {
    case 'computing':
      return roster.isLate(holding.worker, now);
    case 'questioned':
      return false;
    case 'reported':
      return !magnitudesOnly && !ledger.isComplete(holding) && roster.isLateInSending(holding.worker, now);
  }
}

/**
 * Workers that have nothing to compute and are late with nothing. What a worker does not send is raced by those alone that have
 * sent all of their own: the way is free for it then.
 */
function freeWorkers({ roster, now }: Desk): Record<'all' | 'withNothingToSend', WorkerCandidate[]> {
  const all = roster
    .candidates(now)
    .filter(({ worker, load }) => load === 0 && !roster.isLateInSending(worker, now));
  return { all, withNothingToSend: all.filter(({ worker }) => !roster.owesRanges(worker)) };
}

/** Takes a holding that is another's by now from its worker, which is not waited for any more where it was late. */
function letGo(desk: Desk, ledger: IssueLedger, { worker, assignment, state }: Holding): void {
  const { roster, now } = desk;
  if (state === 'computing' && roster.isLate(worker, now)) roster.lost(worker, now);
  if (state === 'reported' && roster.isLateInSending(worker, now))
    roster.lostInSending(worker, assignment.id, now);
  withdraw(desk, worker, assignment.id);
  ledger.drop(assignment.id);
}
