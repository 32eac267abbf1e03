import type { MicroBatchResult, WorkerId } from './work.js';

/** A worker that computed what is not finite, where a second computation is. */
export interface Refuted {
  readonly microBatch: number;
  readonly worker: WorkerId;
}

/** Micro-batches of a step that came out as not finite once and wait for another's word, with whose word it was. */
export class Suspects {
  readonly #words = new Map<number, WorkerId>();

  /** Those of a report that are not finite. */
  static among(results: readonly MicroBatchResult[]): readonly MicroBatchResult[] {
    return results.filter(({ finite, lossSum }) => !finite || !Number.isFinite(lossSum));
  }

  /**
   * Takes a word in.
   * @returns the first micro-batch that came out so before, and by whom; null where each is suspect for the first time.
   */
  suspect(worker: WorkerId, notFinite: readonly MicroBatchResult[]): Refuted | null {
    for (const { microBatch } of notFinite) {
      const first = this.#words.get(microBatch);
      if (first !== undefined) return { microBatch, worker: first };
    }
    for (const { microBatch } of notFinite) this.#words.set(microBatch, worker);
    return null;
  }

  /** Takes in that this one came out as finite. @returns who was wrong about it, if anybody. */
  clear(microBatch: number): WorkerId | undefined {
    const first = this.#words.get(microBatch);
    this.#words.delete(microBatch);
    return first;
  }
}
