/** Steps whose norms are remembered. */
const STEPS_MAX = 16;

/** Steps that there must be before their norms say anything. */
export const HISTORY_STEPS_MIN = 4;

/** Micro-batches of a step that there must be before their norms say anything. */
export const NEIGHBOURS_MIN = 3;

/**
 * A norm lies far outside when it is so many times what it is compared with, or so many times less.
 *
 * Dropout, rare symbols and a falling loss move a micro-batch's norm by a factor of a few: by 3.8 at most in 1,340 steps of
 * preset quick with micro-batches of 4 windows, by 2.7 in 120 steps of preset seed with 8 windows on chapters 1 to 10 of Don
 * Quijote (2026-11-29, commit bfcb09a; the steps' norms are in `events.jsonl`). What is wrong by less than this
 * weighs less in the step than all its other micro-batches together, and clipping and Adam's own scale bound what it does.
 * One that is right and lies outside all the same costs a second computation, and stands.
 */
export const NORM_FACTOR = 16;

/** What the norms of micro-batches were of late: the median of each closed step's, of this life of the run. */
export class NormHistory {
  readonly #medians: number[] = [];

  /** Takes note of a closed step. */
  closed(norms: readonly number[]): void {
    this.#medians.push(medianOf(norms));
    if (this.#medians.length > STEPS_MAX) this.#medians.shift();
  }

  /**
   * Whether a norm lies far outside both of what the steps before and of what others' micro-batches in this step say. Medians,
   * so that a few that are wrong, or right and large, do not move what the next is compared with. Where all of a step's
   * norms are new, as after a jump of the loss, its micro-batches speak for one another. Without enough of either it is not.
   * @param neighboursOf norms of the step's micro-batches that other workers computed; asked for only where they decide, since
   * each report is judged, and there may be a thousand of them.
   */
  isOutlying(norm: number, neighboursOf: () => readonly number[]): boolean {
    const isFar = (reference: number): boolean =>
      norm > NORM_FACTOR * reference || norm * NORM_FACTOR < reference;
    const hasHistory = this.#medians.length >= HISTORY_STEPS_MIN;
    if (hasHistory && !isFar(medianOf(this.#medians))) return false;
    const neighbours = neighboursOf();
    return neighbours.length >= NEIGHBOURS_MIN ? isFar(medianOf(neighbours)) : hasHistory;
  }
}

/** The middle value, or the greater of the two in the middle. */
function medianOf(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}
