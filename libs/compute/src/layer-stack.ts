// B rows side by side, T positions, H units; N = T·B rows, position-major.
import { concatenate, reshape, type Engine, type Tensor } from '@rocinante/engine';
import type { NetworkSpec } from '@rocinante/model';
import { createGates } from './gates.js';
import { inputGates } from './input-layer.js';
import { runLayer, type CellState } from './lstm-layer.js';
import type { LoadedWeights } from './network-weights.js';
import { product } from './products.js';

/** What the layers made of some symbols: the uppermost one's hidden states, [B, H] each, and every layer's state at the end. */
export interface StackRun {
  readonly hidden: readonly Tensor[];
  readonly states: readonly CellState[];
}

/**
 * Reads symbols [T, B] through all layers, from the states where earlier symbols left them or from zeros, without dropout.
 *
 * The states that go in stay the caller's. The uppermost layer's state at the end shares its hidden tensor with `hidden`.
 */
export function readOn(
  engine: Engine,
  network: NetworkSpec,
  weights: LoadedWeights,
  symbols_TB: Int32Array,
  B: number,
  states?: readonly CellState[],
): StackRun {
  const T = symbols_TB.length / B;
  return engine.scope(() => {
    const gates = createGates(engine, network.recurrentActivation);
    const ends: CellState[] = [];
    let gates_N4H = inputGates(engine, network, weights, engine.int32(symbols_TB, [T * B]));
    for (const [index, { units }] of network.layers.entries()) {
      const run = runLayer(
        engine,
        gates,
        weights.layers[index],
        reshape(engine, gates_N4H, [T, B, 4 * units]),
        { trace: false, initial: states?.[index] },
      );
      engine.free(gates_N4H);
      ends.push({ hidden: run.hidden.at(-1)!, cell: run.lastCell });
      const next = weights.layers[index + 1];
      if (next === undefined) return { hidden: run.hidden, states: ends };
      gates_N4H = engine.scope(() => product(engine, concatenate(engine, run.hidden), next.kernel_I4H));
      engine.free(...run.hidden.slice(0, -1));
    }
    throw new Error('a network has at least one layer');
  });
}

/** Frees states that are not needed any more. */
export function freeStates(engine: Engine, states: readonly CellState[] = []): void {
  for (const { hidden, cell } of states) engine.free(hidden, cell);
}
