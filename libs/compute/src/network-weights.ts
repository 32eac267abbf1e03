import { transpose, type Engine, type Tensor } from '@rocinante/engine';
import type { NetworkSpec } from '@rocinante/model';
import type { ParameterLayout, TensorEntry } from '@rocinante/parameters';
import { copySwappingGates } from './gate-order.js';

/** A layer's weights on the engine. I inputs, H units; gates in the order i, c, f, o. */
export interface LayerWeights {
  readonly kernel_I4H: Tensor;
  readonly recurrent_H4H: Tensor;
  readonly bias_4H: Tensor;
}

/** Copies that only the backward pass needs: its products with few rows are twice as fast from a transposed factor. */
export interface TransposedWeights {
  /** For each layer; the first layer's kernel is transposed only where the input is embedded. */
  readonly layers: readonly { readonly recurrent_4HH: Tensor; readonly kernel_4HI: Tensor | undefined }[];
  readonly dense_VH: Tensor;
}

/** A network's parameters on the engine, made from the flat vector and replaced as a whole. */
export class NetworkWeights {
  readonly embedding_VE: Tensor | undefined;
  readonly layers: readonly LayerWeights[];
  readonly dense_HV: Tensor;
  readonly dense_V: Tensor;
  readonly #made: Tensor[] = [];
  #transposed: TransposedWeights | undefined;

  /** Copies `flat`: the caller may write to it afterwards. */
  constructor(
    readonly engine: Engine,
    network: NetworkSpec,
    layout: ParameterLayout,
    flat: Float32Array,
  ) {
    const entries = new Map(layout.tensors.map((entry) => [entry.name, entry]));
    const load = (name: string, units?: number): Tensor => {
      const entry = entries.get(name)!;
      return this.#keep(engine.float32(copyTensor(flat, entry, units), entry.shape));
    };
    this.embedding_VE = network.input === 'embedding' ? load('embedding/embeddings') : undefined;
    this.layers = network.layers.map(({ units }, index) => ({
      kernel_I4H: load(`lstm_${index + 1}/kernel`, units),
      recurrent_H4H: load(`lstm_${index + 1}/recurrent_kernel`, units),
      bias_4H: load(`lstm_${index + 1}/bias`, units),
    }));
    this.dense_HV = load('dense/kernel');
    this.dense_V = load('dense/bias');
  }

  /** The transposed copies, made when first asked for. */
  get transposed(): TransposedWeights {
    const make = (tensor: Tensor): Tensor => this.#keep(transpose(this.engine, tensor));
    this.#transposed ??= {
      layers: this.layers.map(({ kernel_I4H, recurrent_H4H }, index) => ({
        recurrent_4HH: make(recurrent_H4H),
        kernel_4HI: index > 0 || this.embedding_VE !== undefined ? make(kernel_I4H) : undefined,
      })),
      dense_VH: make(this.dense_HV),
    };
    return this.#transposed;
  }

  dispose(): void {
    this.engine.free(...this.#made.splice(0));
  }

  #keep(tensor: Tensor): Tensor {
    this.#made.push(this.engine.keep(tensor));
    return tensor;
  }
}

/** A tensor's elements, in a new array; of a layer with `units`, in the engine's order of gates. */
function copyTensor(flat: Float32Array, { offset, size }: TensorEntry, units?: number): Float32Array {
  const source = flat.subarray(offset, offset + size);
  if (units === undefined) return source.slice();
  const copy = new Float32Array(size);
  copySwappingGates(source, copy, 0, units);
  return copy;
}
