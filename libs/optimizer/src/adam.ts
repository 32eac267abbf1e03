/**
 * Adam (Kingma and Ba 2015, algorithm 1 with the two bias corrections folded into the rate, as in their section 2),
 * in Keras's variant: epsilon is added to sqrt(v) as it is, before any correction of v. tfjs corrects v first, which
 * differs in a run's first steps.
 *
 *   m ← m + (g − m)(1 − beta1)      v ← v + (g² − v)(1 − beta2)
 *   parameter ← parameter · kept − m·alpha / (sqrt(v) + epsilon)
 *   alpha = rate · sqrt(1 − beta2^t) / (1 − beta1^t)      kept = 1 − weightDecay · rate
 *
 * The decay is that of Loshchilov and Hutter 2019 (AdamW), in Keras's variant: it is not part of g, follows the step's
 * learning rate, and takes every parameter, biases too, or those of some blocks only.
 */
import { assert } from '@rocinante/base';
import { addressOf, kernelsOf, type ParameterLayout, type ParameterRange } from '@rocinante/parameters';

export interface AdamOptions {
  /** Parameters move by about this much in a step. Keras: 0.001. */
  readonly learningRate: number;
  /** Decay of the first moment, in [0, 1). Keras: 0.9. */
  readonly beta1: number;
  /** Decay of the second moment, in [0, 1). Keras: 0.999. */
  readonly beta2: number;
  /** Added to sqrt(v). Keras: 1e-7. */
  readonly epsilon: number;
  /** The share of itself, times the learning rate, that a parameter loses in a step; 0 for none, which changes no bit. */
  readonly weightDecay: number;
}

/** The defaults of Keras's Adam. */
export const ADAM_DEFAULTS: AdamOptions = {
  learningRate: 0.001,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-7,
  weightDecay: 0,
};

/** The betas to the power of a step's number, kept by repeated product so that their bits are defined. */
export interface AdamPowers {
  readonly beta1Power: number;
  readonly beta2Power: number;
}

/** The powers before the first step. */
export const INITIAL_POWERS: AdamPowers = { beta1Power: 1, beta2Power: 1 };

/** The powers of the next step: those that its `applyAdamRange` takes, and that are kept once it is closed. */
export function advancePowers(powers: AdamPowers, beta1: number, beta2: number): AdamPowers {
  return { beta1Power: powers.beta1Power * beta1, beta2Power: powers.beta2Power * beta2 };
}

/** One range of one step. All vectors have `layout.length` elements and are indexed by element of the whole vector. */
export interface AdamRangeStep extends AdamOptions, AdamPowers {
  readonly layout: ParameterLayout;
  readonly range: ParameterRange;
  /** The step's sum over all windows, in multiples of the grid. */
  readonly sum: Int32Array;
  /** The grid: one exponent a block of the layout. */
  readonly exponents: Int8Array;
  /** Windows of the step: what the sum is divided by. */
  readonly windows: number;
  /** What clipping multiplies the gradient by (`clipFactor`); 1 without clipping, which changes no bit. */
  readonly gradientFactor: number;
  /** [blocks of the layout], 0 for those that do not decay; absent where all do. */
  readonly decayed?: Uint8Array | undefined;
  /** The closed state, which is only read. */
  readonly parameters: Float32Array;
  readonly m: Float32Array;
  readonly v: Float32Array;
  /** The next state, written within the range. May not share memory with the closed one. */
  readonly nextParameters: Float32Array;
  readonly nextM: Float32Array;
  readonly nextV: Float32Array;
}

/** Float64 magnitudes from here on round to infinity in float32: its largest number and half a unit beyond. */
const FLOAT32_OVERFLOW = 2 ** 128 - 2 ** 103;

/**
 * Applies Adam to one range, from the closed state into the next.
 *
 * Arithmetic: float64 in the order written, rounded to float32 once for each stored value; the parameter's change uses
 * the moments before that rounding. g = sum · 2^e / windows · gradientFactor, never rounded to float32. Ranges are
 * independent of each other: any order gives the same bits. Vectors in one `VectorMemory` are computed by SIMD, to the same bits.
 * @returns whether every value written is finite in float32. If not, the step must not be closed.
 */
export function applyAdamRange(step: AdamRangeStep): boolean {
  const { layout, range, sum, exponents, windows, gradientFactor } = step;
  const { learningRate, beta1, beta2, epsilon, weightDecay } = step;
  const { parameters, m, v, nextParameters, nextM, nextV } = step;
  const { length, blockCount, blockStarts } = layout;
  for (const vector of [sum, parameters, m, v, nextParameters, nextM, nextV]) {
    assert(
      vector.length === length,
      `expected vectors of ${length} elements, received one of ${vector.length}`,
    );
  }
  assert(exponents.length === blockCount, `expected ${blockCount} exponents, received ${exponents.length}`);
  assert(Number.isInteger(windows) && windows > 0, `a step has a positive number of windows, not ${windows}`);
  assert(step.beta1Power < 1 && step.beta2Power < 1, 'the powers are those of this step: advance them first');

  const alpha = (learningRate * Math.sqrt(1 - step.beta2Power)) / (1 - step.beta1Power);
  const keptWhereDecayed = 1 - weightDecay * learningRate;
  const rate1 = 1 - beta1;
  const rate2 = 1 - beta2;
  // By a power of two, multiplying and dividing are both exact, in any order, and multiplying is faster.
  const isPowerOfTwo = (windows & (windows - 1)) === 0;
  const kernels = kernelsOf(sum, parameters, m, v, nextParameters, nextM, nextV);
  let finite = true;
  for (let block = range.firstBlock; block < range.firstBlock + range.blockCount; block++) {
    const gridStep = 2 ** exponents[block];
    const share = gridStep / windows;
    const start = blockStarts[block];
    const end = blockStarts[block + 1];
    const kept = step.decayed?.[block] === 0 ? 1 : keptWhereDecayed;
    let total = 0;
    let i = start;
    if (kernels !== null) {
      const pairs = (end - start) & ~1;
      total = kernels.adam(
        pairs,
        addressOf(sum, start),
        addressOf(parameters, start),
        addressOf(m, start),
        addressOf(v, start),
        addressOf(nextParameters, start),
        addressOf(nextM, start),
        addressOf(nextV, start),
        isPowerOfTwo ? share : gridStep,
        !isPowerOfTwo,
        windows,
        gradientFactor,
        rate1,
        rate2,
        kept,
        alpha,
        epsilon,
      );
      i += pairs;
    }
    // What is written here, or its last element where their number is odd.
    for (; i < end; i++) {
      const g = (isPowerOfTwo ? sum[i] * share : (sum[i] * gridStep) / windows) * gradientFactor;
      const newM = m[i] + (g - m[i]) * rate1;
      const newV = v[i] + (g * g - v[i]) * rate2;
      const parameter = parameters[i] * kept - (newM * alpha) / (Math.sqrt(newV) + epsilon);
      nextM[i] = newM;
      nextV[i] = newV;
      nextParameters[i] = parameter;
      total += Math.abs(parameter) + newV;
    }
    // Every term is below the total. The first moment needs no term of its own: it lies between its last value and g,
    // and a g beyond float32 takes v beyond it too. Written so that a NaN does not pass.
    if (!(total < FLOAT32_OVERFLOW)) {
      finite &&=
        allFinite(nextParameters, start, end) && allFinite(nextM, start, end) && allFinite(nextV, start, end);
    }
  }
  return finite;
}

function allFinite(values: Float32Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    if (!Number.isFinite(values[i])) return false;
  }
  return true;
}
