import { assert } from '@rocinante/base';
import type { NetworkSpec } from '@rocinante/model';

/** The windows of one gradient computation. */
export interface MicroBatch {
  readonly windows: number;
  /** [windows, T + 1], row-major: each window's T symbols and the one that follows it. */
  readonly symbols: Int32Array;
}

/**
 * The fewest windows, or streams, that are computed; fewer are filled up with ones of no weight. For matrices of a few
 * rows TensorFlow's products cut the inner dimension by the number of threads, and the bits would depend on it.
 */
const COMPUTED_WINDOWS_MIN = 8;

/** How many windows are computed for so many. */
export const computedWindows = (windows: number): number => Math.max(windows, COMPUTED_WINDOWS_MIN);

/** A micro-batch as the network computes it: position-major, filled up. B windows, T positions; N = T·B or B rows. */
export interface Rows {
  readonly windows: number;
  /** Windows computed, at least `windows`. */
  readonly B: number;
  readonly T: number;
  /** [T, B] */
  readonly symbols_TB: Int32Array;
  /** What the loss expects of each row: [B] for a loss on the last position, [T, B] for one on every position. */
  readonly labels_N: Int32Array;
  /** Each row's share in the loss: 1 or 1/T, 0 in filled-up windows. */
  readonly shares_N: Float32Array;
}

/** Lays a micro-batch out for the network. Symbols must be in [0, V). */
export function layOutRows(network: NetworkSpec, windowLength: number, batch: MicroBatch): Rows {
  const { windows, symbols } = batch;
  const T = windowLength;
  assert(
    windows > 0 && symbols.length === windows * (T + 1),
    `micro-batch: expected ${windows} windows of ${T} + 1 symbols, received ${symbols.length} symbols`,
  );
  const every = network.loss === 'every';
  const B = computedWindows(windows);
  const symbols_TB = new Int32Array(T * B);
  const labels_N = new Int32Array(every ? T * B : B);
  const shares_N = new Float32Array(labels_N.length);
  for (let window = 0; window < windows; window++) {
    for (let position = 0; position <= T; position++) {
      const symbol = symbols[window * (T + 1) + position];
      assert(symbol >= 0 && symbol < network.vocabularySize, `symbol ${symbol} is not in the vocabulary`);
      if (position < T) symbols_TB[position * B + window] = symbol;
      if (every ? position > 0 : position === T) {
        const row = every ? (position - 1) * B + window : window;
        labels_N[row] = symbol;
        shares_N[row] = every ? 1 / T : 1;
      }
    }
  }
  return { windows, B, T, symbols_TB, labels_N, shares_N };
}

/** The sum over windows of the mean over positions, added in float64: positions within a window, then windows. */
export function sumLosses(rows: Rows, losses_N: Float32Array): number {
  const positions = losses_N.length / rows.B;
  let sum = 0;
  for (let window = 0; window < rows.windows; window++) {
    let windowSum = 0;
    for (let position = 0; position < positions; position++)
      windowSum += losses_N[position * rows.B + window];
    sum += windowSum / positions;
  }
  return sum;
}
