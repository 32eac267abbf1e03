import { DeviceGrid, type DropoutKey, type MicroBatch, type Network } from '@rocinante/compute';
import type { Engine, Tensor } from '@rocinante/engine';
import { BLOCK_ELEMENTS } from '@rocinante/parameters';
import type { GradientWay, GridSum, MeasuredGradient } from './gradient-way.js';

/**
 * Gradients stay on the device. Over the bus come losses and some bytes a block for each micro-batch, and one int32 vector for
 * all of an assignment's.
 *
 * A read waits for all that was issued: TensorFlow copies to the host behind everything in the device's stream
 * (core/common_runtime/gpu/gpu_util.cc), and the binding waits for the copy. A micro-batch is therefore measured before the next
 * one is issued: with that one issued first, the wait would only end with it, and a cancellation be seen a micro-batch later.
 * What would overlap is a copy that nobody waits for, which the binding does not have. So the device stands still from its
 * last op to the next micro-batch's first; its rounding, summing and hashing of the one before go on beside that one's issue.
 */
export class DeviceWay implements GradientWay<Tensor> {
  readonly gradientBytes: number;
  readonly #engine: Engine;
  readonly #network: Network;
  readonly #grid: DeviceGrid;

  constructor(network: Network) {
    this.#engine = network.engine;
    this.#network = network;
    this.#grid = new DeviceGrid(network.engine, network.layout);
    this.gradientBytes = network.layout.blockCount * BLOCK_ELEMENTS * Float32Array.BYTES_PER_ELEMENT;
  }

  measure(batch: MicroBatch, dropout: DropoutKey): MeasuredGradient<Tensor> {
    const engine = this.#engine;
    const { tensors, losses, sumLosses } = this.#network.gradientOnDevice(batch, dropout);
    try {
      const magnitudes = new Float32Array(this.#network.layout.blockCount);
      const measured = engine.scope(() => {
        const gradient = this.#grid.join(tensors);
        const measure = this.#grid.measure(gradient);
        // The first read waits for all of it.
        const lossSum = sumLosses(engine.readFloat32(losses));
        return { ...this.#grid.readMeasure(measure, magnitudes), lossSum, gradient };
      });
      engine.keep(measured.gradient);
      return { ...measured, magnitudes };
    } finally {
      engine.free(losses, ...tensors);
    }
  }

  retire(gradient: Tensor): void {
    this.#engine.free(gradient);
  }

  sum(exponents: Int8Array, out: Int32Array): GridSum<Tensor> {
    return new DeviceSum(this.#engine, this.#grid, exponents, out);
  }

  withRoom(use: (out: Int32Array) => void): void {
    use(new Int32Array(this.#network.layout.length));
  }

  dispose(): void {
    this.#grid.dispose();
  }
}

class DeviceSum implements GridSum<Tensor> {
  readonly #engine: Engine;
  readonly #grid: DeviceGrid;
  readonly #out: Int32Array;
  readonly #scales: Tensor;
  readonly #hashes: Tensor[] = [];
  #sum: Tensor | undefined;

  constructor(engine: Engine, grid: DeviceGrid, exponents: Int8Array, out: Int32Array) {
    this.#engine = engine;
    this.#grid = grid;
    this.#out = out;
    this.#scales = engine.keep(grid.scalesOf(exponents));
  }

  add(gradient: Tensor): void {
    const [engine, before] = [this.#engine, this.#sum];
    const { sum, hash } = engine.scope(() => {
      const quanta = this.#grid.quantise(gradient, this.#scales);
      const hash = this.#grid.hash(quanta);
      return { hash, sum: before === undefined ? quanta : this.#grid.add(before, quanta) };
    });
    if (before !== undefined) engine.free(before);
    this.#sum = engine.keep(sum);
    this.#hashes.push(engine.keep(hash));
  }

  hashes(): number[] {
    return this.#hashes.map((hash) => this.#grid.readHash(hash));
  }

  finish(): void {
    if (this.#sum !== undefined) this.#grid.readSum(this.#sum, this.#out);
  }

  dispose(): void {
    this.#engine.free(this.#scales, ...this.#hashes.splice(0));
    if (this.#sum !== undefined) this.#engine.free(this.#sum);
    this.#sum = undefined;
  }
}
