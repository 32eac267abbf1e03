// B windows, T positions, I a layer's inputs, H units; N = T·B rows, position-major; gates in the order i, c, f, o.
import {
  reshape,
  sliceFirst,
  unpack,
  zeros,
  type CellStep,
  type Engine,
  type Tensor,
} from '@rocinante/engine';
import type { Gates } from './gates.js';
import type { LayerInput } from './layer-input.js';
import { runLayerBack } from './lstm-layer.js';
import type { Extent, LayerGradients, LayerRun } from './lstm-path.js';
import type { LayerWeights } from './network-weights.js';
import type { Products } from './products.js';

/** A layer's gradients, position by position backwards through the steps that a forward pass left, which it frees. */
export function gradientsOfSteps(
  engine: Engine,
  products: Products,
  gates: Gates,
  layer: LayerWeights,
  input: LayerInput,
  { hidden_NH, trace }: LayerRun<readonly CellStep[]>,
  gradient: Tensor,
  extent: Extent,
): LayerGradients {
  return engine.scope(() => {
    const { gates: gates_N4H, bias } = runLayerBack(
      engine,
      products,
      gates,
      layer,
      trace,
      perPosition(engine, gradient, extent),
    );
    return {
      bias_4H: bias,
      recurrent_H4H: recurrentGradient(engine, products, hidden_NH, gates_N4H, extent),
      kernel_I4H: input.kernelGradient(gates_N4H),
      input_NI: input.isLearned ? products.timesTransposed(gates_N4H, layer, 'kernel_I4H') : undefined,
    };
  });
}

/** Each position's gradient of the hidden states [B, H]; only the last position's where the loss looks at that alone. */
function perPosition(engine: Engine, gradient: Tensor, { T, B }: Extent): (Tensor | undefined)[] {
  const [rows, H] = gradient.shape as [number, number];
  if (rows === T * B) return unpack(engine, reshape(engine, gradient, [T, B, H]));
  return [...new Array<undefined>(T - 1).fill(undefined), gradient];
}

/** Position t's gates came from the hidden state before: h[0 … T−2]ᵀ · dgates[1 … T−1], [H, 4H]. */
function recurrentGradient(
  engine: Engine,
  products: Products,
  hidden_NH: Tensor,
  gates_N4H: Tensor,
  { T, B }: Extent,
): Tensor {
  const rows = (T - 1) * B;
  const H = hidden_NH.shape[1];
  if (T === 1) return zeros(engine, [H, 4 * H]);
  const before = products.factor(sliceFirst(engine, hidden_NH, 0, rows));
  return products.transposedProduct(before, sliceFirst(engine, gates_N4H, B, rows));
}
