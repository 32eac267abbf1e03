import { assert } from '@rocinante/base';
import type { Assignment, AssignmentId, WorkerId } from './work.js';

/** Ranges that a worker may have been granted and not yet sent: 2 MiB at most. */
export const GRANTS_OUTSTANDING_MAX = 2;

/**
 * A contribution in the making. `computing`: its report is awaited. `questioned`: it is reported, and counts when others
 * agree with it. `reported`: it counts. Ranges are granted and added in order, so two numbers say all.
 */
export interface Holding {
  readonly assignment: Assignment;
  readonly worker: WorkerId;
  readonly state: 'computing' | 'questioned' | 'reported';
  /** What the report says; meaningless before it. */
  readonly fits: boolean;
  /** Ranges up to this one, excluded, were granted, or hold the micro-batches since before the report: a rival may have sent more. */
  readonly granted: number;
  /** Ranges up to this one, excluded, hold the micro-batches by what was known at the report, and what it added since. */
  readonly added: number;
}

type OwnHolding = { -readonly [key in keyof Holding]: Holding[key] };

/** What a holding's report says of one micro-batch, or an evaluation's of a piece. */
export interface HeldResult {
  readonly microBatch: number;
  readonly lossSum: number;
  /** 0 for an evaluation's. */
  readonly norm?: number;
}

/**
 * Who holds which micro-batches in one issue of a step, or in an evaluation (which has no ranges), and which ranges have
 * them. Every micro-batch is unassigned, in one holding, or in two: a late one, which computes it or does not send it, and its
 * rival, which computes it. Nothing is granted before a report, and a report is taken in only where no other holding meets it;
 * so nothing that meets a granted set is granted, and the ledger never holds more than two for each micro-batch.
 */
export class IssueLedger {
  readonly #rangeCount: number;
  readonly #holdings = new Map<AssignmentId, OwnHolding>();
  /** For each micro-batch the holdings that have it. */
  readonly #holders: OwnHolding[][];
  /** For each micro-batch how many ranges, from the first, have it. */
  readonly #rangesOf: number[];
  /** For each range how many micro-batches it has. */
  readonly #microBatchesIn: number[];
  readonly #losses: Float64Array;
  readonly #norms: Float64Array;
  /** Workers of which a reported holding was taken away: another of theirs may be granted in its place. */
  #freed = new Set<WorkerId>();
  #unreported: number;
  /** Micro-batches that nobody holds. */
  #unheld: number;

  constructor(microBatchCount: number, rangeCount: number) {
    this.#rangeCount = rangeCount;
    this.#holders = Array.from({ length: microBatchCount }, () => []);
    this.#rangesOf = new Array<number>(microBatchCount).fill(0);
    this.#microBatchesIn = new Array<number>(rangeCount).fill(0);
    this.#losses = new Float64Array(microBatchCount);
    this.#norms = new Float64Array(microBatchCount);
    this.#unreported = microBatchCount;
    this.#unheld = microBatchCount;
  }

  /** Micro-batches that nobody holds, ascending. */
  get unassigned(): number[] {
    // Asked after each event of a run, and nearly always there are none.
    if (this.#unheld === 0) return [];
    return this.#holders.flatMap(({ length }, microBatch) => (length === 0 ? [microBatch] : []));
  }

  /** Whether every micro-batch is in a holding whose report counts. */
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

  /** Other holdings that have a micro-batch of this one, in the order of their assignments. */
  rivalsOf({ assignment: { id, microBatches } }: Holding): Holding[] {
    const rivals = new Set<Holding>();
    for (const microBatch of microBatches) {
      for (const holder of this.#holders[microBatch]) if (holder.assignment.id !== id) rivals.add(holder);
    }
    return [...rivals].sort((one, other) => one.assignment.id - other.assignment.id);
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
  isComplete({ state, added }: Holding): boolean {
    return state === 'reported' && added === this.#rangeCount;
  }

  /** The sum over all micro-batches of the reported losses, in their order. */
  lossSum(): number {
    let sum = 0;
    for (const loss of this.#losses) sum += loss;
    return sum;
  }

  /** The norms of all micro-batches whose report counts, but for those of one worker. */
  norms(without: WorkerId | null): number[] {
    return [...this.#holdings.values()]
      .filter(({ state, worker }) => state === 'reported' && worker !== without)
      .flatMap(({ assignment }) => assignment.microBatches.map((microBatch) => this.#norms[microBatch]));
  }

  /** For each worker how many micro-batches it holds, computed or not. */
  shares(): Map<WorkerId, number> {
    const shares = new Map<WorkerId, number>();
    for (const { worker, assignment } of this.#holdings.values()) {
      shares.set(worker, (shares.get(worker) ?? 0) + assignment.microBatches.length);
    }
    return shares;
  }

  /** Takes note that a worker computes micro-batches that nobody holds, or one other that computes or is to send them too. */
  give(assignment: Assignment, worker: WorkerId): void {
    const { firstRange } = assignment;
    const holding: OwnHolding = {
      assignment,
      worker,
      state: 'computing',
      fits: false,
      granted: firstRange,
      added: firstRange,
    };
    for (const rival of this.rivalsOf(holding)) {
      const mayHaveRivals =
        rival.state === 'computing' || (rival.state === 'reported' && !this.isComplete(rival));
      assert(mayHaveRivals, `assignment ${assignment.id} meets what is questioned or complete`);
    }
    for (const microBatch of assignment.microBatches) {
      const holders = this.#holders[microBatch];
      assert(holders.length < 2, `micro-batch ${microBatch} is held twice already`);
      assert(
        this.#rangesOf[microBatch] === firstRange,
        `micro-batch ${microBatch} is wanted from range ${this.#rangesOf[microBatch]}, not ${firstRange}`,
      );
      if (holders.length === 0) this.#unheld -= 1;
      holders.push(holding);
    }
    this.#holdings.set(assignment.id, holding);
  }

  /** Takes a holding away: what no other has of it is unassigned, and the ranges that have its micro-batches keep them. */
  drop(assignment: AssignmentId): void {
    const holding = this.#holdings.get(assignment)!;
    this.#holdings.delete(assignment);
    for (const microBatch of holding.assignment.microBatches) {
      const holders = this.#holders[microBatch];
      holders.splice(holders.indexOf(holding), 1);
      if (holders.length === 0) this.#unheld += 1;
    }
    if (holding.state !== 'reported') return;
    this.#unreported += holding.assignment.microBatches.length;
    this.#freed.add(holding.worker);
  }

  /** Workers that have lost a reported holding since this was asked: they may have another to send, and no grant of it. */
  takeFreed(): ReadonlySet<WorkerId> {
    const freed = this.#freed;
    if (freed.size > 0) this.#freed = new Set();
    return freed;
  }

  /** Keeps a report from counting until `accept`. */
  question(assignment: AssignmentId): void {
    const holding = this.#holdings.get(assignment)!;
    assert(holding.state === 'computing', `assignment ${assignment} has a report already`);
    holding.state = 'questioned';
  }

  /** Takes a report in: one result for each of the holding's micro-batches, which nobody else has. */
  accept(assignment: AssignmentId, results: readonly HeldResult[], fits: boolean): void {
    const holding = this.#holdings.get(assignment)!;
    assert(holding.state !== 'reported', `assignment ${assignment} has a report already`);
    holding.state = 'reported';
    holding.fits = fits;
    // The holding that it was given to replace may have gone on sending meanwhile.
    const ranges = results.map(({ microBatch }) => this.#rangesOf[microBatch]);
    assert(
      ranges.every((count) => count === ranges[0]),
      `assignment ${assignment} has micro-batches of several first ranges`,
    );
    holding.granted = holding.added = ranges[0];
    this.#unreported -= results.length;
    for (const { microBatch, lossSum, norm = 0 } of results) {
      assert(
        this.#holders[microBatch].length === 1,
        `micro-batch ${microBatch} is reported, and has a rival`,
      );
      this.#losses[microBatch] = lossSum;
      this.#norms[microBatch] = norm;
    }
  }

  /** Grants a worker what it may send now: ranges of its reported holdings, in order, as many as may be outstanding. */
  grant(worker: WorkerId): { assignment: AssignmentId; range: number }[] {
    const own = [...this.#holdings.values()].filter(
      (holding) => holding.worker === worker && holding.state === 'reported',
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
