import type { RunEffect } from '@rocinante/training';
import type { RunObserver } from './run-observer.js';

/** Steps at a process's start that say little of the rate: memory is touched for the first time, step 1 is issued twice. */
const WARM_UP_STEPS = 2;

/**
 * How fast a run goes, over all steps of this process but the first two: from a step's first issue to its close, so
 * neither evaluations nor waiting for a checkpoint count.
 */
export class Throughput implements RunObserver {
  readonly #now: () => number;
  #startedAt = 0;
  #steps = 0;
  #windows = 0;
  #ms = 0;

  /** @param now milliseconds of a clock that never goes back. */
  constructor(now: () => number) {
    this.#now = now;
  }

  stepIssued(_step: number, issue: number): void {
    if (issue === 1) this.#startedAt = this.#now();
  }

  stepClosed({ windows }: Extract<RunEffect, { type: 'close-step' }>): void {
    this.#steps += 1;
    if (this.#steps <= WARM_UP_STEPS) return;
    this.#windows += windows;
    this.#ms += this.#now() - this.#startedAt;
  }

  /** Null before the third step. */
  get windowsPerSecond(): number | null {
    return this.#ms > 0 ? this.#windows / (this.#ms / 1000) : null;
  }
}
