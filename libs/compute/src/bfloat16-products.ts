import {
  DataType,
  matMul,
  toBfloat16,
  toFloat,
  transpose,
  type Engine,
  type Tensor,
} from '@rocinante/engine';
import type { LayerWeights } from './network-weights.js';
import type { Products, WeightsName } from './products.js';

/**
 * Products by the processor's or the card's bfloat16 instructions, which add in float32. TensorFlow's op gives a product in
 * bfloat16, rounded once; it is float32 from there on.
 *
 * None of them needs to be cut or filled up: no shape was found whose bits follow from the number of threads (README.md:
 * "Which products give the same bits").
 */
export class Bfloat16Products implements Products {
  constructor(readonly engine: Engine) {}

  factor(matrix: Tensor): Tensor {
    return toBfloat16(this.engine, matrix);
  }

  float32Of(tensor: Tensor): Tensor {
    return tensor.dtype === DataType.float32 ? tensor : toFloat(this.engine, tensor);
  }

  times(a: Tensor, layer: LayerWeights, name: WeightsName): Tensor {
    return this.engine.scope(() => this.float32Of(this.roughTimes(a, layer, name)));
  }

  roughTimes(a: Tensor, layer: LayerWeights, name: WeightsName): Tensor {
    const { engine } = this;
    // Of few rows a product with the second factor transposed is a sixth faster.
    const weights_4HW = layer.derived(`${name} in bfloat16, transposed`, () =>
      transpose(engine, this.#weights(layer, name)),
    );
    return matMul(engine, a, weights_4HW, { b: true });
  }

  timesTransposed(a: Tensor, layer: LayerWeights, name: WeightsName): Tensor {
    const { engine } = this;
    return engine.scope(() => toFloat(engine, matMul(engine, a, this.#weights(layer, name), { b: true })));
  }

  transposedProduct(a: Tensor, d: Tensor): Tensor {
    const { engine } = this;
    return engine.scope(() => toFloat(engine, matMul(engine, a, d, { a: true })));
  }

  /** A layer's weights as a factor. */
  #weights(layer: LayerWeights, name: WeightsName): Tensor {
    return layer.derived(`${name} in bfloat16`, () => toBfloat16(this.engine, layer[name]));
  }
}
