import type { RunLogEntry } from '../run/log/log-entries.js';

/** Steps at an activation's start that say little: memory is touched for the first time, step 1 is issued twice. */
const WARM_UP_STEPS = 2;

/**
 * How fast a run goes: windows per second over all steps since the last `started` entry but the first two, each from its
 * first issue to its close, so neither evaluations nor waiting for a checkpoint count.
 *
 * Who begins to listen in the middle of a run hears of fewer steps, and takes the rate over those.
 */
export class Rate {
  #countedAfter = Infinity;
  #windows = 0;
  #seconds = 0;

  entry(entry: RunLogEntry): void {
    if (entry.event === 'started') {
      this.#countedAfter = entry.atStep + WARM_UP_STEPS;
      this.#windows = this.#seconds = 0;
    } else if (entry.event === 'step' && entry.step > this.#countedAfter) {
      this.#windows += entry.windows;
      this.#seconds += entry.seconds;
    }
  }

  /** Null before the third step. */
  get windowsPerSecond(): number | null {
    return this.#seconds > 0 ? this.#windows / this.#seconds : null;
  }
}
