import { AssertionError } from '@rocinante/base';
import { describe, expect, it } from 'vitest';
import { createLayout } from './layout.js';
import type { ParameterRange } from './layout.js';
import * as sums from './sums.js';
import { VectorMemory } from './vector-memory.js';

const memory = VectorMemory.create([{ count: 1, length: 2 ** 24 }]);

/** Also by kernels, which must add the same. */
function addRange(accumulator: Int32Array, values: Int32Array, range: ParameterRange): void {
  const [inMemory, valuesInMemory] = [accumulator, values].map((vector) => {
    const copy = memory.int32(vector.length);
    copy.set(vector);
    return copy;
  });
  sums.addRange(accumulator, values, range);
  sums.addRange(inMemory, valuesInMemory, range);
  expect(inMemory.every((value, index) => value === accumulator[index])).toBe(true);
}

describe('addRange', () => {
  const layout = createLayout([
    { name: 'a', shape: [300 * 1024] },
    { name: 'b', shape: [10] },
  ]);
  const [first, second] = layout.ranges as [(typeof layout.ranges)[0], (typeof layout.ranges)[0]];

  it('adds within its range and touches nothing else', () => {
    const accumulator = new Int32Array(layout.length).fill(5);
    addRange(accumulator, new Int32Array(second.end - second.start).fill(-7), second);
    addRange(accumulator, new Int32Array(second.end - second.start).fill(1), second);
    expect(accumulator.subarray(0, second.start).every((value) => value === 5)).toBe(true);
    expect(accumulator.subarray(second.start).every((value) => value === -1)).toBe(true);
  });

  it('reaches the largest and the smallest int32', () => {
    const accumulator = new Int32Array(layout.length).fill(1);
    const values = new Int32Array(first.end - first.start).fill(2 ** 31 - 2);
    values[1] = -(2 ** 31);
    accumulator[1] = 0;
    addRange(accumulator, values, first);
    expect(accumulator[1]).toBe(-(2 ** 31));
    expect(accumulator[2]).toBe(2 ** 31 - 1);
  });

  it('refuses another number of elements, before anything is added', () => {
    const accumulator = new Int32Array(layout.length);
    expect(() => addRange(accumulator, new Int32Array(first.end - 1).fill(1), first)).toThrow(AssertionError);
    expect(() => addRange(new Int32Array(10), new Int32Array(first.end).fill(1), first)).toThrow(
      AssertionError,
    );
    expect(accumulator.every((value) => value === 0)).toBe(true);
  });
});
