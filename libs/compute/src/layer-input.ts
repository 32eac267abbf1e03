// What enters an LSTM layer. V symbols, I inputs, H units; N = T·B rows, position-major.
import { gatherRows, multiply, oneHot, sumRowsByIndex, type Engine, type Tensor } from '@rocinante/engine';
import type { NetworkSpec } from '@rocinante/model';
import { transposedProduct } from './float32-products.js';
import type { Constant } from './network-constants.js';
import type { LayerWeights, LoadedWeights } from './network-weights.js';
import type { Products } from './products.js';

/** A layer's input: rows, or symbols whose rows are made only for a path that needs them. */
export interface LayerInput {
  /** Whether somebody wants the rows' gradient: the layer below, or an embedding. */
  readonly isLearned: boolean;

  /** [N, I]; where it is made, it is the calling scope's. */
  rows(): Tensor;

  /** The input's share in the gates, without the bias: [N, 4H], a rough product or float32. */
  gates(layer: LayerWeights): Tensor;

  /** The kernel's gradient [I, 4H] from the gates' [N, 4H], which is a factor. */
  kernelGradient(gates_N4H: Tensor): Tensor;
}

/** Rows that are there: what the layer below gave, or embedded symbols. */
export class RowsInput implements LayerInput {
  readonly isLearned = true;
  readonly #factor_NI: Tensor;

  /** What is made of the rows for products belongs to the scope of this call. */
  constructor(
    readonly products: Products,
    readonly rows_NI: Tensor,
  ) {
    this.#factor_NI = products.factor(rows_NI);
  }

  rows(): Tensor {
    return this.rows_NI;
  }

  gates(layer: LayerWeights): Tensor {
    return this.products.roughTimes(this.#factor_NI, layer, 'kernel_I4H');
  }

  kernelGradient(gates_N4H: Tensor): Tensor {
    return this.products.transposedProduct(this.#factor_NI, gates_N4H);
  }
}

/**
 * What the first layer reads of symbols.
 *
 * A scaled or one-hot symbol has one row of gates wherever it stands, so the gates are rows of a table [V, 4H], and no
 * product over positions is needed; what is computed of them then is float32, whatever the products' factors are.
 */
export function symbolInput(
  engine: Engine,
  products: Products,
  network: NetworkSpec,
  weights: LoadedWeights,
  symbols_N: Tensor,
): LayerInput {
  switch (network.input) {
    case 'scaled':
      return new ScaledInput(engine, products, weights.constant, network.vocabularySize, symbols_N);
    case 'one-hot':
      return new OneHotInput(engine, products, network.vocabularySize, symbols_N);
    case 'embedding':
      return new RowsInput(products, gatherRows(engine, weights.embedding_VE!, symbols_N));
  }
}

/** Each symbol as a number, index / V: the reference's input. */
class ScaledInput implements LayerInput {
  readonly isLearned = false;

  constructor(
    readonly engine: Engine,
    readonly products: Products,
    readonly constant: Constant,
    readonly V: number,
    readonly symbols_N: Tensor,
  ) {}

  rows(): Tensor {
    const { engine } = this;
    return engine.scope(() => gatherRows(engine, this.#scale_V1(), this.symbols_N));
  }

  gates({ kernel_I4H }: LayerWeights): Tensor {
    const { engine } = this;
    return engine.scope(() =>
      gatherRows(engine, multiply(engine, this.#scale_V1(), kernel_I4H), this.symbols_N),
    );
  }

  kernelGradient(gates_N4H: Tensor): Tensor {
    const { engine, products } = this;
    return engine.scope(() => transposedProduct(engine, this.rows(), products.float32Of(gates_N4H)));
  }

  #scale_V1(): Tensor {
    const { engine, V } = this;
    return this.constant('scaled symbols', () =>
      engine.constant(
        Float32Array.from({ length: V }, (_, symbol) => symbol / V),
        [V, 1],
      ),
    );
  }
}

class OneHotInput implements LayerInput {
  readonly isLearned = false;

  constructor(
    readonly engine: Engine,
    readonly products: Products,
    readonly V: number,
    readonly symbols_N: Tensor,
  ) {}

  rows(): Tensor {
    return oneHot(this.engine, this.symbols_N, this.V);
  }

  gates({ kernel_I4H }: LayerWeights): Tensor {
    return gatherRows(this.engine, kernel_I4H, this.symbols_N);
  }

  kernelGradient(gates_N4H: Tensor): Tensor {
    const { engine, products } = this;
    return engine.scope(() => sumRowsByIndex(engine, products.float32Of(gates_N4H), this.symbols_N, this.V));
  }
}
