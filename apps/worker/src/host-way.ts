import { addQuantised, measureBlocks, QuantaHash, quantise } from '@rocinante/codec';
import type { DropoutKey, MicroBatch, Network } from '@rocinante/compute';
import { BLOCK_ELEMENTS, type ParameterLayout, type VectorMemory } from '@rocinante/parameters';
import { gradientsKept } from './gradient-cache.js';
import type { GradientWay, GridSum, MeasuredGradient } from './gradient-way.js';

/** Gradients are read, and all else is done by loops over the host's memory: as a processor is served best. */
export class HostWay implements GradientWay<Float32Array> {
  readonly gradientBytes: number;
  readonly #network: Network;
  readonly #memory: VectorMemory;
  readonly #hash: QuantaHash;
  /** Room for one micro-batch's quanta. */
  readonly #quanta: Int32Array;
  /** Memory for the next gradients. */
  readonly #free: Float32Array[] = [];

  /** What `memory` should have room for, with so many micro-batches in a step. */
  static vectors(layout: ParameterLayout, microBatches: number): { count: number; length: number }[] {
    const gradients = Math.min(microBatches, gradientsKept(4 * layout.length));
    // The joining proof has a gradient and room for a sum at once. Beside them lie one micro-batch's quanta.
    return [
      { count: Math.max(2, gradients) + 1, length: layout.length },
      { count: 1, length: BLOCK_ELEMENTS },
    ];
  }

  /** @param memory where gradients are put; and where sums lie. */
  constructor(network: Network, memory: VectorMemory) {
    const { layout } = network;
    this.gradientBytes = layout.length * Float32Array.BYTES_PER_ELEMENT;
    this.#network = network;
    this.#memory = memory;
    this.#hash = new QuantaHash(layout, memory);
    this.#quanta = memory.int32(layout.length);
  }

  measure(batch: MicroBatch, dropout: DropoutKey): MeasuredGradient<Float32Array> {
    const { layout } = this.#network;
    const gradient = this.#room();
    const magnitudes = new Float32Array(layout.blockCount);
    try {
      const { lossSum } = this.#network.gradient(batch, dropout, gradient);
      return { ...measureBlocks(gradient, layout, magnitudes), lossSum, gradient, magnitudes };
    } catch (error) {
      this.retire(gradient);
      throw error;
    }
  }

  retire(gradient: Float32Array): void {
    this.#free.push(gradient);
  }

  sum(exponents: Int8Array, out: Int32Array): GridSum<Float32Array> {
    const { layout } = this.#network;
    const hashes: number[] = [];
    return {
      add: (gradient) => {
        const quanta = hashes.length === 0 ? out : this.#quanta;
        quantise(gradient, exponents, layout, quanta);
        const own = this.#hash.of(quanta);
        if (hashes.length > 0) addQuantised(out, quanta);
        hashes.push(own);
      },
      hashes: () => hashes,
      finish: () => undefined,
      dispose: () => undefined,
    };
  }

  /** A gradient's, which is kernels' too: what the proof tries is what training does. */
  withRoom(use: (out: Int32Array) => void): void {
    const room = this.#room();
    try {
      use(new Int32Array(room.buffer, room.byteOffset, room.length));
    } finally {
      this.retire(room);
    }
  }

  #room(): Float32Array {
    return this.#free.pop() ?? this.#memory.float32(this.#network.layout.length);
  }

  dispose(): void {
    // Memory is freed with the object.
  }
}
