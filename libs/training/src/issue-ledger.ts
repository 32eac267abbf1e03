import { assert } from '@rocinante/base';
import type { Assignment, AssignmentId, WorkerId } from './work.js';

/** Ranges that a worker may have been granted and not yet sent: 2 MiB at most. */
export const GRANTS_OUTSTANDING_MAX = 2;

/** A contribution in the making. Ranges are granted and added in order, so two numbers say all. */
export interface Holding {
  readonly assignment: Assignment;
  readonly worker: WorkerId;
  readonly reported: boolean;
  /** What the report says; meaningless before it. */
  readonly fits: boolean;
  /** Ranges from `firstRange` up to this one, excluded, were granted. */
  readonly granted: number;
  /** Ranges up to this one, excluded, hold the micro-batches. */
  readonly added: number;
}

type OwnHolding = { -readonly [key in keyof Holding]: Holding[key] };

/**
 * Who holds which micro-batches in one issue of a step, or in an evaluation (which has no ranges), and which ranges have
 * them. Every micro-batch is unassigned or in exactly one holding, so the ledger never holds more than there are of them.
 */
export class IssueLedger {
  readonly #rangeCount: number;
  readonly #holdings = new Map<AssignmentId, OwnHolding>();
  readonly #unassigned: Set<number>;
  /** For each micro-batch how many ranges, from the first, have it. */
  readonly #rangesOf: number[];
  /** For each range how many micro-batches it has. */
  readonly #microBatchesIn: number[];
  readonly #losses: Float64Array;
  #unreported: number;

  constructor(microBatchCount: number, rangeCount: number) {
    this.#rangeCount = rangeCount;
    this.#unassigned = new Set(Array.from({ length: microBatchCount }, (_, microBatch) => microBatch));
    this.#rangesOf = new Array<number>(microBatchCount).fill(0);
    this.#microBatchesIn = new Array<number>(rangeCount).fill(0);
    this.#losses = new Float64Array(microBatchCount);
    this.#unreported = microBatchCount;
  }

  /** Micro-batches that nobody holds, ascending. */
  get unassigned(): number[] {
    return [...this.#unassigned].sort((a, b) => a - b);
  }

  /** Whether every micro-batch is in a holding with a report. */
  get allReported(): boolean {
    return this.#unreported === 0;
  }

  /** All holdings, in the order of their assignments. */
  get holdings(): Holding[] {
    return [...this.#holdings.values()];
  }

  holding(assignment: AssignmentId): Holding | undefined {
    return this.#holdings.get(assignment);
  }

  /** How many ranges, from the first, have this micro-batch. */
  rangesOf(microBatch: number): number {
    return this.#rangesOf[microBatch];
  }

  /** Whether a range has all micro-batches. */
  isWhole(range: number): boolean {
    return this.#microBatchesIn[range] === this.#rangesOf.length;
  }

  /** Whether nothing more of a holding is wanted. */
  isComplete({ reported, added }: Holding): boolean {
    return reported && added === this.#rangeCount;
  }

  /** The sum over all micro-batches of the reported losses, in their order. */
  lossSum(): number {
    let sum = 0;
    for (const loss of this.#losses) sum += loss;
    return sum;
  }

  /** For each worker how many micro-batches it holds, computed or not. */
  shares(): Map<WorkerId, number> {
    const shares = new Map<WorkerId, number>();
    for (const { worker, assignment } of this.#holdings.values()) {
      shares.set(worker, (shares.get(worker) ?? 0) + assignment.microBatches.length);
    }
    return shares;
  }

  /** For each worker that still has to compute, how many micro-batches. */
  loads(): Map<WorkerId, number> {
    const loads = new Map<WorkerId, number>();
    for (const { worker, reported, assignment } of this.#holdings.values()) {
      if (!reported) loads.set(worker, (loads.get(worker) ?? 0) + assignment.microBatches.length);
    }
    return loads;
  }

  give(assignment: Assignment, worker: WorkerId): void {
    for (const microBatch of assignment.microBatches) {
      assert(this.#unassigned.delete(microBatch), `micro-batch ${microBatch} is held already`);
      assert(
        this.#rangesOf[microBatch] === assignment.firstRange,
        `micro-batch ${microBatch} is wanted from range ${this.#rangesOf[microBatch]}, not ${assignment.firstRange}`,
      );
    }
    const { firstRange } = assignment;
    this.#holdings.set(assignment.id, {
      assignment,
      worker,
      reported: false,
      fits: false,
      granted: firstRange,
      added: firstRange,
    });
  }

  /** Takes a holding away: its micro-batches are unassigned, and the ranges that have them keep them. */
  drop(assignment: AssignmentId): void {
    const holding = this.#holdings.get(assignment)!;
    this.#holdings.delete(assignment);
    for (const microBatch of holding.assignment.microBatches) this.#unassigned.add(microBatch);
    if (holding.reported) this.#unreported += holding.assignment.microBatches.length;
  }

  /** Takes a report in: one result for each of the holding's micro-batches. */
  accept(
    assignment: AssignmentId,
    results: readonly { readonly microBatch: number; readonly lossSum: number }[],
    fits: boolean,
  ): void {
    const holding = this.#holdings.get(assignment)!;
    assert(!holding.reported, `assignment ${assignment} has a report already`);
    holding.reported = true;
    holding.fits = fits;
    this.#unreported -= results.length;
    for (const { microBatch, lossSum } of results) this.#losses[microBatch] = lossSum;
  }

  /** Grants a worker what it may send now: ranges of its reported holdings, in order, as many as may be outstanding. */
  grant(worker: WorkerId): { assignment: AssignmentId; range: number }[] {
    const own = [...this.#holdings.values()].filter(
      (holding) => holding.worker === worker && holding.reported,
    );
    let outstanding = own.reduce((sum, { granted, added }) => sum + granted - added, 0);
    const grants: { assignment: AssignmentId; range: number }[] = [];
    for (const holding of own) {
      while (outstanding < GRANTS_OUTSTANDING_MAX && holding.granted < this.#rangeCount) {
        grants.push({ assignment: holding.assignment.id, range: holding.granted });
        holding.granted += 1;
        outstanding += 1;
      }
    }
    return grants;
  }

  /** Takes note that a holding's next range was added. */
  add(assignment: AssignmentId, range: number): void {
    const holding = this.#holdings.get(assignment)!;
    assert(
      range === holding.added && range < holding.granted,
      `range ${range} is not assignment ${assignment}'s next`,
    );
    holding.added += 1;
    for (const microBatch of holding.assignment.microBatches) {
      assert(this.#rangesOf[microBatch] === range, `range ${range} has micro-batch ${microBatch} already`);
      this.#rangesOf[microBatch] = range + 1;
    }
    this.#microBatchesIn[range] += holding.assignment.microBatches.length;
  }
}
