/** The weight of the newest measurement in a worker's pace: the last four or so decide. */
const NEWEST_WEIGHT = 0.3;

/** How long one worker takes for pieces of one kind, from what it took of late. */
export class Pace {
  /** Pieces a second; null before the first measurement that counts. */
  #rate: number | null = null;
  /** As its first report has it. The engine warms up in that one, so shares do not follow it; an expectation may. */
  #warmingUp: number | null = null;
  /** Seconds from being given work to the report of it that are not computing: parameters, messages, queues. */
  #overheadSeconds: number | null = null;

  get rate(): number | null {
    return this.#rate;
  }

  /**
   * Takes note of a report.
   * @param computeSeconds what the pieces took to compute, by the worker's word.
   * @param turnaroundSeconds what they took as seen from here; null where they were not waited for alone.
   */
  measure(pieces: number, computeSeconds: number, turnaroundSeconds: number | null): void {
    const rate = pieces / computeSeconds;
    if (this.#warmingUp === null) {
      this.#warmingUp = rate > 0 && rate < Infinity ? rate : 0;
      return;
    }
    if (!(rate > 0 && rate < Infinity)) return;
    this.#rate = averaged(this.#rate, rate);
    if (turnaroundSeconds === null) return;
    this.#overheadSeconds = averaged(this.#overheadSeconds, Math.max(0, turnaroundSeconds - computeSeconds));
  }

  /** Takes note of work that was not done after so long: the rate is no higher than this would make it. */
  wasLate(pieces: number, seconds: number): void {
    if (this.#rate !== null && seconds > 0) this.#rate = Math.min(this.#rate, pieces / seconds);
  }

  /** Seconds that so many pieces are expected to take, from being given to their report; null where nothing is known. */
  expectedSeconds(pieces: number): number | null {
    const rate = this.#rate ?? this.#warmingUp;
    return rate === null || rate === 0 ? null : (this.#overheadSeconds ?? 0) + pieces / rate;
  }
}

/** The average so far with a measurement more, of which the newest weigh most. */
export function averaged(before: number | null, newest: number): number {
  return before === null ? newest : before + NEWEST_WEIGHT * (newest - before);
}
