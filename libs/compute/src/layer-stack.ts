// B rows side by side, T positions, H units; N = T·B rows, position-major.
import type { Engine, Tensor } from '@rocinante/engine';
import type { NetworkSpec } from '@rocinante/model';
import { Float32Products } from './float32-products.js';
import { RowsInput, symbolInput } from './layer-input.js';
import type { CellState } from './lstm-layer.js';
import type { LstmPath } from './lstm-path.js';
import type { LoadedWeights } from './network-weights.js';

/** What the layers made of some symbols: the uppermost one's hidden states [N, H], and every layer's state at the end. */
export interface StackRun {
  readonly hidden_NH: Tensor;
  readonly states: readonly CellState[];
}

/**
 * Reads symbols [T, B] through all layers, from the states where earlier symbols left them or from zeros, without dropout and
 * in float32.
 *
 * The states that go in stay the caller's.
 */
export function readOn(
  engine: Engine,
  path: LstmPath,
  network: NetworkSpec,
  weights: LoadedWeights,
  symbols_TB: Int32Array,
  B: number,
  states?: readonly CellState[],
): StackRun {
  const extent = { T: symbols_TB.length / B, B };
  return engine.scope(() => {
    const symbols_N = engine.int32(symbols_TB, [symbols_TB.length]);
    const ends: CellState[] = [];
    const products = new Float32Products(engine);
    let input = symbolInput(engine, products, network, weights, symbols_N);
    let hidden_NH: Tensor | undefined;
    for (const [index, layer] of weights.layers.entries()) {
      const below = hidden_NH;
      const run = path.read(layer, input, extent, states?.[index]);
      if (below !== undefined) engine.free(below);
      ends.push(run.end);
      hidden_NH = run.hidden_NH;
      input = new RowsInput(products, hidden_NH);
    }
    return { hidden_NH: hidden_NH!, states: ends };
  });
}

/** Frees states that are not needed any more. */
export function freeStates(engine: Engine, states: readonly CellState[] = []): void {
  for (const { hidden, cell } of states) engine.free(hidden, cell);
}
