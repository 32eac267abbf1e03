import { assert } from '@rocinante/base';
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

/** All of a network's weights on the engine. V symbols, E embedding size. */
export interface LoadedWeights {
  readonly embedding_VE: Tensor | undefined;
  readonly layers: readonly LayerWeights[];
  readonly dense_HV: Tensor;
  readonly dense_V: Tensor;
  /** Made when first asked for. */
  readonly transposed: TransposedWeights;
}

/**
 * Holds a network's parameters on the engine, and replaces them as a whole.
 *
 * Memory: TensorFlow may work on our copy of a tensor's values itself, so that copy is written to only after its tensor
 * was freed; it is kept from one load to the next, as fresh memory of this size costs more than the copying.
 */
export class NetworkWeights {
  readonly #copies: readonly Float32Array[];
  readonly #made: Tensor[] = [];
  #loaded: LoadedWeights | undefined;

  constructor(
    readonly engine: Engine,
    readonly network: NetworkSpec,
    readonly layout: ParameterLayout,
  ) {
    this.#copies = layout.tensors.map(({ size }) => new Float32Array(size));
  }

  /** The weights; `load` comes first. */
  get loaded(): LoadedWeights {
    assert(this.#loaded !== undefined, 'setParameters comes before the first micro-batch');
    return this.#loaded;
  }

  /** Copies `flat`, in the layout's order: the caller may write to it afterwards. */
  load(flat: Float32Array): void {
    this.unload();
    const tensors = new Map<string, Tensor>();
    for (const [index, entry] of this.layout.tensors.entries()) {
      const copy = this.#copies[index];
      this.#copy(flat, entry, copy);
      tensors.set(entry.name, this.#keep(this.engine.float32(copy, entry.shape)));
    }
    const layers = this.network.layers.map((_, index) => ({
      kernel_I4H: tensors.get(`lstm_${index + 1}/kernel`)!,
      recurrent_H4H: tensors.get(`lstm_${index + 1}/recurrent_kernel`)!,
      bias_4H: tensors.get(`lstm_${index + 1}/bias`)!,
    }));
    const embedding_VE = tensors.get('embedding/embeddings');
    const dense_HV = tensors.get('dense/kernel')!;
    let transposed: TransposedWeights | undefined;
    const transposeAll = (): TransposedWeights =>
      this.#transpose(layers, embedding_VE !== undefined, dense_HV);
    this.#loaded = {
      embedding_VE,
      layers,
      dense_HV,
      dense_V: tensors.get('dense/bias')!,
      get transposed() {
        return (transposed ??= transposeAll());
      },
    };
  }

  /** Frees the tensors. */
  unload(): void {
    this.#loaded = undefined;
    this.engine.free(...this.#made.splice(0));
  }

  #copy(flat: Float32Array, { name, offset, size }: TensorEntry, copy: Float32Array): void {
    const source = flat.subarray(offset, offset + size);
    const layer = /^lstm_(\d+)\//.exec(name);
    if (layer === null) copy.set(source);
    else copySwappingGates(source, copy, 0, this.network.layers[Number(layer[1]) - 1].units);
  }

  #transpose(layers: readonly LayerWeights[], embedded: boolean, dense_HV: Tensor): TransposedWeights {
    const make = (tensor: Tensor): Tensor => this.#keep(transpose(this.engine, tensor));
    return {
      layers: layers.map(({ kernel_I4H, recurrent_H4H }, index) => ({
        recurrent_4HH: make(recurrent_H4H),
        kernel_4HI: index > 0 || embedded ? make(kernel_I4H) : undefined,
      })),
      dense_VH: make(dense_HV),
    };
  }

  #keep(tensor: Tensor): Tensor {
    this.#made.push(this.engine.keep(tensor));
    return tensor;
  }
}
