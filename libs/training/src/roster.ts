import { assert } from '@rocinante/base';
import type { Candidate } from './shares.js';
import type { WorkerId } from './work.js';

/** The weight of the newest measurement in a worker's speed: the last four or so decide. */
const NEWEST_WEIGHT = 0.3;

/** Issues that a worker may be left without work, for its measured slowness, before it is measured again. */
export const IDLE_ISSUES_MAX = 64;

interface Member {
  /** Micro-batches a second; null before the first measurement that counts. */
  rate: number | null;
  reports: number;
  idleIssues: number;
}

/** The live workers, in the order of joining, and how fast each was. */
export class Roster {
  readonly #members = new Map<WorkerId, Member>();

  get size(): number {
    return this.#members.size;
  }

  has(worker: WorkerId): boolean {
    return this.#members.has(worker);
  }

  join(worker: WorkerId): void {
    assert(!this.#members.has(worker), `worker ${worker} has joined already`);
    this.#members.set(worker, { rate: null, reports: 0, idleIssues: 0 });
  }

  leave(worker: WorkerId): void {
    this.#members.delete(worker);
  }

  /** Takes note of a training report. A worker's first does not count: the engine warms up in it. */
  measure(worker: WorkerId, microBatches: number, seconds: number): void {
    const member = this.#members.get(worker)!;
    member.reports += 1;
    const rate = microBatches / seconds;
    if (member.reports === 1 || !(rate > 0 && rate < Infinity)) return;
    member.rate = member.rate === null ? rate : member.rate + NEWEST_WEIGHT * (rate - member.rate);
  }

  /** Takes note of who got work when an issue was handed out. */
  countIdle(loads: ReadonlyMap<WorkerId, number>): void {
    for (const [worker, member] of this.#members) {
      member.idleIssues = loads.has(worker) ? 0 : member.idleIssues + 1;
    }
  }

  /**
   * All workers as candidates, in the order of joining. One not yet measured counts as the mean of those that are.
   * @param loads micro-batches that a worker still has to compute; absent for none.
   */
  candidates(loads: ReadonlyMap<WorkerId, number>): (Candidate & { readonly worker: WorkerId })[] {
    const rates = [...this.#members.values()].flatMap(({ rate }) => rate ?? []);
    const mean = rates.length === 0 ? 1 : rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
    return [...this.#members].map(([worker, { rate, idleIssues }]) => ({
      worker,
      rate: rate ?? mean,
      load: loads.get(worker) ?? 0,
      probe: idleIssues >= IDLE_ISSUES_MAX,
    }));
  }

  /** Each worker with its measured speed in micro-batches a second, null where it has none yet; for displays. */
  speeds(): { worker: WorkerId; microBatchesPerSecond: number | null }[] {
    return [...this.#members].map(([worker, { rate }]) => ({ worker, microBatchesPerSecond: rate }));
  }
}
