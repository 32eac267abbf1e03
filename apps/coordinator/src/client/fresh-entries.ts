import type { RunLogEntry } from '../run/log/log-entries.js';

/**
 * Tells the entries of a run that are new from those that a watch begins with again each time it is opened: the last
 * `started` entry, the evaluations, and the last step's.
 */
export class FreshEntries {
  #startedAt = '';
  #step = 0;
  #evaluatedStep = 0;

  /** Whether the entry was not seen yet; it is seen from now on. */
  take(entry: RunLogEntry): boolean {
    if (entry.event === 'started') {
      if (entry.time === this.#startedAt) return false;
      this.#startedAt = entry.time;
      // Steps beyond the checkpoint that the run goes on from are taken again.
      this.#step = Math.min(this.#step, entry.atStep);
      this.#evaluatedStep = Math.min(this.#evaluatedStep, entry.atStep);
    } else if (entry.event === 'went-back') {
      // The steps behind are taken anew.
      this.#step = Math.min(this.#step, entry.atStep);
      this.#evaluatedStep = Math.min(this.#evaluatedStep, entry.atStep);
    } else if (entry.event === 'step') {
      if (entry.step <= this.#step) return false;
      this.#step = entry.step;
    } else if (entry.event === 'evaluation') {
      if (entry.atStep <= this.#evaluatedStep) return false;
      this.#evaluatedStep = entry.atStep;
    }
    return true;
  }
}
