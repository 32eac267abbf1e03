/**
 * A micro-batch's gradient measured, and put on the grid as int32 quanta. These loops run over every element of every step; where
 * the vectors lie in one `VectorMemory`, kernels do, to the same bits.
 */
import { assert } from '@rocinante/base';
import { addressOf, kernelsOf, type ParameterLayout } from '@rocinante/parameters';
import { EXPONENT_LIMIT, POWERS_OF_TWO, ROUNDING_SHIFT } from './grid.js';

/** A float's bits without its sign order as its magnitude does: zero first, then infinity and NaN last. */
const MAGNITUDE_BITS = 0x7fffffff;

/** What a worker says of one micro-batch's gradient before any of it travels. */
export interface GradientMeasure {
  /** The sum of squares, in float64: within a block by four lanes (elements i mod 4), blocks in order. */
  readonly squaredNorm: number;
  /** Whether every element is finite. A gradient that is not never goes on the grid. */
  readonly finite: boolean;
}

/**
 * Measures a micro-batch's gradient in one pass: each block's largest |g| into `out`, the norm, and whether all is finite.
 *
 * Shapes: `gradient` [layout.length]; `out` [layout.blockCount]. A block with an infinity or a NaN measures as such.
 */
export function measureBlocks(
  gradient: Float32Array,
  layout: ParameterLayout,
  out: Float32Array,
): GradientMeasure {
  const { length, blockCount, blockStarts } = layout;
  assert(gradient.length === length, `gradient: expected ${length} elements, received ${gradient.length}`);
  assert(out.length === blockCount, `magnitudes: expected ${blockCount} blocks, received ${out.length}`);
  const bits = new Int32Array(gradient.buffer, gradient.byteOffset, length);
  const outBits = new Int32Array(out.buffer, out.byteOffset, blockCount);
  const kernels = kernelsOf(gradient);
  let squaredNorm = 0;
  for (let block = 0; block < blockCount; block++) {
    const start = blockStarts[block];
    const end = blockStarts[block + 1];
    if (kernels !== null) {
      squaredNorm += kernels.measure(end - start, addressOf(gradient, start));
      outBits[block] = kernels.largest.value;
      continue;
    }
    let largest = 0;
    let lane0 = 0;
    let lane1 = 0;
    let lane2 = 0;
    let lane3 = 0;
    let i = start;
    for (const fours = end - 3; i < fours; i += 4) {
      const g0 = gradient[i];
      const g1 = gradient[i + 1];
      const g2 = gradient[i + 2];
      const g3 = gradient[i + 3];
      lane0 += g0 * g0;
      lane1 += g1 * g1;
      lane2 += g2 * g2;
      lane3 += g3 * g3;
      const b0 = bits[i] & MAGNITUDE_BITS;
      const b1 = bits[i + 1] & MAGNITUDE_BITS;
      const b2 = bits[i + 2] & MAGNITUDE_BITS;
      const b3 = bits[i + 3] & MAGNITUDE_BITS;
      if (b0 > largest) largest = b0;
      if (b1 > largest) largest = b1;
      if (b2 > largest) largest = b2;
      if (b3 > largest) largest = b3;
    }
    for (; i < end; i++) {
      lane0 += gradient[i] * gradient[i];
      largest = Math.max(largest, bits[i] & MAGNITUDE_BITS);
    }
    outBits[block] = largest;
    squaredNorm += lane0 + lane1 + (lane2 + lane3);
  }
  // Squares of finite float32 values cannot overflow float64, so the sum is finite exactly when every element is.
  return { squaredNorm, finite: Number.isFinite(squaredNorm) };
}

/**
 * Puts a gradient on the grid: q = rint(g · 2^-e), ties to even.
 *
 * Scaling by a power of two is exact in float64, so the rounding is the only one. Only for a gradient whose magnitudes
 * fit (`fits`): what does not would be cut to 32 bits.
 * Shapes: `gradient` and `out` [layout.length]; `exponents` [layout.blockCount].
 */
export function quantise(
  gradient: Float32Array,
  exponents: Int8Array,
  layout: ParameterLayout,
  out: Int32Array,
): void {
  const { length, blockCount, blockStarts } = layout;
  assert(gradient.length === length, `gradient: expected ${length} elements, received ${gradient.length}`);
  assert(
    exponents.length === blockCount,
    `exponents: expected ${blockCount} blocks, received ${exponents.length}`,
  );
  assert(out.length === length, `quanta: expected room for ${length} elements, received ${out.length}`);
  const kernels = kernelsOf(gradient, out);
  for (let block = 0; block < blockCount; block++) {
    const scale = POWERS_OF_TWO[EXPONENT_LIMIT - exponents[block]];
    const start = blockStarts[block];
    const end = blockStarts[block + 1];
    if (kernels !== null) {
      kernels.quantise(end - start, addressOf(gradient, start), addressOf(out, start), scale);
      continue;
    }
    let i = start;
    // Four at a time halves the time of this loop.
    for (const fours = end - 3; i < fours; i += 4) {
      const q0 = gradient[i] * scale + ROUNDING_SHIFT - ROUNDING_SHIFT;
      const q1 = gradient[i + 1] * scale + ROUNDING_SHIFT - ROUNDING_SHIFT;
      const q2 = gradient[i + 2] * scale + ROUNDING_SHIFT - ROUNDING_SHIFT;
      const q3 = gradient[i + 3] * scale + ROUNDING_SHIFT - ROUNDING_SHIFT;
      out[i] = q0;
      out[i + 1] = q1;
      out[i + 2] = q2;
      out[i + 3] = q3;
    }
    for (; i < end; i++) out[i] = gradient[i] * scale + ROUNDING_SHIFT - ROUNDING_SHIFT;
  }
}

/** Adds a micro-batch's quanta to a worker's running sum. Exact, in any order. */
export function addQuantised(sum: Int32Array, quanta: Int32Array): void {
  assert(sum.length === quanta.length, `sum of ${sum.length} elements, ${quanta.length} quanta`);
  const kernels = kernelsOf(sum, quanta);
  if (kernels !== null) return kernels.add(sum.length, addressOf(sum), addressOf(quanta));
  for (let i = 0; i < sum.length; i++) sum[i] += quanta[i];
}
