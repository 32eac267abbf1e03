import { assert } from '@rocinante/base';
import { type } from './attributes.js';
import { DataType, type Attribute } from './binding.js';
import { outputNameOf, typesOf } from './op-definitions.js';
import type { Tensor } from './tensor.js';

/** An op of a graph. `inputs` are references: an argument's name, or an op's output as `name:output:number`. */
export interface GraphNode {
  readonly name: string;
  readonly operation: string;
  readonly inputs: readonly string[];
  readonly attributes: readonly Attribute[];
  /** Of a `Const`, int32. */
  readonly value?: { readonly shape: readonly number[]; readonly values: Int32Array };
}

/** A tensor that a graph takes at each run. */
export interface Argument {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: number;
  /** Of a constant: always these, float32. */
  readonly values?: Float32Array;
}

/**
 * Ops as they ran, to be run again as one graph.
 *
 * What an op takes was given as an input, was made by an earlier op of the recording, or is a constant; anything else would be a
 * value of this one run, and fails an assertion. Constants of int32 (axes, shapes) are a part of the graph; those of float32 are
 * arguments like inputs, as TensorFlow computes with what it knows, and might leave an op out.
 */
export class Recording {
  readonly nodes: GraphNode[] = [];
  readonly constants: Argument[] = [];
  /** References to what the graph gives. */
  readonly outputs: { readonly reference: string; readonly dtype: number }[] = [];
  readonly #inputs: readonly Tensor[];
  readonly #references = new Map<Tensor, string>();
  readonly #values = new Map<Tensor, Float32Array | Int32Array>();
  readonly #shared = new Map<string, string>();
  #count = 0;

  /** `nodesMax` is how long it may become: what comes behind is not noted. */
  constructor(
    inputs: readonly Tensor[],
    readonly nodesMax: number,
  ) {
    this.#inputs = inputs;
  }

  /** Whether there was more than may be noted. */
  get isCut(): boolean {
    return this.nodes.length >= this.nodesMax;
  }

  /** The inputs in the order in which they were given; undefined where no op takes one. */
  get inputs(): (Argument | undefined)[] {
    return this.#inputs.map((tensor) => {
      const name = this.#references.get(tensor);
      return name === undefined ? undefined : { name, shape: tensor.shape, dtype: tensor.dtype };
    });
  }

  /** Notes a constant. */
  constant(tensor: Tensor, values: Float32Array | Int32Array): void {
    if (!this.isCut) this.#values.set(tensor, values.slice());
  }

  /** Notes an op that ran. */
  note(
    operation: string,
    attributes: readonly Attribute[],
    inputs: readonly Tensor[],
    outputs: readonly Tensor[],
  ): void {
    if (this.isCut) return;
    const references = inputs.map((tensor, index) => this.#reference(tensor, operation, index));
    if (operation === 'AddN' && inputs.length > 2) {
      this.#references.set(outputs[0], this.#addInPairs(references, inputs[0].dtype));
      return;
    }
    const types = typesOf(operation, attributes, inputs).map(([name, dtype]) => type(name, dtype));
    const name = this.#add(operation, references, [...attributes, ...types]);
    for (const [index, tensor] of outputs.entries())
      this.#references.set(tensor, `${name}:${outputNameOf(operation, index)}`);
  }

  /** Notes what the graph is to give: what its ops made. */
  end(outputs: readonly Tensor[]): void {
    if (this.isCut) return;
    for (const tensor of outputs) {
      const reference = this.#references.get(tensor);
      assert(reference !== undefined, 'a graph gives what an op of the recording made');
      this.outputs.push({ reference, dtype: tensor.dtype });
    }
  }

  #reference(tensor: Tensor, operation: string, index: number): string {
    const known = this.#references.get(tensor);
    if (known !== undefined) return known;
    const values = this.#values.get(tensor);
    const isKnown = values !== undefined || this.#inputs.includes(tensor);
    assert(isKnown, `recording: input ${index} of ${operation} was neither given nor made in it`);
    const { shape, dtype } = tensor;
    if (values instanceof Int32Array) return this.#constantNode(shape, values);
    const name = `a${this.#count++}`;
    if (values !== undefined) this.constants.push({ name, shape, dtype, values });
    this.#references.set(tensor, name);
    return name;
  }

  #constantNode(shape: readonly number[], values: Int32Array): string {
    const key = `${shape.join()} ${values.join()}`;
    const known = this.#shared.get(key);
    if (known !== undefined) return known;
    const name = this.#add('Const', [], [type('dtype', DataType.int32)], { shape, values });
    this.#shared.set(key, `${name}:output:0`);
    return `${name}:output:0`;
  }

  #add(
    operation: string,
    inputs: readonly string[],
    attributes: readonly Attribute[],
    value?: GraphNode['value'],
  ): string {
    const name = `n${this.#count++}`;
    this.nodes.push({ name, operation, inputs, attributes, ...(value && { value }) });
    return name;
  }

  /**
   * AddN as sums of two, in the order in which its kernel adds (tensorflow/core/kernels/aggregate_ops.cc): the first two to nine, and
   * then eight at a time, summed by themselves first. In a graph the kernel begins with whichever input it may write its result to,
   * so its order could follow from what has run before.
   */
  #addInPairs(parts: readonly string[], dtype: number): string {
    const sum = (of: readonly string[]): string =>
      of.reduce((a, b) => `${this.#add('AddV2', [a, b], [type('T', dtype)])}:z:0`);
    const first = ((parts.length - 2) % 8) + 2;
    let total = sum(parts.slice(0, first));
    for (let next = first; next < parts.length; next += 8)
      total = sum([total, sum(parts.slice(next, next + 8))]);
    return total;
  }
}
