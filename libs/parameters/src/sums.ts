import { assert } from '@rocinante/base';
import type { ParameterRange } from './layout.js';
import { addressOf, kernelsOf } from './vector-kernels.js';

/**
 * Adds one range of a contribution into the step's accumulator.
 *
 * Shapes: `accumulator` holds the whole vector; `values` holds the range's elements only, in multiples of the grid.
 * Order: none matters, integer addition is associative. The grid's rules keep the sum of a step within int32
 * (`@rocinante/codec`); a sum beyond it wraps around here without a word.
 */
export function addRange(accumulator: Int32Array, values: Int32Array, range: ParameterRange): void {
  const { index, start, end } = range;
  assert(values.length === end - start, `range ${index} has ${end - start} elements, not ${values.length}`);
  assert(
    end <= accumulator.length,
    `range ${index} ends at ${end}, the accumulator at ${accumulator.length}`,
  );
  const count = values.length;
  const kernels = kernelsOf(accumulator, values);
  if (kernels !== null) return kernels.add(count, addressOf(accumulator, start), addressOf(values));
  const sums = accumulator.subarray(start, end);
  let i = 0;
  // Four at a time takes two thirds of the time.
  for (const fours = count - 3; i < fours; i += 4) {
    sums[i] += values[i];
    sums[i + 1] += values[i + 1];
    sums[i + 2] += values[i + 2];
    sums[i + 3] += values[i + 3];
  }
  for (; i < count; i++) sums[i] += values[i];
}
