import { expect, it } from 'vitest';
import { Engine } from './engine.js';
import {
  bitwiseAnd,
  float32Bits,
  float64,
  maxLast,
  readFloat64,
  select,
  sumLast,
  toFloat64,
  toInt32,
  toInt64,
} from './integer-ops.js';
import { add, less, multiply, splitColumns, subtract } from './ops.js';
import type { Tensor } from './tensor.js';

const engine = Engine.load();
const int64 = (...values: bigint[]): Tensor => engine.int64(BigInt64Array.from(values), [values.length]);

/** The numbers of what is made, which must leave nothing behind. */
function numbers(make: () => Tensor): (number | bigint)[] {
  const before = engine.liveHandles;
  const found = engine.scope(() => {
    const tensor = make();
    if (tensor.dtype === 9) return [...engine.readInt64(tensor)];
    return tensor.dtype === 2 ? [...readFloat64(engine, tensor)] : [...engine.readInt32(tensor)];
  });
  expect(engine.liveHandles).toBe(before);
  return found;
}

it('takes and gives int64 and float64 as they are', () => {
  const integers = [0n, -1n, 2n ** 62n + 1n, -(2n ** 63n)];
  expect(numbers(() => int64(...integers))).toEqual(integers);
  const floats = [0.1, -0, 2 ** -300, Infinity, 1e300];
  expect(numbers(() => float64(engine, Float64Array.from(floats), [5]))).toEqual(floats);
});

it('gives the bits of a float32, its sign too', () => {
  const floats = Float32Array.of(1, -1, 2 ** -149, -0, Infinity);
  expect(numbers(() => float32Bits(engine, engine.float32(floats, [5])))).toEqual([
    0x3f800000n,
    0xbf800000n - 2n ** 32n,
    1n,
    -(2n ** 31n),
    0x7f800000n,
  ]);
});

it('casts without a loss', () => {
  const integers = [2n ** 31n - 1n, -(2n ** 31n), 7n];
  expect(numbers(() => toInt32(engine, int64(...integers)))).toEqual(integers.map(Number));
  expect(numbers(() => toFloat64(engine, int64(...integers)))).toEqual(integers.map(Number));
  const floats = Float64Array.of(2 ** 31 - 1, -(2 ** 31), 2 ** 52 + 1);
  expect(numbers(() => toInt64(engine, float64(engine, floats, [3])))).toEqual([...floats].map(BigInt));
});

it('computes with whole int64: products, sums, differences, bits', () => {
  const q = 2n ** 31n;
  const mask = int64(2n ** 32n - 1n);
  expect(numbers(() => multiply(engine, int64(q, -q), int64(-q, q - 1n)))).toEqual([-q * q, -q * (q - 1n)]);
  expect(numbers(() => bitwiseAnd(engine, int64(-1n, -q * q + 5n), mask))).toEqual([2n ** 32n - 1n, 5n]);
  expect(numbers(() => add(engine, int64(2n ** 53n), int64(1n)))).toEqual([2n ** 53n + 1n]);
  expect(numbers(() => subtract(engine, int64(0n), int64(q)))).toEqual([-q]);
  engine.free(mask);
});

it('takes the largest and the sum over the last axis', () => {
  const table = (): Tensor => engine.int64(BigInt64Array.of(3n, -5n, 2n ** 40n, 1n, 1n, 1n), [2, 3]);
  expect(numbers(() => maxLast(engine, table()))).toEqual([2n ** 40n, 1n]);
  expect(numbers(() => sumLast(engine, table()))).toEqual([2n ** 40n - 2n, 3n]);
});

it('selects', () => {
  const below = (): Tensor => less(engine, int64(-1n, 0n, 1n), int64(0n));
  expect(numbers(() => select(engine, below(), int64(9n), int64(1n, 2n, 3n)))).toEqual([9n, 2n, 3n]);
});

it('cuts columns of float64', () => {
  const table = (): Tensor => float64(engine, Float64Array.of(1, 2, 3, 4), [2, 2]);
  expect(numbers(() => splitColumns(engine, table(), 2)[1])).toEqual([2, 4]);
});
