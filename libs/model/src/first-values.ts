/** The values that a network's parameters start from: those of Keras's layers, from our own random numbers. */
import { assert, RandomStream } from '@rocinante/base';
import type { TensorEntry } from '@rocinante/parameters';
import { networkLayout, type NetworkSpec } from './network.js';
import { orthonormaliseRows } from './orthogonal.js';

/** Keras's bound for the values of an embedding. */
const EMBEDDING_LIMIT = 0.05;

/**
 * A network's first parameters, in layout order, float32.
 *
 * As Keras's defaults have it: kernels uniform within ±sqrt(6 / (inputs + outputs)) (Glorot and Bengio 2010),
 * recurrent kernels with orthonormal rows, embeddings uniform within ±0.05, biases zero but for the forget gate's 1.
 * Each tensor has a random stream of its own, so its values do not depend on the tensors before it. The same seed
 * gives the same bits on one release of Node (`RandomStream.normal` says why).
 */
export function firstValues(network: NetworkSpec, seed: number): Float32Array {
  const { length, tensors } = networkLayout(network);
  const values = new Float32Array(length);
  tensors.forEach((tensor, index) => {
    const stream = new RandomStream(seed, 'first-values', index);
    fill(values.subarray(tensor.offset, tensor.offset + tensor.size), tensor, stream);
  });
  return values;
}

/** Fills one tensor by what its name says it is. */
function fill(values: Float32Array, { name, shape }: TensorEntry, stream: RandomStream): void {
  const kind = name.slice(name.indexOf('/') + 1);
  switch (kind) {
    case 'embeddings':
      fillUniform(values, EMBEDDING_LIMIT, stream);
      return;
    case 'kernel':
      fillUniform(values, Math.sqrt(6 / (shape[0] + shape[1])), stream);
      return;
    case 'recurrent_kernel':
      fillOrthogonal(values, shape[0], shape[1], stream);
      return;
    case 'bias':
      // Gates in the order i, f, c, o; a forget gate that starts open lets gradients through (Jozefowicz et al. 2015).
      if (name.startsWith('lstm_')) values.fill(1, values.length / 4, values.length / 2);
      return;
    default:
      assert(false, `${name}: no rule says what it starts from`);
  }
}

function fillUniform(values: Float32Array, limit: number, stream: RandomStream): void {
  for (let i = 0; i < values.length; i++) values[i] = (2 * stream.uniform() - 1) * limit;
}

function fillOrthogonal(values: Float32Array, rows: number, columns: number, stream: RandomStream): void {
  const matrix = new Float64Array(values.length);
  for (let i = 0; i < matrix.length; i++) matrix[i] = stream.normal();
  orthonormaliseRows(matrix, rows, columns);
  values.set(matrix);
}
