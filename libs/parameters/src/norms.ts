/** Elements whose squares are added into one partial sum of a norm. Part of what the bits of a norm depend on. */
export const NORM_BLOCK_ELEMENTS = 65_536;

/**
 * The L2 norm of a vector, in float64.
 *
 * Order: squares are added in order within each 65,536 elements, and these partial sums in order; so the bits do not
 * depend on how the vector travelled, and threads may later share the work. Squares of float32 values are exact in
 * float64 and cannot overflow it, so the norm is finite exactly when every element is.
 */
export function l2Norm(values: Float32Array): number {
  let total = 0;
  for (let start = 0; start < values.length; start += NORM_BLOCK_ELEMENTS) {
    const end = Math.min(start + NORM_BLOCK_ELEMENTS, values.length);
    let partial = 0;
    for (let i = start; i < end; i++) {
      const value = values[i];
      partial += value * value;
    }
    total += partial;
  }
  return Math.sqrt(total);
}
