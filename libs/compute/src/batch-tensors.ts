// B windows computed, T positions, N = T·B rows, position-major.
import { int32OnDevice, type Engine, type Tensor } from '@rocinante/engine';
import { maskWords, type DropoutKey } from './dropout.js';
import type { Extent } from './lstm-path.js';
import type { Rows } from './micro-batch.js';

/** A micro-batch on the engine: its size, and as tensors all that differs between two of one size. */
export interface BatchTensors extends Extent {
  /** [N] int32 */
  readonly symbols_N: Tensor;
  /** What the loss expects of each row, int32; L is N or B rows. */
  readonly labels_L: Tensor;
  /** Each row's share in the loss. */
  readonly shares_L1: Tensor;
  /** What each layer's dropout mask is drawn by (`maskWords`); null without dropout. */
  readonly words: readonly Tensor[] | null;
}

/**
 * Puts a micro-batch on the engine, for the scope of the call.
 *
 * On a card symbols and labels are copied to it here: a copy waits for all that was asked of the card before, as would that of the
 * labels for the layers.
 */
export function batchTensors(
  engine: Engine,
  { T, B, symbols_TB, labels_N, shares_N }: Rows,
  dropout: DropoutKey | null,
  layers: number,
): BatchTensors {
  const onDevice = (values: Int32Array): Tensor => {
    const tensor = engine.int32(values, [values.length]);
    return engine.description.device === 'cpu' ? tensor : int32OnDevice(engine, tensor);
  };
  return {
    T,
    B,
    symbols_N: onDevice(symbols_TB),
    labels_L: onDevice(labels_N),
    shares_L1: engine.float32(shares_N, [shares_N.length, 1]),
    words:
      dropout && Array.from({ length: layers }, (_, layer) => engine.int32(maskWords(dropout, layer), [2])),
  };
}
