import { randomWords } from '@rocinante/base';
import {
  greaterEqual,
  multiply,
  statelessUniform,
  toFloat,
  type Engine,
  type Tensor,
} from '@rocinante/engine';

/** What the masks are a function of, besides the layer and the shape. */
export interface DropoutKey {
  readonly seed: number;
  /** The step's number in the run, and the micro-batch's in the step. */
  readonly step: number;
  readonly microBatch: number;
}

/**
 * Inverted dropout as Keras does it: 0 with probability `rate`, else 1 / (1 − rate), for each element on its own.
 * `layer` counts from 0. The same key, layer and shape give the same bits.
 */
export function dropoutMask(
  engine: Engine,
  key: DropoutKey,
  layer: number,
  rate: number,
  shape: readonly number[],
): Tensor {
  return engine.scope(() => {
    const [word0, word1] = randomWords(key.seed, 'dropout-mask', key.step, key.microBatch, layer);
    const words = engine.int32(Int32Array.of(word0, word1), [2]);
    const kept = greaterEqual(engine, statelessUniform(engine, shape, words), scalar(engine, rate));
    return multiply(engine, toFloat(engine, kept), scalar(engine, 1 / (1 - rate)));
  });
}

function scalar(engine: Engine, value: number): Tensor {
  return engine.float32(Float32Array.of(value), []);
}
