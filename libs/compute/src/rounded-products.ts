import { toBfloat16, toFloat, type Engine, type Tensor } from '@rocinante/engine';
import { Float32Products } from './float32-products.js';
import type { LayerWeights } from './network-weights.js';
import type { WeightsName } from './products.js';

/**
 * Products of bfloat16 factors where there are no instructions for them: rounded to bfloat16, and multiplied in float32. A run
 * learns the same, no faster than in float32; its bits are others than `Bfloat16Products`'.
 */
export class RoundedProducts extends Float32Products {
  override factor(matrix: Tensor): Tensor {
    return rounded(this.engine, matrix);
  }

  protected override weights(layer: LayerWeights, name: WeightsName): Tensor {
    return layer.derived(`${name} rounded`, () => rounded(this.engine, layer[name]));
  }
}

function rounded(engine: Engine, matrix: Tensor): Tensor {
  return engine.scope(() => toFloat(engine, toBfloat16(engine, matrix)));
}
