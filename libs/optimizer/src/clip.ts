/** Clipping by the global norm (Pascanu et al. 2013): the norm over all ranges, before any of them has its Adam. */
import { assert } from '@rocinante/base';
import { NORM_BLOCK_ELEMENTS, type ParameterLayout } from '@rocinante/parameters';

/**
 * The L2 norm of a step's mean gradient, from its integer sum.
 *
 * Order: norm = sqrt(Σ (sum · 2^e)²) / windows, in float64; squares are added in order within each 65,536 elements of
 * the vector, and these partial sums in order.
 */
export function gradientNorm(
  sum: Int32Array,
  exponents: Int8Array,
  windows: number,
  layout: ParameterLayout,
): number {
  const { length, blockCount, blockStarts } = layout;
  assert(sum.length === length, `expected ${length} elements, received ${sum.length}`);
  assert(exponents.length === blockCount, `expected ${blockCount} exponents, received ${exponents.length}`);
  assert(Number.isInteger(windows) && windows > 0, `a step has a positive number of windows, not ${windows}`);
  let total = 0;
  let partial = 0;
  let partialEnd = NORM_BLOCK_ELEMENTS;
  for (let block = 0; block < blockCount; block++) {
    const gridStep = 2 ** exponents[block];
    const end = blockStarts[block + 1];
    // A block may lie across the border of two partial sums.
    for (let start = blockStarts[block]; start < end;) {
      const stop = Math.min(end, partialEnd);
      for (let i = start; i < stop; i++) {
        const value = sum[i] * gridStep;
        partial += value * value;
      }
      if (stop === partialEnd) {
        total += partial;
        partial = 0;
        partialEnd += NORM_BLOCK_ELEMENTS;
      }
      start = stop;
    }
  }
  return Math.sqrt(total + partial) / windows;
}

/**
 * What a gradient of this norm is multiplied by so that its norm is at most `normMax`; 1 where it already is.
 * @param normMax positive; Infinity never clips.
 */
export function clipFactor(norm: number, normMax: number): number {
  assert(normMax > 0, `a norm's limit is positive, not ${normMax}`);
  return norm > normMax ? normMax / norm : 1;
}
