import { assert } from '@rocinante/base';
import { CorpusTooShortError } from './errors.js';
import type { SymbolIds } from './vocabulary.js';

/** The parts of a text that was split: what is learned from, what decides when to stop, and what tuning never sees. */
export type CorpusPart = 'train' | 'validation' | 'test';

/** The windows of one stretch of the text. A window is `length` symbols; with the one that follows, `length` + 1. */
export interface WindowSet {
  /** The stretch is symbols [start, end). No window, nor the symbol after it, reaches beyond. */
  readonly start: number;
  readonly end: number;
  /** T: symbols of a window. */
  readonly length: number;
  /** Symbols from one window's beginning to the next one's. */
  readonly stride: number;
  /** How many windows there are: window i begins at start + i · stride. */
  readonly count: number;
}

export interface WindowOptions {
  readonly length: number;
  /** 1 for a loss on the last position, `length` for a loss on every position. */
  readonly stride: number;
  /** Whether a validation and a test part are held out. */
  readonly split: boolean;
  /** What messages call the text. Default: `corpus`. */
  readonly subject?: string;
  /** Windows of a step, where a text that is too short is to be told what it needs for them. */
  readonly batch?: number;
}

/** The windows of each part; the held-out parts are null where no split was asked for. */
export interface WindowPlan {
  readonly train: WindowSet;
  readonly validation: WindowSet | null;
  readonly test: WindowSet | null;
}

/** How many windows fit in `symbolCount` symbols, each with the symbol that follows it; 0 where none does. */
export function countWindows(symbolCount: number, length: number, stride: number): number {
  assert(Number.isInteger(length) && length > 0, `a window's length is a positive integer, not ${length}`);
  assert(Number.isInteger(stride) && stride > 0, `a stride is a positive integer, not ${stride}`);
  return symbolCount < length + 1 ? 0 : Math.floor((symbolCount - 1 - length) / stride) + 1;
}

/**
 * The fewest symbols of a text that has `windows` windows to train on, and a window in each other part. The validation part is
 * the last to have one: of 20 (length + 1) - k symbols it has length + 1 for k up to 9, and one less for k from 10 to 19.
 * The train part is floor(0.9 n) symbols.
 */
export function symbolsNeeded(
  { length, stride, split }: Pick<WindowOptions, 'length' | 'stride' | 'split'>,
  windows = 1,
): number {
  const train = length + 1 + (windows - 1) * stride;
  return split ? Math.max(Math.ceil((train * 10) / 9), 20 * (length + 1) - 9) : train;
}

/**
 * Cuts a text of `symbolCount` symbols into its parts and their windows.
 *
 * Split: train is symbols [0, floor(0.9 n)), validation [floor(0.9 n), floor(0.95 n)), test [floor(0.95 n), n), computed
 * without rounding of the fractions. No split: train is the whole text.
 * @throws {CorpusTooShortError} a part has less than one window and the symbol after it; tells what the whole text must have.
 */
export function planWindows(symbolCount: number, options: WindowOptions): WindowPlan {
  const { length, stride, split, subject, batch = 1 } = options;
  const cut = (start: number, end: number): WindowSet => {
    const count = countWindows(end - start, length, stride);
    if (count === 0) {
      const needed = { symbols: symbolsNeeded(options), batch, batchSymbols: symbolsNeeded(options, batch) };
      throw new CorpusTooShortError(needed, symbolCount, length, split, subject);
    }
    return { start, end, length, stride, count };
  };
  if (!split) return { train: cut(0, symbolCount), validation: null, test: null };
  const trainEnd = Math.floor((symbolCount * 9) / 10);
  const validationEnd = Math.floor((symbolCount * 19) / 20);
  return {
    train: cut(0, trainEnd),
    validation: cut(trainEnd, validationEnd),
    test: cut(validationEnd, symbolCount),
  };
}

/**
 * Writes windows, each with the symbol that follows it, into the rows of `out`.
 *
 * Shape: [indices.length, length + 1], int32, row-major, in the order of `indices`. Every index is below `windows.count`,
 * and `out` has exactly that many elements.
 */
export function fillWindows(
  ids: SymbolIds,
  windows: WindowSet,
  indices: ArrayLike<number>,
  out: Int32Array,
): void {
  const row = windows.length + 1;
  assert(
    out.length === indices.length * row,
    `${indices.length} windows fill ${indices.length * row} elements, not ${out.length}`,
  );
  assert(windows.end <= ids.length, `windows end at symbol ${windows.end}, the corpus at ${ids.length}`);
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i];
    assert(index >= 0 && index < windows.count, `window indices are 0 to ${windows.count - 1}, not ${index}`);
    const start = windows.start + index * windows.stride;
    out.set(ids.subarray(start, start + row), i * row);
  }
}
