import type { GradientMeasure } from '@rocinante/codec';

/** One micro-batch's gradient with what was measured of it. */
export interface MeasuredGradient extends GradientMeasure {
  readonly microBatch: number;
  /** As `Network.gradient` gives it. */
  readonly lossSum: number;
  /** How long computing it took. */
  readonly seconds: number;
  /** Flat, float32. */
  readonly gradient: Float32Array;
  /** The largest |g| of each block. */
  readonly magnitudes: Float32Array;
}

/** Memory for one gradient and its magnitudes. */
export type Room = Pick<MeasuredGradient, 'gradient' | 'magnitudes'>;

/** What computing gives beside what it fills. */
export type Computed = Omit<MeasuredGradient, 'microBatch' | keyof Room>;

/** Gradients that a worker keeps for the case that their step is issued again: at most so many bytes. */
const CACHE_BYTES_MAX = 256 << 20;

/**
 * The gradients of the step in progress. A step that is issued again changes only the grid, so a gradient computed for
 * its first issue is put on the second one's grid as it is, with the same bits and without computing it again.
 */
export class GradientCache {
  readonly #length: number;
  readonly #blocks: number;
  readonly #capacity: number;
  #step = -1;
  readonly #kept: MeasuredGradient[] = [];
  readonly #free: Room[] = [];

  /** @param length elements, and @param blocks blocks, of a gradient. */
  constructor(length: number, blocks: number) {
    this.#length = length;
    this.#blocks = blocks;
    this.#capacity = Math.max(1, Math.floor(CACHE_BYTES_MAX / (length * Float32Array.BYTES_PER_ELEMENT)));
  }

  /** Keeps nothing any more, and no memory. */
  clear(): void {
    this.#step = -1;
    this.#kept.length = 0;
    this.#free.length = 0;
  }

  /** A gradient is to be computed anew, and kept in place of what was kept of it. */
  forget(step: number, microBatch: number): void {
    if (step !== this.#step) return;
    const index = this.#kept.findIndex((kept) => kept.microBatch === microBatch);
    if (index >= 0) this.#free.push(...this.#kept.splice(index, 1));
  }

  /** The gradient of a micro-batch of a step: kept, or computed now by `compute`, which fills what it is given. */
  take(step: number, microBatch: number, compute: (room: Room) => Computed): MeasuredGradient {
    if (step !== this.#step) {
      this.#step = step;
      this.#free.push(...this.#kept.splice(0));
    }
    const found = this.#kept.find((kept) => kept.microBatch === microBatch);
    if (found) return found;
    if (this.#kept.length === this.#capacity) this.#free.push(this.#kept.pop()!);
    const { gradient, magnitudes } = this.#free.pop() ?? {
      gradient: new Float32Array(this.#length),
      magnitudes: new Float32Array(this.#blocks),
    };
    const measured = { microBatch, gradient, magnitudes, ...compute({ gradient, magnitudes }) };
    // One that is not finite is computed again when it is asked for again: a second opinion is what is wanted then.
    (measured.finite && Number.isFinite(measured.lossSum) ? this.#kept : this.#free).push(measured);
    return measured;
  }
}
