import type { HistoryPointMessage } from '@rocinante/wire';
import type { RunLogEntry } from '../run/log/log-entries.js';

/** Evaluations that are shown of a run's past. */
const SHOWN = 5;

/** Of the evaluations with which a watch begins lets the last few through, and counts the others. */
export class LatestEvaluations {
  /** The first that is shown; what comes after it is no past. */
  #fromStep: number;
  #omitted = 0;

  /** @param history the run's, in order, as it was before the watch began. */
  constructor(history: readonly Pick<HistoryPointMessage, 'step'>[]) {
    this.#fromStep = history.at(-SHOWN)?.step ?? 0;
  }

  /** Whether the entry is shown. */
  take(entry: RunLogEntry): boolean {
    if (entry.event !== 'evaluation') return true;
    if (entry.atStep < this.#fromStep) {
      this.#omitted += 1;
      return false;
    }
    // A run that goes back evaluates anew.
    this.#fromStep = 0;
    return true;
  }

  /** How many were left out since the last call; nothing before one is shown again. */
  takeOmitted(): number {
    const omitted = this.#fromStep === 0 ? this.#omitted : 0;
    this.#omitted -= omitted;
    return omitted;
  }
}
