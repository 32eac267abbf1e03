import type { GradientMeasure } from '@rocinante/codec';
import type { DropoutKey, MicroBatch } from '@rocinante/compute';

/** A micro-batch's gradient with what was measured of it. */
export interface MeasuredGradient<Gradient> extends GradientMeasure {
  /** As `Network.gradient` gives it. */
  readonly lossSum: number;
  /** Where it was made, for `GridSum.add`. */
  readonly gradient: Gradient;
  /** The largest |g| of each block. */
  readonly magnitudes: Float32Array;
}

/**
 * Where gradients are measured, put on the grid, summed and hashed: in the host's memory, or on the device. Both give the same
 * bits, but for the norm's last ones.
 */
export interface GradientWay<Gradient> {
  /** Bytes that one gradient holds, in the memory where it lies. */
  readonly gradientBytes: number;

  /** Computes a micro-batch's gradient and measures it. */
  measure(batch: MicroBatch, dropout: DropoutKey): MeasuredGradient<Gradient>;

  /** A gradient is not wanted any more: its memory is freed, or serves the next one. */
  retire(gradient: Gradient): void;

  /** Begins the sum of an assignment's micro-batches on one grid; `out` [layout.length] holds it once it is finished. */
  sum(exponents: Int8Array, out: Int32Array): GridSum<Gradient>;

  /** Lends room for a sum that nobody wants, as long as `use` lasts. */
  withRoom(use: (out: Int32Array) => void): void;

  /** Frees what the way keeps; gradients are retired before. */
  dispose(): void;
}

/** A sum of micro-batches on one grid. */
export interface GridSum<Gradient> {
  /** Adds a gradient that fits the grid; it stays the caller's, and may be added to other sums. */
  add(gradient: Gradient): void;

  /** The hash of each gradient's own quanta, in the order in which they were added. */
  hashes(): number[];

  /** Waits until all that were added, at least one, are in `out`. */
  finish(): void;

  dispose(): void;
}
