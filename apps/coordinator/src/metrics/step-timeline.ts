import { COORDINATOR_PHASES, type CoordinatorPhase } from '@rocinante/metrics';
import { boundOf, type StepBound } from './step-bound.js';

/** What is known of a step when it is closed. */
export interface StepTimes {
  /** From the first issue to the close. */
  readonly seconds: number;
  /** Seconds in each phase: they add up to the step's. */
  readonly phases: Readonly<Record<CoordinatorPhase, number>>;
  /** Parts of what was handed out in the step's last issue, by worker; they add up to 1. */
  readonly shares: ReadonlyMap<string, number>;
  readonly bound: StepBound;
}

/** What of an assignment the time depends on. */
export interface TimedAssignment {
  readonly id: number;
  readonly microBatches: readonly number[];
}

interface AssignmentPart {
  readonly worker: string;
  /** Ranges that were granted and have not arrived. */
  rangesOwed: number;
}

interface WorkerPart {
  microBatches: number;
  computeSeconds: number;
  /** When its last report came; null before. */
  reportedAt: number | null;
  /** Ranges that it was granted and has still to send, of all its assignments. */
  rangesOwed: number;
  /** The last assignment to compute, whose parameters are on their way to it; null where none are. */
  awaitsParametersOf: number | null;
}

/**
 * Where the time of a step goes: told of what happens to it, with times; it reads no clock.
 *
 * At each moment the step is in the first phase of COORDINATOR_PHASES that is true, so phases add up to the step although
 * much goes on at once. Times are milliseconds of a clock that never goes back. Between a step's close and the next one's
 * first issue (an evaluation, a checkpoint that is waited for) no time is counted.
 */
export class StepTimeline {
  #step: number | null = null;
  #startedAt = 0;
  #countedTo = 0;
  #seconds = noSeconds();
  #parts = new Map<string, WorkerPart>();
  #assignments = new Map<number, AssignmentPart>();
  /** Micro-batches that were handed out in this issue. */
  #given = new Set<number>();
  #assigning = false;
  #adding = 0;
  #applying = 0;

  /** A step is issued, for the first time or again. What was asked for in an earlier issue is void, but sums go on. */
  issued(step: number, at: number): void {
    if (this.#step === step) this.#count(at);
    else {
      this.#step = step;
      this.#startedAt = at;
      this.#countedTo = at;
      this.#seconds = noSeconds();
    }
    this.#parts = new Map();
    this.#assignments = new Map();
    this.#given = new Set();
    this.#assigning = true;
    this.#applying = 0;
  }

  /**
   * Work of the step is sent to a worker, and the parameters that it needs.
   * @returns how many of the micro-batches were handed out before in this issue.
   */
  assigned(worker: string, assignment: TimedAssignment, at: number): number {
    this.#count(at);
    const part = this.#part(worker);
    part.microBatches += assignment.microBatches.length;
    part.awaitsParametersOf = assignment.id;
    this.#assignments.set(assignment.id, { worker, rangesOwed: 0 });
    const repeated = assignment.microBatches.filter((microBatch) => this.#given.has(microBatch)).length;
    for (const microBatch of assignment.microBatches) this.#given.add(microBatch);
    return repeated;
  }

  /** All that the issue called for at once is sent. */
  handedOut(at: number): void {
    this.#count(at);
    this.#assigning = false;
  }

  /** A worker has the last range of the parameters that it needs: its credit for it is back. */
  parametersReceived(worker: string, at: number): void {
    this.#count(at);
    const part = this.#parts.get(worker);
    if (part) part.awaitsParametersOf = null;
  }

  /** A worker has computed an assignment; one of another issue counts for nothing, nor one that was withdrawn. */
  reported(worker: string, assignment: number, computeSeconds: number, at: number): void {
    this.#count(at);
    const part = this.#parts.get(worker);
    if (!this.#assignments.has(assignment) || !part) return;
    part.computeSeconds += computeSeconds;
    part.reportedAt = at;
  }

  /** A worker may send one more range of what it has reported. */
  granted(assignment: number, at: number): void {
    this.#count(at);
    this.#owe(assignment, 1);
  }

  /** A range has arrived that will be added. */
  rangeArrived(assignment: number, at: number): void {
    this.#count(at);
    this.#adding += 1;
    this.#owe(assignment, -1);
  }

  /** Nothing more of an assignment is wanted: neither its report nor what was granted of it is waited for. */
  withdrawn(assignment: number, at: number): void {
    this.#count(at);
    const found = this.#assignments.get(assignment);
    if (!found) return;
    this.#owe(assignment, -found.rangesOwed);
    this.#assignments.delete(assignment);
    const part = this.#parts.get(found.worker);
    if (part?.awaitsParametersOf === assignment) part.awaitsParametersOf = null;
  }

  /** The oldest range that had arrived is in the sum. */
  rangeAdded(at: number): void {
    this.#count(at);
    this.#adding -= 1;
  }

  /** The next parameters of so many ranges are asked for. */
  applyAsked(ranges: number, at: number): void {
    this.#count(at);
    this.#applying += ranges;
  }

  /** The next parameters of a range are made. */
  rangeApplied(at: number): void {
    this.#count(at);
    this.#applying -= 1;
  }

  /** A worker is gone: nothing is waited for from it, and nothing is on its way to it. */
  left(worker: string, at: number): void {
    this.#count(at);
    this.#parts.delete(worker);
    for (const [id, assignment] of this.#assignments) {
      if (assignment.worker === worker) this.#assignments.delete(id);
    }
  }

  /** The step that was issued last is closed. */
  closed(at: number): StepTimes {
    this.#count(at);
    this.#step = null;
    const seconds = (at - this.#startedAt) / 1000;
    const workers = [...this.#parts].flatMap(([worker, { computeSeconds, reportedAt }]) =>
      reportedAt === null ? [] : [{ worker, computeSeconds, reportedAt: reportedAt / 1000 }],
    );
    const phases = this.#seconds;
    return { seconds, phases, shares: this.#shares(), bound: boundOf(seconds, phases, workers) };
  }

  /** The time since the last event goes to the phase that the step was in. */
  #count(at: number): void {
    if (this.#step === null) return;
    this.#seconds[this.#phase()] += (at - this.#countedTo) / 1000;
    this.#countedTo = at;
  }

  #phase(): CoordinatorPhase {
    if (this.#assigning) return 'assign';
    if (this.#applying > 0) return 'apply';
    if (this.#adding > 0) return 'sum';
    // Asked at each message of each worker.
    let isAwaited = false;
    for (const { rangesOwed, awaitsParametersOf } of this.#parts.values()) {
      if (rangesOwed > 0) return 'receive';
      isAwaited ||= awaitsParametersOf !== null;
    }
    return isAwaited ? 'broadcast' : 'wait';
  }

  #owe(assignment: number, ranges: number): void {
    const found = this.#assignments.get(assignment);
    if (!found) return;
    found.rangesOwed += ranges;
    const part = this.#parts.get(found.worker);
    if (part) part.rangesOwed += ranges;
  }

  #part(worker: string): WorkerPart {
    const found = this.#parts.get(worker);
    if (found) return found;
    const part = {
      microBatches: 0,
      computeSeconds: 0,
      reportedAt: null,
      rangesOwed: 0,
      awaitsParametersOf: null,
    };
    this.#parts.set(worker, part);
    return part;
  }

  #shares(): ReadonlyMap<string, number> {
    const all = [...this.#parts.values()].reduce((sum, { microBatches }) => sum + microBatches, 0);
    return new Map([...this.#parts].map(([worker, { microBatches }]) => [worker, microBatches / all]));
  }
}

function noSeconds(): Record<CoordinatorPhase, number> {
  return Object.fromEntries(COORDINATOR_PHASES.map((phase) => [phase, 0])) as Record<
    CoordinatorPhase,
    number
  >;
}
