import type { RunLogEntry } from '../run/log/log-entries.js';

/** Steps at an activation's start that say little: memory is touched for the first time, step 1 is issued twice. */
const WARM_UP_STEPS = 2;

/**
 * How fast a run goes: windows per second over all steps since the last `started` entry but the first two, each from its
 * first issue to its close, so neither evaluations nor waiting for a checkpoint count.
 *
 * Who begins to listen in the middle of a run hears of its newest step, which says little by itself, and takes the rate over those
 * that follow it.
 */
export class Rate {
  #batch = Infinity;
  #countedAfter = Infinity;
  #expected = 0;
  #windows = 0;
  #seconds = 0;

  entry(entry: RunLogEntry): void {
    if (entry.event === 'started') {
      this.#batch = entry.batch;
      this.#countedAfter = entry.atStep + WARM_UP_STEPS;
      this.#expected = entry.atStep + 1;
      this.#windows = this.#seconds = 0;
    } else if (entry.event === 'step') {
      if (entry.step > this.#expected) this.#countedAfter = Math.max(this.#countedAfter, entry.step);
      this.#expected = entry.step + 1;
      if (entry.step <= this.#countedAfter) return;
      this.#windows += entry.windows;
      this.#seconds += entry.seconds;
    }
  }

  /**
   * Null before the third step, and before the second that is heard of where that is later. The rest of an epoch, which may be two
   * windows, takes nearly as long as a whole step, so it is not told of alone.
   */
  get windowsPerSecond(): number | null {
    return this.#windows >= this.#batch && this.#seconds > 0 ? this.#windows / this.#seconds : null;
  }
}
