import type { Word } from './second-words.js';

/**
 * How often a micro-batch of a step may be computed by three workers that say three things of it. Two that err now and then
 * do so of one micro-batch once, perhaps twice; where it goes on, no more computing tells who is right.
 */
export const DISAGREEMENTS_MAX = 4;

/** How often three workers said three things of each micro-batch of a step, across its issues. */
export class Disagreements {
  readonly #times = new Map<number, number>();

  /**
   * Counts that three said three things.
   * @returns who said what, where it was the last time that is borne; else null.
   */
  count(microBatches: Iterable<number>, words: readonly Word[]): string | null {
    for (const microBatch of microBatches) {
      const times = (this.#times.get(microBatch) ?? 0) + 1;
      this.#times.set(microBatch, times);
      if (times < DISAGREEMENTS_MAX) continue;
      const said = words.map(({ worker, results }) => {
        const { lossSum, norm, hash } = results.get(microBatch)!;
        return `worker ${worker} loss ${lossSum}, norm ${norm}, hash ${hash}`;
      });
      return (
        `micro-batch ${microBatch}: three workers computed three things, ${times} times; ` +
        `the last time ${said.join('; ')}; take out of the pool those that do not compute right, and resume`
      );
    }
    return null;
  }

  /** The micro-batch counts: what was said of it before is over. */
  forget(microBatch: number): void {
    this.#times.delete(microBatch);
  }
}
