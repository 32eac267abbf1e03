// B windows computed, T positions, V symbols, H units; N = T·B rows, position-major.
import { biasAdd, sliceFirst, type Engine, type Tensor } from '@rocinante/engine';
import type { NetworkSpec } from '@rocinante/model';
import { crossEntropy } from './cross-entropy.js';
import { product, sumOfRows, transposedProduct } from './float32-products.js';
import type { Take } from './gradient-graph.js';
import type { Extent } from './lstm-path.js';
import type { LoadedWeights } from './network-weights.js';

/** Of the uppermost layer's hidden states, those that the loss looks at: [N, H], or [B, H] where it is on the last position. */
export function reached(engine: Engine, { loss }: NetworkSpec, hidden_NH: Tensor, { T, B }: Extent): Tensor {
  return loss === 'last' ? sliceFirst(engine, hidden_NH, (T - 1) * B, B) : hidden_NH;
}

/** The dense layer: logits [N, V] of rows [N, H]. */
export function logitsOf(engine: Engine, weights: LoadedWeights, output: Tensor): Tensor {
  return biasAdd(engine, product(engine, output, weights.dense_HV), weights.dense_V);
}

/** Each row's loss [N], in nats, and its gradient by the logits [N, V]. */
export function lossesOf(
  engine: Engine,
  weights: LoadedWeights,
  output: Tensor,
  labels_N: Tensor,
): { loss: Tensor; gradient: Tensor } {
  return engine.scope(() => crossEntropy(engine, logitsOf(engine, weights, output), labels_N));
}

/** Takes the dense layer's gradients and gives that of its input. */
export function denseBack(
  engine: Engine,
  weights: LoadedWeights,
  output: Tensor,
  logitsGradient_NV: Tensor,
  take: Take,
): Tensor {
  return engine.scope(() => {
    take('dense/kernel', transposedProduct(engine, output, logitsGradient_NV));
    take('dense/bias', sumOfRows(engine, logitsGradient_NV));
    return product(engine, logitsGradient_NV, weights.dense_VH);
  });
}
