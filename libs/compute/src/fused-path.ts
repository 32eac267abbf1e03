// B windows, T positions, I a layer's inputs, H units; N = T·B rows, position-major.
import {
  blockLstm,
  concatenate,
  reshape,
  sliceFirst,
  unpack,
  zeros,
  type BlockLstmRun,
  type CellStep,
  type Engine,
  type Tensor,
} from '@rocinante/engine';
import { Float32Products } from './float32-products.js';
import type { LayerInput } from './layer-input.js';
import type { CellState } from './lstm-layer.js';
import type { Extent, LayerGradients, LayerRun, LstmPath } from './lstm-path.js';
import type { LayerWeights } from './network-weights.js';
import { SigmoidGates } from './sigmoid-gates.js';
import { gradientsOfSteps } from './step-gradients.js';

/**
 * A layer's forward pass in one op, BlockLSTM, and plain's way back: BlockLSTM's own adds the weights' gradient up position by
 * position, which took four fifths of a step.
 *
 * On a processor its bits follow from the number of threads, so it is not taken there unless it is asked for.
 */
export class FusedPath implements LstmPath<readonly CellStep[]> {
  readonly name = 'fused';
  readonly gateOrder = 'i, c, f, o';

  constructor(readonly engine: Engine) {}

  read(
    layer: LayerWeights,
    input: LayerInput,
    extent: Extent,
    initial?: CellState,
  ): { hidden_NH: Tensor; end: CellState } {
    const { engine } = this;
    const { T, B } = extent;
    return engine.scope(() => {
      const { steps, hidden } = this.#run(layer, input, extent, initial);
      const H = hidden.shape[2];
      const hidden_NH = reshape(engine, hidden, [T * B, H]);
      const last = (rows_NH: Tensor): Tensor => sliceFirst(engine, rows_NH, (T - 1) * B, B);
      return {
        hidden_NH,
        end: { hidden: last(hidden_NH), cell: last(reshape(engine, steps.cell, [T * B, H])) },
      };
    });
  }

  forward(layer: LayerWeights, input: LayerInput, extent: Extent): LayerRun<readonly CellStep[]> {
    const { engine } = this;
    const { T, B } = extent;
    return engine.scope(() => {
      const { steps, hidden } = this.#run(layer, input, extent, undefined);
      const apart = Object.entries(steps).map(([name, all_TBH]) => [name, unpack(engine, all_TBH as Tensor)]);
      const parts = Object.fromEntries(apart) as Record<keyof CellStep, Tensor[]>;
      const trace = Array.from({ length: T }, (_, t): CellStep => {
        const { input, candidate, forget, output, cell, cellOut } = parts;
        return {
          input: input[t],
          candidate: candidate[t],
          forget: forget[t],
          output: output[t],
          cell: cell[t],
          cellOut: cellOut[t],
        };
      });
      return { hidden_NH: reshape(engine, hidden, [T * B, hidden.shape[2]]), trace };
    });
  }

  backward(
    layer: LayerWeights,
    input: LayerInput,
    run: LayerRun<readonly CellStep[]>,
    gradient: Tensor,
    extent: Extent,
  ): LayerGradients {
    const { engine } = this;
    const [products, gates] = [new Float32Products(engine), new SigmoidGates(engine)];
    return gradientsOfSteps(engine, products, gates, layer, input, run, gradient, extent);
  }

  #run(
    layer: LayerWeights,
    input: LayerInput,
    { T, B }: Extent,
    initial: CellState | undefined,
  ): BlockLstmRun {
    const { engine } = this;
    const { kernel_I4H, recurrent_H4H, bias_4H } = layer;
    return engine.scope(() => {
      const [I] = kernel_I4H.shape;
      const [H] = recurrent_H4H.shape;
      const weights_W4H = layer.derived('kernel over recurrent weights', () =>
        concatenate(engine, [kernel_I4H, recurrent_H4H]),
      );
      const zero_BH = zeros(engine, [B, H]);
      const state = initial ?? { hidden: zero_BH, cell: zero_BH };
      return blockLstm(engine, reshape(engine, input.rows(), [T, B, I]), state, weights_W4H, bias_4H);
    });
  }
}
