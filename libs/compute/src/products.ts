import type { Engine, Tensor } from '@rocinante/engine';
import { Bfloat16Products } from './bfloat16-products.js';
import { Float32Products } from './float32-products.js';
import type { LayerWeights } from './network-weights.js';
import { RoundedProducts } from './rounded-products.js';

/** What the factors of LSTM layers' products are when gradients are computed; all that is not a factor is float32. */
export type FactorType = 'float32' | 'bfloat16';

/** A layer's matrices that enter products. */
export type WeightsName = 'kernel_I4H' | 'recurrent_H4H';

/**
 * A way to multiply matrices, whose bits do not follow from the number of threads.
 *
 * What enters products is made a factor first, once, however many products it enters; what comes out is float32. A layer's
 * weights are made factors by the way itself, once for a set of parameters. H units, I inputs, W those of the weights' matrix.
 */
export interface Products {
  /** A float32 matrix as a factor; the matrix itself where there is nothing to be made. */
  factor(matrix: Tensor): Tensor;

  /** The values of a factor, or of a rough product, in float32; the tensor itself where they are that. */
  float32Of(tensor: Tensor): Tensor;

  /** A factor [M, W] times a layer's weights [W, 4H]: [M, 4H] in float32. M is 8 or more. */
  times(a: Tensor, layer: LayerWeights, name: WeightsName): Tensor;

  /** The same in the type that it was rounded to: for what is taken apart before its values are wanted. */
  roughTimes(a: Tensor, layer: LayerWeights, name: WeightsName): Tensor;

  /** A factor [M, 4H] times a layer's weights transposed: [M, W] in float32. M is 8 or more. */
  timesTransposed(a: Tensor, layer: LayerWeights, name: WeightsName): Tensor;

  /** aᵀ·d of two factors, the sum over all rows: [N, M] and [N, C] give [M, C] in float32. */
  transposedProduct(a: Tensor, d: Tensor): Tensor;
}

/** Products of such factors, by the instructions for them where the engine has these. */
export function createProducts(engine: Engine, factors: FactorType): Products {
  if (factors === 'float32') return new Float32Products(engine);
  return engine.description.multipliesBfloat16 ? new Bfloat16Products(engine) : new RoundedProducts(engine);
}
