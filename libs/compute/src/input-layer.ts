// How symbols enter the first LSTM layer. V symbols, E embedding size, H units; N = T·B rows, position-major.
import { gatherRows, multiply, sumRowsByIndex, type Engine, type Tensor } from '@rocinante/engine';
import type { NetworkSpec } from '@rocinante/model';
import type { LoadedWeights } from './network-weights.js';
import { product, transposedProduct } from './products.js';

/** The gradients of the tensors that a symbol meets first. */
export interface InputGradients {
  readonly embedding: Tensor | undefined;
  /** [I, 4H] */
  readonly kernel: Tensor;
}

/**
 * The input's share in the first layer's gates, without the bias: [N, 4H].
 *
 * A scaled or one-hot symbol has one row of gates wherever it stands, so these are rows of a table [V, 4H], and no
 * product over positions is needed.
 */
export function inputGates(
  engine: Engine,
  network: NetworkSpec,
  weights: LoadedWeights,
  symbols_N: Tensor,
): Tensor {
  const { kernel_I4H } = weights.layers[0];
  return engine.scope(() => {
    switch (network.input) {
      case 'scaled': {
        return gatherRows(engine, multiply(engine, scale_V1(engine, network), kernel_I4H), symbols_N);
      }
      case 'one-hot':
        return gatherRows(engine, kernel_I4H, symbols_N);
      case 'embedding': {
        const embedded_NE = gatherRows(engine, weights.embedding_VE!, symbols_N);
        return product(engine, embedded_NE, kernel_I4H);
      }
    }
  });
}

/** The way back: from the gradients of the first layer's gates [N, 4H]. */
export function inputGradients(
  engine: Engine,
  network: NetworkSpec,
  weights: LoadedWeights,
  symbols_N: Tensor,
  gates_N4H: Tensor,
): InputGradients {
  const V = network.vocabularySize;
  return engine.scope(() => {
    switch (network.input) {
      case 'scaled': {
        const input_N1 = gatherRows(engine, scale_V1(engine, network), symbols_N);
        return { embedding: undefined, kernel: transposedProduct(engine, input_N1, gates_N4H) };
      }
      case 'one-hot':
        return { embedding: undefined, kernel: sumRowsByIndex(engine, gates_N4H, symbols_N, V) };
      case 'embedding': {
        const embedded_NE = gatherRows(engine, weights.embedding_VE!, symbols_N);
        const kernel = transposedProduct(engine, embedded_NE, gates_N4H);
        const back_NE = product(engine, gates_N4H, weights.transposed.layers[0].kernel_4HI!);
        return { embedding: sumRowsByIndex(engine, back_NE, symbols_N, V), kernel };
      }
    }
  });
}

/** Each symbol's number, index / V: the reference's input. */
function scale_V1(engine: Engine, { vocabularySize }: NetworkSpec): Tensor {
  const values = Float32Array.from({ length: vocabularySize }, (_, symbol) => symbol / vocabularySize);
  return engine.float32(values, [vocabularySize, 1]);
}
