import { joinColumns, reshape, splitColumns, type Engine, type Tensor } from '@rocinante/engine';

/** The order of a layer's 4H gate columns: parameters hold Keras's, which is cuDNN's too; BlockLSTM and its kin want i, c, f, o. */
export type GateOrder = 'i, f, c, o' | 'i, c, f, o';

// The permutation that swaps f and c is its own inverse.
const ENGINE_FROM_KERAS = [0, 2, 1, 3];

/**
 * Copies `source` [rows, 4H] into `target` from `targetOffset` on, the columns' blocks f and c exchanged: from Keras's
 * order to the engine's, or back. Offsets and sizes are in elements.
 */
export function copySwappingGates(
  source: Float32Array,
  target: Float32Array,
  targetOffset: number,
  units: number,
): void {
  for (let from = 0; from < source.length; from += 4 * units) {
    for (let gate = 0; gate < 4; gate++) {
      const start = from + ENGINE_FROM_KERAS[gate] * units;
      target.set(source.subarray(start, start + units), targetOffset + from + gate * units);
    }
  }
}

/** The same on the device: [rows, 4H] or [4H], the columns' blocks f and c exchanged, as [rows, 4H]. */
export function swapGates(engine: Engine, gradient: Tensor, units: number): Tensor {
  const elements = gradient.shape.reduce((product, dimension) => product * dimension, 1);
  return engine.scope(() => {
    const gates = splitColumns(engine, reshape(engine, gradient, [elements / (4 * units), 4 * units]), 4);
    return joinColumns(
      engine,
      ENGINE_FROM_KERAS.map((gate) => gates[gate]),
    );
  });
}
