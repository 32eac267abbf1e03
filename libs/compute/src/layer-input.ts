// What enters an LSTM layer. V symbols, I inputs, H units; N = T·B rows, position-major.
import { gatherRows, multiply, oneHot, sumRowsByIndex, type Engine, type Tensor } from '@rocinante/engine';
import type { NetworkSpec } from '@rocinante/model';
import type { LoadedWeights } from './network-weights.js';
import { product, transposedProduct } from './products.js';

/** A layer's input: rows, or symbols whose rows are made only for a path that needs them. */
export interface LayerInput {
  /** Whether somebody wants the rows' gradient: the layer below, or an embedding. */
  readonly isLearned: boolean;

  /** [N, I]; where it is made, it is the calling scope's. */
  rows(): Tensor;

  /** The input's share in the gates, without the bias: [N, 4H]. */
  gates(kernel_I4H: Tensor): Tensor;

  /** The kernel's gradient [I, 4H] from the gates' [N, 4H]. */
  kernelGradient(gates_N4H: Tensor): Tensor;
}

/** Rows that are there: what the layer below gave, or embedded symbols. */
export class RowsInput implements LayerInput {
  readonly isLearned = true;

  constructor(
    readonly engine: Engine,
    readonly rows_NI: Tensor,
  ) {}

  rows(): Tensor {
    return this.rows_NI;
  }

  gates(kernel_I4H: Tensor): Tensor {
    return product(this.engine, this.rows_NI, kernel_I4H);
  }

  kernelGradient(gates_N4H: Tensor): Tensor {
    return transposedProduct(this.engine, this.rows_NI, gates_N4H);
  }
}

/**
 * What the first layer reads of symbols.
 *
 * A scaled or one-hot symbol has one row of gates wherever it stands, so the gates are rows of a table [V, 4H], and no
 * product over positions is needed.
 */
export function symbolInput(
  engine: Engine,
  network: NetworkSpec,
  weights: LoadedWeights,
  symbols_N: Tensor,
): LayerInput {
  switch (network.input) {
    case 'scaled':
      return new ScaledInput(engine, network.vocabularySize, symbols_N);
    case 'one-hot':
      return new OneHotInput(engine, network.vocabularySize, symbols_N);
    case 'embedding':
      return new RowsInput(engine, gatherRows(engine, weights.embedding_VE!, symbols_N));
  }
}

/** Each symbol as a number, index / V: the reference's input. */
class ScaledInput implements LayerInput {
  readonly isLearned = false;

  constructor(
    readonly engine: Engine,
    readonly V: number,
    readonly symbols_N: Tensor,
  ) {}

  rows(): Tensor {
    const { engine } = this;
    return engine.scope(() => gatherRows(engine, this.#scale_V1(), this.symbols_N));
  }

  gates(kernel_I4H: Tensor): Tensor {
    const { engine } = this;
    return engine.scope(() =>
      gatherRows(engine, multiply(engine, this.#scale_V1(), kernel_I4H), this.symbols_N),
    );
  }

  kernelGradient(gates_N4H: Tensor): Tensor {
    return this.engine.scope(() => transposedProduct(this.engine, this.rows(), gates_N4H));
  }

  #scale_V1(): Tensor {
    const { V } = this;
    return this.engine.float32(
      Float32Array.from({ length: V }, (_, symbol) => symbol / V),
      [V, 1],
    );
  }
}

class OneHotInput implements LayerInput {
  readonly isLearned = false;

  constructor(
    readonly engine: Engine,
    readonly V: number,
    readonly symbols_N: Tensor,
  ) {}

  rows(): Tensor {
    return oneHot(this.engine, this.symbols_N, this.V);
  }

  gates(kernel_I4H: Tensor): Tensor {
    return gatherRows(this.engine, kernel_I4H, this.symbols_N);
  }

  kernelGradient(gates_N4H: Tensor): Tensor {
    return sumRowsByIndex(this.engine, gates_N4H, this.symbols_N, this.V);
  }
}
