import { assert } from '@rocinante/base';
import type { NetworkSpec } from '@rocinante/model';
import { computedWindows } from './micro-batch.js';

/** Texts that are read side by side, each from its beginning to its end with a state of its own. */
export interface Streams {
  /** Each stream's symbols. They may differ in length. */
  readonly symbols: readonly Int32Array[];
  /** Symbols at each stream's beginning that are only read; those behind them are predicted, too. At least 1. */
  readonly primed: number;
}

/** A stretch of all streams as the network reads it: position-major, filled up. B streams, T positions; N = T·B rows. */
export interface StreamChunk {
  /** Streams computed, at least those that there are. */
  readonly B: number;
  /** [T, B] */
  readonly symbols_TB: Int32Array;
  /** [T, B]: the symbol after each; 0 where none is expected. */
  readonly labels_N: Int32Array;
  /** Of each stream the rows that count, position by position: where a symbol is predicted. */
  readonly counted: readonly (readonly number[])[];
}

/** Checks streams, and lays them out in stretches of `T` positions; the last one is as short as the longest stream lets it be. */
export function* layOutStreams(
  network: NetworkSpec,
  { symbols, primed }: Streams,
  T: number,
): Generator<StreamChunk> {
  assert(network.loss === 'every', 'streams are for a loss on every position');
  assert(symbols.length > 0, 'there is one stream at least');
  assert(Number.isInteger(primed) && primed >= 1, `a stream is primed by one symbol at least, not ${primed}`);
  for (const stream of symbols) {
    assert(stream.length > primed, `stream: expected more than ${primed} symbols, received ${stream.length}`);
    const unknown = stream.find((symbol) => symbol < 0 || symbol >= network.vocabularySize);
    assert(unknown === undefined, `symbol ${unknown} is not in the vocabulary`);
  }
  // The last symbol is predicted, and not read.
  const positions = symbols.reduce((most, { length }) => Math.max(most, length), 0) - 1;
  for (let from = 0; from < positions; from += T) {
    yield chunk(symbols, primed, from, Math.min(T, positions - from));
  }
}

function chunk(symbols: readonly Int32Array[], primed: number, from: number, T: number): StreamChunk {
  const B = computedWindows(symbols.length);
  const symbols_TB = new Int32Array(T * B);
  const labels_N = new Int32Array(T * B);
  const counted = symbols.map((stream, column) => {
    const rows: number[] = [];
    for (let t = 0; t < T && from + t + 1 < stream.length; t++) {
      const row = t * B + column;
      symbols_TB[row] = stream[from + t];
      labels_N[row] = stream[from + t + 1];
      if (from + t + 1 >= primed) rows.push(row);
    }
    return rows;
  });
  return { B, symbols_TB, labels_N, counted };
}

/** Adds a stretch's losses to the streams' sums, in float64, position by position. */
export function addLosses(sums: Float64Array, { counted }: StreamChunk, losses_N: Float32Array): void {
  for (const [stream, rows] of counted.entries()) {
    for (const row of rows) sums[stream] += losses_N[row];
  }
}
