import type { Session } from '../service/session.js';
import type { ReportSeen, RunObserver } from './run-observer.js';

/** Who computed how much of the last closed step. */
export class Shares implements RunObserver {
  #step = new Map<string, number>();
  #last: ReadonlyMap<string, number> = new Map();

  /** Micro-batches by the worker's id in the state machine. */
  get last(): ReadonlyMap<string, number> {
    return this.#last;
  }

  stepIssued(): void {
    this.#step = new Map();
  }

  reported({ worker }: Session, { microBatches }: ReportSeen): void {
    this.#step.set(worker, (this.#step.get(worker) ?? 0) + microBatches);
  }

  stepClosed(): void {
    this.#last = this.#step;
  }
}
