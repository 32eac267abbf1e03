import { concatenate, reshape, type CellStep, type Engine, type Tensor } from '@rocinante/engine';
import type { RecurrentActivation } from '@rocinante/model';
import { Float32Products } from './float32-products.js';
import { createGates } from './gates.js';
import type { LayerInput } from './layer-input.js';
import { runLayer, type CellState } from './lstm-layer.js';
import type { Extent, LayerGradients, LayerRun, LstmPath } from './lstm-path.js';
import type { LayerWeights } from './network-weights.js';
import type { Products } from './products.js';
import { gradientsOfSteps } from './step-gradients.js';

/** Ordinary ops, position by position: the processor's path, whose bits do not follow from the number of threads. */
export class PlainPath implements LstmPath<readonly CellStep[]> {
  readonly name = 'plain';
  readonly gateOrder = 'i, c, f, o';

  readonly #float32: Products;

  /** `products` are those of `forward` and `backward`; what is read with no way back is computed in float32. */
  constructor(
    readonly engine: Engine,
    readonly activation: RecurrentActivation,
    readonly products: Products = new Float32Products(engine),
  ) {
    this.#float32 = new Float32Products(engine);
  }

  read(
    layer: LayerWeights,
    input: LayerInput,
    extent: Extent,
    initial?: CellState,
  ): { hidden_NH: Tensor; end: CellState } {
    const { engine } = this;
    return engine.scope(() => {
      const gates = createGates(engine, this.activation);
      const input_TB4H = this.#inputGates(layer, input, extent);
      const run = runLayer(engine, this.#float32, gates, layer, input_TB4H, { trace: false, initial });
      return {
        hidden_NH: concatenate(engine, run.hidden),
        end: { hidden: run.hidden.at(-1)!, cell: run.lastCell },
      };
    });
  }

  forward(layer: LayerWeights, input: LayerInput, extent: Extent): LayerRun<readonly CellStep[]> {
    const { engine } = this;
    return engine.scope(() => {
      const gates = createGates(engine, this.activation);
      const input_TB4H = this.#inputGates(layer, input, extent);
      const run = runLayer(engine, this.products, gates, layer, input_TB4H, { trace: true });
      return { hidden_NH: concatenate(engine, run.hidden), trace: run.steps };
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
    return engine.scope(() => {
      const gates = createGates(engine, this.activation);
      return gradientsOfSteps(engine, this.products, gates, layer, input, run, gradient, extent);
    });
  }

  #inputGates(layer: LayerWeights, input: LayerInput, { T, B }: Extent): Tensor {
    const { engine } = this;
    return engine.scope(() => reshape(engine, input.gates(layer), [T, B, layer.kernel_I4H.shape[1]]));
  }
}
