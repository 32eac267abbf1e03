import { type } from './attributes.js';
import { DataType } from './binding.js';
import type { Engine } from './engine.js';
import type { Tensor } from './tensor.js';

/**
 * Ops on int64 and float64, for results that are defined to the bit wherever they are computed: integers have no order of
 * summation, and an element of float64 is rounded once.
 *
 * Never on int32: TensorFlow's arithmetic kernels for it on a card read and write the host's memory (AddV2, Sub, Mul, Less, Max
 * and Sum among them), so that each would copy its vector over the bus and back. An int32 tensor on the device is fit for
 * `Cast`, as indices and for reading only.
 */

const one = (
  engine: Engine,
  operation: string,
  inputs: readonly Tensor[],
  attributes: Parameters<Engine['execute']>[1] = [],
): Tensor => engine.execute(operation, attributes, inputs, 1)[0];

const cast = (engine: Engine, a: Tensor, to: number): Tensor =>
  one(engine, 'Cast', [a], [type('SrcT', a.dtype), type('DstT', to)]);
const bitcast = (engine: Engine, a: Tensor, to: number): Tensor =>
  one(engine, 'Bitcast', [a], [type('T', a.dtype), type('type', to)]);

/** Numbers as int64; of a float64 only integers are to be given. */
export const toInt64 = (engine: Engine, a: Tensor): Tensor => cast(engine, a, DataType.int64);
/** Numbers as int32; only those that are in its range are to be given. */
export const toInt32 = (engine: Engine, a: Tensor): Tensor => cast(engine, a, DataType.int32);
/** Numbers as float64. A kernel may take subnormal float32 numbers for zeros. */
export const toFloat64 = (engine: Engine, a: Tensor): Tensor => cast(engine, a, DataType.float64);

/** The 32 bits of float32 numbers as signed integers, in int64. */
export const float32Bits = (engine: Engine, a: Tensor): Tensor =>
  engine.scope(() => toInt64(engine, bitcast(engine, a, DataType.int32)));
/** The 64 bits of float64 numbers, and back. No copy. */
const float64Bits = (engine: Engine, a: Tensor): Tensor => bitcast(engine, a, DataType.int64);
const float64OfBits = (engine: Engine, a: Tensor): Tensor => bitcast(engine, a, DataType.float64);

/** An int32 tensor's values on the device. What `engine.int32` makes lies in the host's memory until an op wants it on the card. */
export const int32OnDevice = (engine: Engine, a: Tensor): Tensor => bitcast(engine, a, DataType.int32);

/** Elementwise, with NumPy's broadcasting. */
export const bitwiseAnd = (engine: Engine, a: Tensor, b: Tensor): Tensor => one(engine, 'BitwiseAnd', [a, b]);
/** Where `condition`, a bool tensor, the first, else the second; with NumPy's broadcasting. */
export const select = (engine: Engine, condition: Tensor, then: Tensor, otherwise: Tensor): Tensor =>
  one(engine, 'SelectV2', [condition, then, otherwise]);

/** Over the last axis: […, N] to […]. A sum is for integers that stay within int64. */
export const maxLast = (engine: Engine, a: Tensor): Tensor => overLast(engine, 'Max', a);
export const sumLast = (engine: Engine, a: Tensor): Tensor => overLast(engine, 'Sum', a);

function overLast(engine: Engine, operation: 'Max' | 'Sum', a: Tensor): Tensor {
  return engine.scope(() => one(engine, operation, [a, engine.int32(Int32Array.of(-1), [])]));
}

/** float64 numbers in the device's memory, row-major. */
export function float64(engine: Engine, values: Float64Array, shape: readonly number[]): Tensor {
  const bits = new BigInt64Array(values.buffer, values.byteOffset, values.length);
  return engine.scope(() => float64OfBits(engine, engine.int64(bits, shape)));
}

/** Copies a float64 tensor out, row-major. The binding reads none, so its bits are read. */
export function readFloat64(engine: Engine, a: Tensor): Float64Array {
  return engine.scope(() => {
    const bits = engine.readInt64(float64Bits(engine, a));
    return new Float64Array(bits.buffer, bits.byteOffset, bits.length);
  });
}
