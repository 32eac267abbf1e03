import type { TimedTrainResult } from './engine-messages.js';
import type { WorkerMetrics } from './metrics/worker-metrics.js';

/** Where a run's time goes on this worker, told to its metrics as it passes. */
export class WorkMeter {
  readonly #metrics: WorkerMetrics;
  /** When reports were sent whose last range is not, by assignment. */
  readonly #reportedAt = new Map<number, number>();
  #idleSince: number | null = performance.now();

  constructor(metrics: WorkerMetrics) {
    this.#metrics = metrics;
  }

  /** There is work: the wait for it is over. */
  assigned(): void {
    if (this.#idleSince !== null) this.#metrics.phase('wait', secondsSince(this.#idleSince));
    this.#idleSince = null;
  }

  /** The parameters to compute with are whole, after being waited for since then. */
  parametersWhole(waitedSince: number): void {
    this.#metrics.phase('receive', secondsSince(waitedSince));
  }

  /**
   * A contribution is computed, and reported.
   * @param windows of its micro-batches together.
   */
  reported(
    assignment: number,
    { seconds, computeSeconds, results }: TimedTrainResult,
    windows: number,
  ): void {
    // `computeSeconds` counts a gradient that was kept as it took when it was computed: longer than all of this took.
    const kept = computeSeconds > seconds;
    if (!kept) {
      this.#metrics.phase('compute', computeSeconds);
      this.#metrics.computed(results.length, windows);
    }
    this.#metrics.phase('encode', kept ? seconds : seconds - computeSeconds);
    this.#reportedAt.set(assignment, performance.now());
  }

  /** One range was written. */
  sent(bytes: number): void {
    this.#metrics.sent(bytes);
  }

  /** The last range of a contribution was written. */
  sentLast(assignment: number): void {
    const reportedAt = this.#reportedAt.get(assignment);
    if (reportedAt !== undefined) this.#metrics.phase('send', secondsSince(reportedAt));
  }

  /** A contribution is over, however it ended; `idle` says whether none is left. */
  released(assignment: number, idle: boolean): void {
    this.#reportedAt.delete(assignment);
    if (idle) this.#idleSince = performance.now();
  }
}

function secondsSince(start: number): number {
  return (performance.now() - start) / 1000;
}
