import { VECTOR_KERNELS } from './vector-kernels-binary.js';
import { Instance, Module, type SharedWebAssemblyMemory } from './web-assembly.js';

/**
 * The loops of `vector-kernels.wat`, over vectors in one `VectorMemory`: each gives the bits of the loop in TypeScript that it
 * stands in for. `count` is in elements; vectors are given by the address of the first of these (`addressOf`).
 */
export interface VectorKernels {
  /** `addRange`'s and `addQuantised`'s. */
  add(count: number, into: number, values: number): void;
  /** A block of `measureBlocks`: its sum of squares; the bits of its largest magnitude are `largest`'s value then. */
  measure(count: number, gradient: number): number;
  readonly largest: { readonly value: number };
  /** A block of `quantise`. */
  quantise(count: number, gradient: number, out: number, scale: number): void;
  /** A block of `QuantaHash.of`. */
  hash(count: number, quanta: number, weights: number): number;
  /** A block of `applyAdamRange`, or an even number of its elements; gives the total by which that sees what is not finite. */
  adam(
    count: number,
    sum: number,
    parameters: number,
    m: number,
    v: number,
    nextParameters: number,
    nextM: number,
    nextV: number,
    scale: number,
    divides: boolean,
    divisor: number,
    factor: number,
    rate1: number,
    rate2: number,
    kept: number,
    alpha: number,
    epsilon: number,
  ): number;
}

type Vector = Float32Array | Int32Array;

const bound = new WeakMap<ArrayBufferLike, VectorKernels>();
let module: object | null = null;

/** Makes this thread's kernels over a memory. */
export function bindVectorKernels(memory: SharedWebAssemblyMemory): void {
  module ??= new Module(Buffer.from(VECTOR_KERNELS, 'base64'));
  const { exports } = new Instance(module, { vectors: { memory } });
  bound.set(memory.buffer, exports as VectorKernels);
}

/** The kernels for vectors that lie in one `VectorMemory`; null where one of them does not, as this thread sees it. */
export function kernelsOf(first: Vector, ...others: readonly Vector[]): VectorKernels | null {
  const { buffer } = first;
  return others.every((other) => other.buffer === buffer) ? (bound.get(buffer) ?? null) : null;
}

/** The address of a vector's element. */
export function addressOf(vector: Vector, element = 0): number {
  return vector.byteOffset + 4 * element;
}
