import { assert } from '@rocinante/base';
import { transpose, type Engine, type Tensor } from '@rocinante/engine';
import type { NetworkSpec } from '@rocinante/model';
import type { ParameterLayout, TensorEntry } from '@rocinante/parameters';
import { copySwappingGates, type GateOrder } from './gate-order.js';
import { NetworkConstants, type Constant } from './network-constants.js';

/** A layer's weights on the engine. I inputs, H units; gates in the order of the path that computes with them. */
export interface LayerWeights {
  readonly kernel_I4H: Tensor;
  readonly recurrent_H4H: Tensor;
  readonly bias_4H: Tensor;
  /** What a path wants of these weights besides: made when first asked for by this name, and kept with them. */
  derived(name: string, make: () => Tensor): Tensor;
}

/** All of a network's weights on the engine. V symbols, E embedding size. */
export interface LoadedWeights {
  readonly embedding_VE: Tensor | undefined;
  readonly layers: readonly LayerWeights[];
  readonly dense_HV: Tensor;
  readonly dense_V: Tensor;
  /** Transposed for the way back, as a product with few rows is twice as fast so; made when first asked for. */
  readonly dense_VH: Tensor;
  /** The network's constants, which follow from no parameter. */
  readonly constant: Constant;
}

/**
 * Holds a network's parameters on the engine, and replaces them as a whole.
 *
 * Memory: TensorFlow may work on our copy of a tensor's values itself, so that copy is written to only after its tensor
 * was freed; it is kept from one load to the next, as fresh memory of this size costs more than the copying.
 */
export class NetworkWeights {
  readonly #copies: readonly Float32Array[];
  readonly #parameters: Tensor[] = [];
  readonly #derived = new Map<string, Tensor>();
  readonly #constants: NetworkConstants;
  #loaded: LoadedWeights | undefined;

  constructor(
    readonly engine: Engine,
    readonly network: NetworkSpec,
    readonly layout: ParameterLayout,
    readonly gateOrder: GateOrder,
  ) {
    this.#constants = new NetworkConstants(engine);
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
      const tensor = this.engine.keep(this.engine.float32(copy, entry.shape));
      this.#parameters.push(tensor);
      tensors.set(entry.name, tensor);
    }
    const layers = this.network.layers.map((_, index) => ({
      kernel_I4H: tensors.get(`lstm_${index + 1}/kernel`)!,
      recurrent_H4H: tensors.get(`lstm_${index + 1}/recurrent_kernel`)!,
      bias_4H: tensors.get(`lstm_${index + 1}/bias`)!,
      derived: (name: string, make: () => Tensor) => this.#madeOnce(`lstm_${index + 1}/${name}`, make),
    }));
    const dense_HV = tensors.get('dense/kernel')!;
    const { engine } = this;
    const dense_VH = (): Tensor =>
      this.#madeOnce('dense/kernel, transposed', () => transpose(engine, dense_HV));
    this.#loaded = {
      embedding_VE: tensors.get('embedding/embeddings'),
      layers,
      dense_HV,
      dense_V: tensors.get('dense/bias')!,
      get dense_VH() {
        return dense_VH();
      },
      constant: this.#constants.constant,
    };
  }

  /** The parameters' own tensors, in the layout's order. */
  get parameters(): readonly Tensor[] {
    return this.#parameters;
  }

  /** Frees what was made of the parameters, which is made anew when it is asked for. */
  forgetDerived(): void {
    this.engine.free(...this.#derived.values());
    this.#derived.clear();
  }

  /** Frees the tensors, and the network's constants. */
  dispose(): void {
    this.unload();
    this.#constants.dispose();
  }

  /** Frees the parameters' tensors. */
  unload(): void {
    this.#loaded = undefined;
    this.forgetDerived();
    this.engine.free(...this.#parameters.splice(0));
  }

  #copy(flat: Float32Array, { name, offset, size }: TensorEntry, copy: Float32Array): void {
    const source = flat.subarray(offset, offset + size);
    const layer = /^lstm_(\d+)\//.exec(name);
    if (layer === null || this.gateOrder === 'i, f, c, o') copy.set(source);
    else copySwappingGates(source, copy, 0, this.network.layers[Number(layer[1]) - 1].units);
  }

  /** A tensor by name that is made once, and freed with the weights. */
  #madeOnce(name: string, make: () => Tensor): Tensor {
    const tensor = this.#derived.get(name) ?? this.engine.keep(make());
    this.#derived.set(name, tensor);
    return tensor;
  }
}
