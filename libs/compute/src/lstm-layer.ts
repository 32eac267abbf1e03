// One LSTM layer over time, forwards and backwards. B windows, T positions, H units; gates in the order i, c, f, o.
// Graves 2013, "Generating sequences with recurrent neural networks", equations 7 to 11, without peepholes.
import {
  add,
  addAll,
  biasAdd,
  concatenate,
  constantZeros,
  multiply,
  splitColumns,
  sumFirst,
  tanh,
  unpack,
  type CellStep,
  type Engine,
  type Tensor,
} from '@rocinante/engine';
import type { Gates } from './gates.js';
import type { LayerWeights } from './network-weights.js';
import type { Products } from './products.js';

/** A layer's state after a position: hidden and cell, [B, H] each. */
export interface CellState {
  readonly hidden: Tensor;
  readonly cell: Tensor;
}

/** What a layer computed, position by position: `hidden[t]` is [B, H]; `steps` is empty unless a trace was asked for. */
export interface LayerRun {
  readonly hidden: readonly Tensor[];
  readonly lastCell: Tensor;
  readonly steps: readonly CellStep[];
}

/**
 * Runs a layer over T positions.
 *
 * `input_TB4H` is [T, B, 4H]: the input's share in the gates, a rough product or float32, without the bias, which is added
 * position by position while the sum is at hand. Without `initial` the state before the first position is zero, and its product is left out.
 * With `trace`, what the backward pass needs is kept.
 */
export function runLayer(
  engine: Engine,
  products: Products,
  gates: Gates,
  layer: LayerWeights,
  input_TB4H: Tensor,
  { trace, initial }: { readonly trace: boolean; readonly initial?: CellState | undefined },
): LayerRun {
  const hidden: Tensor[] = [];
  const steps: CellStep[] = [];
  let previous = initial;
  const bias_B4H = repeatRow(engine, layer.bias_4H, input_TB4H.shape[1]);
  for (const input_B4H of unpack(engine, input_TB4H)) {
    const { step, hidden: hidden_BH } = engine.scope(() => {
      const through = previous
        ? [products.times(products.factor(previous.hidden), layer, 'recurrent_H4H')]
        : [];
      const sum = addAll(engine, [...through, products.float32Of(input_B4H), bias_B4H]);
      return runCell(engine, gates, sum, previous?.cell);
    });
    engine.free(input_B4H);
    if (trace) steps.push(step);
    else {
      engine.free(step.input, step.candidate, step.forget, step.output, step.cellOut);
      if (previous !== undefined && previous !== initial) engine.free(previous.cell);
    }
    hidden.push(hidden_BH);
    previous = { hidden: hidden_BH, cell: step.cell };
  }
  engine.free(bias_B4H);
  return { hidden, lastCell: previous!.cell, steps };
}

/** A row [C] B times: [B, C]. */
function repeatRow(engine: Engine, row_C: Tensor, B: number): Tensor {
  return engine.scope(() => {
    return biasAdd(engine, constantZeros(engine, [B, row_C.shape[0]]), row_C);
  });
}

function runCell(
  engine: Engine,
  gates: Gates,
  gates_B4H: Tensor,
  previousCell: Tensor | undefined,
): { step: CellStep; hidden: Tensor } {
  const [i, c, f, o] = splitColumns(engine, gates_B4H, 4);
  const input = gates.activate(i);
  const candidate = tanh(engine, c);
  const forget = gates.activate(f);
  const output = gates.activate(o);
  const written = multiply(engine, input, candidate);
  const cell =
    previousCell === undefined ? written : add(engine, multiply(engine, forget, previousCell), written);
  const cellOut = tanh(engine, cell);
  return {
    step: { input, candidate, forget, output, cell, cellOut },
    hidden: multiply(engine, output, cellOut),
  };
}

/** The gradients of a layer's gates before activation, [T·B, 4H], a factor, and their sum over rows, the bias's, [4H]. */
export interface GateGradients {
  readonly gates: Tensor;
  readonly bias: Tensor;
}

/**
 * Runs a layer backwards: from the gradients of its hidden states to those of its gates.
 *
 * `hiddenGradients[t]` is [B, H], or undefined where the loss does not reach the state directly.
 * Memory: frees the trace's steps as it has used them.
 */
export function runLayerBack(
  engine: Engine,
  products: Products,
  gates: Gates,
  layer: LayerWeights,
  steps: readonly CellStep[],
  hiddenGradients: readonly (Tensor | undefined)[],
): GateGradients {
  return engine.scope(() => {
    const [B, H] = steps[0].cell.shape as [number, number];
    const zero_BH = constantZeros(engine, [B, H]);
    const any_H = constantZeros(engine, [H]);
    const empty_B0 = constantZeros(engine, [B, 0]);
    const { recurrent_H4H, bias_4H } = layer;
    const shape = { recurrent_H4H, bias_4H, any_BH: zero_BH, any_H, empty_B0 };

    const parts = new Array<Tensor>(steps.length);
    const factors = new Array<Tensor>(steps.length);
    let cellGradient = zero_BH;
    for (let t = steps.length - 1; t >= 0; t--) {
      const step = steps[t];
      const later = factors[t + 1];
      const direct = hiddenGradients[t];
      const { made, factor } = engine.scope(() => {
        const through = later && products.timesTransposed(later, layer, 'recurrent_H4H');
        const hiddenGradient =
          through && direct ? add(engine, through, direct) : (through ?? direct ?? zero_BH);
        const made = gates.backward(shape, step, steps[t - 1]?.cell ?? zero_BH, cellGradient, hiddenGradient);
        return { made, factor: products.factor(made.gates) };
      });
      engine.free(step.input, step.candidate, step.forget, step.output, step.cell, step.cellOut);
      if (cellGradient !== zero_BH) engine.free(cellGradient);
      cellGradient = made.previousCell;
      parts[t] = made.gates;
      factors[t] = factor;
    }
    return { gates: concatenate(engine, factors), bias: sumFirst(engine, addAll(engine, parts)) };
  });
}
