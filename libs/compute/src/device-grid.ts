// The vector on the device: [blocks, 1,024], each tensor's last block filled up with zeros.
import { assert } from '@rocinante/base';
import {
  EXPONENT_LIMIT,
  POWERS_OF_TWO,
  QuantaHash,
  ROUNDING_SHIFT,
  type GradientMeasure,
} from '@rocinante/codec';
import {
  add,
  bitwiseAnd,
  concatenate,
  float32Bits,
  float64,
  less,
  maxLast,
  multiply,
  readFloat64,
  reshape,
  select,
  splitColumns,
  subtract,
  sumLast,
  toFloat64,
  toInt32,
  toInt64,
  zeros,
  type Engine,
  type Tensor,
} from '@rocinante/engine';
import { BLOCK_ELEMENTS, type ParameterLayout } from '@rocinante/parameters';

/** float32's sign apart, its bits order as its magnitude does. */
const MAGNITUDE_BITS = 0x7fffffffn;
/** A float32 with magnitude bits below is subnormal: so many times 2^-149. */
const FIRST_NORMAL_BITS = 2n ** 23n;
const SUBNORMAL_STEP = 2 ** -149;
const LOW_WORD = 2n ** 32n - 1n;

/** Numbers that stay on the device. */
interface Constants {
  readonly magnitudeBits: Tensor;
  readonly firstNormalBits: Tensor;
  readonly zero: Tensor;
  readonly lowWord: Tensor;
  readonly subnormalStep: Tensor;
  readonly minusSubnormalStep: Tensor;
  readonly roundingShift: Tensor;
  /** Of the hash: [1,024] and [blocks]. */
  readonly elementWeights: Tensor;
  readonly blockWeights: Tensor;
}

/** What was measured of a gradient and lies unread on the device. */
export interface DeviceMeasure {
  /** [blocks], int64: the bits of each block's largest |g|. */
  readonly magnitudes: Tensor;
  /** [blocks, 1], float64. */
  readonly squares: Tensor;
}

/**
 * The grid of `libs/codec` by the engine's ops: a gradient is measured, put on the grid, summed and hashed where it was made, and
 * what is read is the sum, and some bytes a block.
 *
 * Bits: magnitudes, quanta, sums and hashes are those of `measureBlocks`, `quantise`, `addQuantised` and `QuantaHash` on every
 * device. Magnitudes and hashes are integers throughout. A quantum is one float64 product by a power of two, and the sum and the
 * difference that round it, as there; none of them under- or overflows for float32 numbers and exponents within ±126. That leaves
 * the way from float32 to float64, which is exact, but for subnormal numbers: kernels for cards are compiled to take them for
 * zeros, and a processor's threads set it differently. So these are made from their bits.
 * The norm is rounded otherwise than `measureBlocks` does, in the last bits: squares are added in float64 by halves, element i of a
 * block's first half to element i of the second, until one is left, and the blocks' in order.
 *
 * Tensors that come back are the scope's or the caller's.
 */
export class DeviceGrid {
  readonly #engine: Engine;
  readonly #layout: ParameterLayout;
  readonly #constants: Constants;
  /** What fills up each tensor, by its number; undefined where nothing does. */
  readonly #padding: readonly (Tensor | undefined)[];

  constructor(engine: Engine, layout: ParameterLayout) {
    this.#engine = engine;
    this.#layout = layout;
    const made = engine.scope(() => ({
      constants: constantsOf(engine, layout),
      padding: layout.tensors.map(({ size, blockCount }) => {
        const missing = blockCount * BLOCK_ELEMENTS - size;
        return missing === 0 ? undefined : zeros(engine, [missing]);
      }),
    }));
    this.#constants = made.constants;
    this.#padding = made.padding;
    for (const tensor of this.#kept()) engine.keep(tensor);
  }

  /** Frees what the grid keeps. */
  dispose(): void {
    this.#engine.free(...this.#kept());
  }

  /** One vector, [blocks, 1,024] float32, of gradients in the layout's order. */
  join(gradients: readonly Tensor[]): Tensor {
    const { tensors, blockCount } = this.#layout;
    assert(gradients.length === tensors.length, `${tensors.length} tensors, ${gradients.length} gradients`);
    const engine = this.#engine;
    return engine.scope(() => {
      const parts = gradients.flatMap((gradient, index) => {
        const flat = reshape(engine, gradient, [tensors[index].size]);
        const padding = this.#padding[index];
        return padding === undefined ? [flat] : [flat, padding];
      });
      return reshape(engine, concatenate(engine, parts), [blockCount, BLOCK_ELEMENTS]);
    });
  }

  measure(vector: Tensor): DeviceMeasure {
    const engine = this.#engine;
    return engine.scope(() => {
      const exact = this.#inFloat64(vector);
      let squares = multiply(engine, exact, exact);
      for (let width = BLOCK_ELEMENTS; width > 1; width /= 2) {
        const [first, second] = splitColumns(engine, squares, 2);
        const halved = add(engine, first, second);
        engine.free(squares, first, second);
        squares = halved;
      }
      return { magnitudes: maxLast(engine, this.#magnitudeBits(vector)), squares };
    });
  }

  /** Reads each block's largest |g| into `out`, and the rest as `measureBlocks` gives it. Waits for the device. */
  readMeasure({ magnitudes, squares }: DeviceMeasure, out: Float32Array): GradientMeasure {
    const bits = this.#engine.readInt64(magnitudes);
    assert(out.length === bits.length, `magnitudes: expected ${bits.length} blocks, received ${out.length}`);
    const outBits = new Int32Array(out.buffer, out.byteOffset, out.length);
    for (let block = 0; block < outBits.length; block++) outBits[block] = Number(bits[block]);
    let squaredNorm = 0;
    for (const square of readFloat64(this.#engine, squares)) squaredNorm += square;
    return { squaredNorm, finite: Number.isFinite(squaredNorm) };
  }

  /** What `quantise` takes: 2^-e for each block, [blocks, 1]. */
  scalesOf(exponents: Int8Array): Tensor {
    const { blockCount } = this.#layout;
    assert(exponents.length === blockCount, `exponents: expected ${blockCount} blocks`);
    const scales = Float64Array.from(exponents, (exponent) => POWERS_OF_TWO[EXPONENT_LIMIT - exponent]);
    return float64(this.#engine, scales, [blockCount, 1]);
  }

  /** q = rint(g · 2^-e), ties to even, [blocks, 1,024] int64. Only for a gradient whose magnitudes fit. */
  quantise(vector: Tensor, scales: Tensor): Tensor {
    const engine = this.#engine;
    const { roundingShift } = this.#constants;
    return engine.scope(() => {
      const scaled = multiply(engine, this.#inFloat64(vector), scales);
      const shifted = add(engine, scaled, roundingShift);
      return toInt64(engine, subtract(engine, shifted, roundingShift));
    });
  }

  /** The sum of two: of quanta, or of sums. */
  add(sum: Tensor, quanta: Tensor): Tensor {
    return add(this.#engine, sum, quanta);
  }

  /** The hash of quanta, as an int64 of which the lower 32 bits count. */
  hash(quanta: Tensor): Tensor {
    const engine = this.#engine;
    const { lowWord, elementWeights, blockWeights } = this.#constants;
    // Products stay within 63 bits, and sums of their lower words too: nothing depends on how int64 overflows.
    const weighed = (integers: Tensor, weights: Tensor): Tensor =>
      sumLast(engine, bitwiseAnd(engine, multiply(engine, integers, weights), lowWord));
    return engine.scope(() => {
      const blocks = bitwiseAnd(engine, weighed(quanta, elementWeights), lowWord);
      return weighed(blocks, blockWeights);
    });
  }

  readHash(hash: Tensor): number {
    return Number(BigInt.asUintN(32, this.#engine.readInt64(hash)[0]));
  }

  /** Reads a sum of quanta into `out` [layout.length], once over the bus as int32. Waits for the device. */
  readSum(sum: Tensor, out: Int32Array): void {
    const { tensors, length } = this.#layout;
    assert(out.length === length, `sum: expected room for ${length} elements, received ${out.length}`);
    const padded = this.#engine.scope(() => this.#engine.readInt32(toInt32(this.#engine, sum)));
    for (const { offset, size, firstBlock } of tensors) {
      const start = firstBlock * BLOCK_ELEMENTS;
      out.set(padded.subarray(start, start + size), offset);
    }
  }

  /** float32 numbers in float64, subnormal ones too. */
  #inFloat64(vector: Tensor): Tensor {
    const engine = this.#engine;
    const { firstNormalBits, zero, subnormalStep, minusSubnormalStep } = this.#constants;
    // Scopes within scopes free at once what is as large as the vector.
    return engine.scope(() => {
      const magnitudes = this.#magnitudeBits(vector);
      const subnormal = engine.scope(() => {
        const isNegative = less(engine, float32Bits(engine, vector), zero);
        const steps = select(engine, isNegative, minusSubnormalStep, subnormalStep);
        return multiply(engine, toFloat64(engine, magnitudes), steps);
      });
      const isSubnormal = less(engine, magnitudes, firstNormalBits);
      return select(engine, isSubnormal, subnormal, toFloat64(engine, vector));
    });
  }

  #magnitudeBits(vector: Tensor): Tensor {
    const engine = this.#engine;
    return engine.scope(() => bitwiseAnd(engine, float32Bits(engine, vector), this.#constants.magnitudeBits));
  }

  #kept(): Tensor[] {
    const constants: Tensor[] = Object.values({ ...this.#constants });
    return [...constants, ...this.#padding.filter((tensor) => tensor !== undefined)];
  }
}

function constantsOf(engine: Engine, layout: ParameterLayout): Constants {
  const { elementWeights, blockWeights } = new QuantaHash(layout);
  const integers = (values: Int32Array): Tensor =>
    engine.int64(BigInt64Array.from(values, BigInt), [values.length]);
  const integer = (value: bigint): Tensor => engine.int64(BigInt64Array.of(value), []);
  const number = (value: number): Tensor => float64(engine, Float64Array.of(value), []);
  return {
    magnitudeBits: integer(MAGNITUDE_BITS),
    firstNormalBits: integer(FIRST_NORMAL_BITS),
    zero: integer(0n),
    lowWord: integer(LOW_WORD),
    subnormalStep: number(SUBNORMAL_STEP),
    minusSubnormalStep: number(-SUBNORMAL_STEP),
    roundingShift: number(ROUNDING_SHIFT),
    elementWeights: integers(elementWeights),
    blockWeights: integers(blockWeights),
  };
}
