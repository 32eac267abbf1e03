/**
 * The power-of-two grid of each block: which exponent it has, and what fits on it.
 *
 * M is the run's micro-batches a step throughout, also in a shorter last step of an epoch. A magnitude is the largest
 * |g| of a single micro-batch in the block, before rounding; it is never taken of a sum.
 */
import { assert } from '@rocinante/base';
import type { ParameterLayout } from '@rocinante/parameters';
import type { GradientCodec } from './codecs.js';

/** What decides a grid beside magnitudes: whose integers hold the sums, and of how many micro-batches. */
export interface GridTerms {
  readonly codec: GradientCodec;
  /** M, the run's micro-batches a step. */
  readonly microBatches: number;
}

/** Micro-batches of a step at most: beyond, too few bits would remain for each. */
export const MICRO_BATCHES_MAX: Readonly<Record<GradientCodec, number>> = {
  'int32-grid': 1024,
  'int16-grid': 32,
};

/** Bits of a sum beside its sign. */
const SUM_BITS: Readonly<Record<GradientCodec, number>> = { 'int32-grid': 31, 'int16-grid': 15 };

/** Exponents are held within ± this, so that 2^e and 2^-e are both normal numbers, in float32 too. */
export const EXPONENT_LIMIT = 126;

/**
 * How far the grid lies below a block's largest expected magnitude, when M is 1, in bits fewer than a sum has. A value of the
 * expected magnitude then takes at most 28 of 31 bits, or 12 of 15, so a block may grow eightfold before a step is issued again.
 */
const SPARE_BITS = 4;

/**
 * Every block is expected to reach this part of its tensor's largest magnitude, since a block may grow eightfold: the row
 * of a rare symbol, zero in most steps, then fits up to its tensor's largest magnitude. With 64 in place of 8, 7.5 % of
 * the steps of a one-hot network on the whole Quijote were issued again, with 16 0.4 %, with 8 none (ARCHITECTURE.md). The
 * price is three bits in blocks below an eighth of their tensor's largest magnitude.
 */
const TENSOR_SHARE = 8;

/** Adding and subtracting this rounds a float64 below 2^51 in magnitude to an integer, ties to even. */
export const ROUNDING_SHIFT = 1.5 * 2 ** 52;

/** 2^e at index e + 126, for e from −126 to 126. */
export const POWERS_OF_TWO: Float64Array = Float64Array.from(
  { length: 2 * EXPONENT_LIMIT + 1 },
  (_, index) => 2 ** (index - EXPONENT_LIMIT),
);

/** The multiplier 2^e that turns quanta back into a gradient. */
export function gridStep(exponent: number): number {
  return POWERS_OF_TWO[exponent + EXPONENT_LIMIT];
}

/** The largest |q| of a single micro-batch: M of them cannot leave the sum's integers, however they are split. */
export function quantumLimit(terms: GridTerms): number {
  return Math.floor((2 ** SUM_BITS[terms.codec] - 1) / checkedMicroBatches(terms));
}

/**
 * Each block's exponent from its expected magnitude r: e = exponent(r) + ceil(log2 M) − 27, held within ±126; − 11 for
 * int16.
 *
 * exponent(r) is read from the float's bits. Zero and subnormal numbers carry the exponent −127 there, which gives −126
 * whatever M is: the finest grid. On it no real gradient fits, so a run's first step, where r is 0, is issued twice by
 * the same rule as any misfit.
 * @param r float32, one a block, finite and not negative.
 */
export function gridExponents(r: Float32Array, terms: GridTerms, out = new Int8Array(r.length)): Int8Array {
  assert(out.length === r.length, `${r.length} blocks, but room for ${out.length} exponents`);
  const shift = bitsToCount(checkedMicroBatches(terms)) - (SUM_BITS[terms.codec] - SPARE_BITS);
  const bits = new Uint32Array(r.buffer, r.byteOffset, r.length);
  for (let block = 0; block < bits.length; block++) {
    const exponent = ((bits[block] >>> 23) & 0xff) - 127 + shift;
    out[block] = Math.max(-EXPONENT_LIMIT, Math.min(EXPONENT_LIMIT, exponent));
  }
  return out;
}

/**
 * Whether one micro-batch's magnitudes fit the grid: rint(magnitude · 2^-e), in float64, is at most the limit in every
 * block. A magnitude that is not finite does not fit.
 */
export function fits(magnitudes: Float32Array, exponents: Int8Array, terms: GridTerms): boolean {
  assert(
    magnitudes.length === exponents.length,
    `${magnitudes.length} magnitudes, ${exponents.length} exponents`,
  );
  const limit = quantumLimit(terms);
  for (let block = 0; block < magnitudes.length; block++) {
    const scaled = magnitudes[block] * POWERS_OF_TWO[EXPONENT_LIMIT - exponents[block]];
    if (!(scaled + ROUNDING_SHIFT - ROUNDING_SHIFT <= limit)) return false;
  }
  return true;
}

/**
 * r(s), what the next issue expects of each block: the largest of the step's magnitude, half of r(s−1), and an eighth of
 * the tensor's largest magnitude in the step.
 *
 * The two other terms keep the rows of rare symbols, zero in most steps, from forcing a re-issue each time they appear.
 * Since r(s) is at least the step's magnitude, the grid of r(s) always fits step s.
 * @param previous r(s−1): one float32 a block, zeros before the first step.
 * @param step the largest magnitude of any micro-batch of step s, one float32 a block.
 */
export function nextMagnitudes(
  previous: Float32Array,
  step: Float32Array,
  layout: ParameterLayout,
  out = new Float32Array(layout.blockCount),
): Float32Array {
  const { blockCount } = layout;
  assert(
    previous.length === blockCount && step.length === blockCount && out.length === blockCount,
    `${blockCount} blocks, but ${previous.length} previous, ${step.length} step and ${out.length} next magnitudes`,
  );
  for (const { firstBlock, blockCount: count } of layout.tensors) {
    const endBlock = firstBlock + count;
    let largest = 0;
    for (let block = firstBlock; block < endBlock; block++) largest = Math.max(largest, step[block]);
    for (let block = firstBlock; block < endBlock; block++) {
      out[block] = Math.max(step[block], previous[block] / 2, largest / TENSOR_SHARE);
    }
  }
  return out;
}

/** Takes each block's larger magnitude into `into`. Both must be finite: what is not never reaches a step's magnitudes. */
export function maxMagnitudes(into: Float32Array, other: Float32Array): void {
  assert(into.length === other.length, `${into.length} magnitudes against ${other.length}`);
  for (let block = 0; block < into.length; block++) {
    if (other[block] > into[block]) into[block] = other[block]!;
  }
}

/** ceil(log2 count): the bits that a sum of `count` numbers of one size may need beyond one number's. */
function bitsToCount(count: number): number {
  return 32 - Math.clz32(count - 1);
}

function checkedMicroBatches({ codec, microBatches }: GridTerms): number {
  const most = MICRO_BATCHES_MAX[codec];
  assert(
    Number.isInteger(microBatches) && microBatches >= 1 && microBatches <= most,
    `a step has 1 to ${most} micro-batches, not ${microBatches}`,
  );
  return microBatches;
}
