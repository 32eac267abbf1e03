import type { MeasuredGradient } from './gradient-way.js';

/** What is kept of a micro-batch. */
export interface Computed<Gradient> extends MeasuredGradient<Gradient> {
  /** How long computing it took. */
  readonly seconds: number;
}

interface Kept<Gradient> extends Computed<Gradient> {
  readonly microBatch: number;
}

/** How the memory of gradients is held; as GradientWay has it. */
export interface GradientMemory<Gradient> {
  readonly gradientBytes: number;
  retire(gradient: Gradient): void;
}

/** Gradients that a worker keeps for the case that their step is issued again: at most so many bytes, on a card of the card's. */
const CACHE_BYTES_MAX = 256 << 20;

/** How many gradients of so many bytes are kept. */
export function gradientsKept(gradientBytes: number): number {
  return Math.max(1, Math.floor(CACHE_BYTES_MAX / gradientBytes));
}

/**
 * The gradients of the step in progress. A step that is issued again changes only the grid, so a gradient computed for
 * its first issue is put on the second one's grid as it is, with the same bits and without computing it again.
 */
export class GradientCache<Gradient> {
  readonly #memory: GradientMemory<Gradient>;
  readonly #capacity: number;
  #step = -1;
  readonly #kept: Kept<Gradient>[] = [];

  constructor(memory: GradientMemory<Gradient>) {
    this.#memory = memory;
    this.#capacity = gradientsKept(memory.gradientBytes);
  }

  /** Keeps nothing any more. */
  clear(): void {
    this.#step = -1;
    this.#retire(this.#kept.splice(0));
  }

  /** A gradient is to be computed anew, and kept in place of what was kept of it. */
  forget(step: number, microBatch: number): void {
    if (step !== this.#step) return;
    const index = this.#kept.findIndex((kept) => kept.microBatch === microBatch);
    if (index >= 0) this.#retire(this.#kept.splice(index, 1));
  }

  /**
   * The gradient of a micro-batch of a step: kept, or computed now by `compute`.
   * It may be used until the next call; of one that is not finite only what was measured.
   */
  take(step: number, microBatch: number, compute: () => Computed<Gradient>): Computed<Gradient> {
    if (step !== this.#step) {
      this.#step = step;
      this.#retire(this.#kept.splice(0));
    }
    const found = this.#kept.find((kept) => kept.microBatch === microBatch);
    if (found) return found;
    if (this.#kept.length === this.#capacity) this.#retire([this.#kept.pop()!]);
    const measured = { ...compute(), microBatch };
    // One that is not finite is computed again when it is asked for again: a second opinion is what is wanted then.
    if (measured.finite && Number.isFinite(measured.lossSum)) this.#kept.push(measured);
    else this.#retire([measured]);
    return measured;
  }

  #retire(gradients: readonly Computed<Gradient>[]): void {
    for (const { gradient } of gradients) this.#memory.retire(gradient);
  }
}
