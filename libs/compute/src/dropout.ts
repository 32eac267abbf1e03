import { randomWords } from '@rocinante/base';
import {
  greaterEqual,
  multiply,
  reshape,
  sliceFirst,
  statelessPairs,
  toFloat,
  toUint16,
  type Engine,
  type Tensor,
} from '@rocinante/engine';
import type { Constant } from './network-constants.js';

/** What the masks are a function of, besides the layer and the shape. */
export interface DropoutKey {
  readonly seed: number;
  /** The step's number in the run, and the micro-batch's in the step. */
  readonly step: number;
  readonly microBatch: number;
}

/** A mask's random numbers have 16 bits: half the work of 32, and the share dropped is within 1/131072 of the rate. */
const LEVELS = 2 ** 16;

/** The two words that a layer's mask is drawn by; `layer` counts from 0. */
export function maskWords({ seed, step, microBatch }: DropoutKey, layer: number): Int32Array {
  const [word0, word1] = randomWords(seed, 'dropout-mask', step, microBatch, layer);
  return Int32Array.of(word0, word1);
}

/**
 * Inverted dropout as Keras does it: 0 with probability `rate`, else 1 / (1 − rate), for each element on its own; the
 * rate is rounded to a multiple of 2^-16, and the scale follows the rounded one.
 * `words` are `maskWords`, an int32 tensor [2]. The same words and shape give the same bits.
 */
export function dropoutMask(
  engine: Engine,
  constant: Constant,
  words: Tensor,
  rate: number,
  [rows, columns]: readonly [number, number],
): Tensor {
  return engine.scope(() => {
    const dropped = Math.min(Math.round(rate * LEVELS), LEVELS - 1);
    const threshold = constant(`dropout's threshold ${dropped}`, () =>
      toUint16(engine, engine.constant(Int32Array.of(dropped), [])),
    );
    const scale = constant(`dropout's scale ${dropped}`, () =>
      engine.constant(Float32Array.of(LEVELS / (LEVELS - dropped)), []),
    );

    const elements = rows * columns;
    const pairs = reshape(engine, statelessPairs(engine, Math.ceil(elements / 2), words), [-1]);
    const numbers = elements % 2 === 0 ? pairs : sliceFirst(engine, pairs, 0, elements);
    const kept = toFloat(engine, greaterEqual(engine, numbers, threshold));
    return reshape(engine, multiply(engine, kept, scale), [rows, columns]);
  });
}
