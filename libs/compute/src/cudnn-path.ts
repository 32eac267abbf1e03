// B windows, T positions, I a layer's inputs, H units; N = T·B rows, position-major.
import {
  concatenate,
  cudnnLstm,
  cudnnLstmBack,
  cudnnLstmSize,
  reshape,
  zeros,
  type CudnnInputs,
  type CudnnRun,
  type CudnnVersion,
  type Engine,
  type Tensor,
} from '@rocinante/engine';
import { cudnnLength, fromCudnn, toCudnn } from './cudnn-parameters.js';
import { CudnnLayoutError } from './errors.js';
import type { LayerInput } from './layer-input.js';
import type { CellState } from './lstm-layer.js';
import type { Extent, LayerGradients, LayerRun, LstmPath } from './lstm-path.js';
import type { LayerWeights } from './network-weights.js';

/** What cuDNN wants again on the way back, besides weights and input. */
interface Trace {
  readonly zero_1BH: Tensor;
  readonly run: CudnnRun;
}

/**
 * cuDNN's LSTM, a layer an op: on NVIDIA's cards alone. Dropout between layers is ours, so that its masks are the seed's.
 * @throws {CudnnLayoutError} cuDNN's vector for a layer is of another length than the one that we make.
 */
export class CudnnPath implements LstmPath<Trace> {
  readonly name: 'cudnn-v1' | 'cudnn-v2';
  readonly gateOrder = 'i, f, c, o';
  /** Layers whose length cuDNN has confirmed, as `I, H`. */
  readonly #confirmed = new Set<string>();

  constructor(
    readonly engine: Engine,
    readonly version: CudnnVersion,
  ) {
    this.name = `cudnn-v${version}`;
  }

  read(
    layer: LayerWeights,
    input: LayerInput,
    extent: Extent,
    initial?: CellState,
  ): { hidden_NH: Tensor; end: CellState } {
    const { engine } = this;
    const { T, B } = extent;
    return engine.scope(() => {
      const [H] = layer.recurrent_H4H.shape;
      const raised = (state_BH: Tensor): Tensor => reshape(engine, state_BH, [1, B, H]);
      const zero_1BH = zeros(engine, [1, B, H]);
      const hidden_1BH = initial ? raised(initial.hidden) : zero_1BH;
      const cell_1BH = initial ? raised(initial.cell) : zero_1BH;
      const inputs = this.#inputs(layer, input, extent, hidden_1BH, cell_1BH);
      const run = cudnnLstm(engine, this.version, inputs, false);
      const lowered = (state_1BH: Tensor): Tensor => reshape(engine, state_1BH, [B, H]);
      return {
        hidden_NH: reshape(engine, run.output_TBH, [T * B, H]),
        end: { hidden: lowered(run.hidden_1BH), cell: lowered(run.cell_1BH) },
      };
    });
  }

  forward(layer: LayerWeights, input: LayerInput, extent: Extent): LayerRun<Trace> {
    const { engine } = this;
    const { T, B } = extent;
    return engine.scope(() => {
      const [H] = layer.recurrent_H4H.shape;
      const zero_1BH = zeros(engine, [1, B, H]);
      const run = cudnnLstm(
        engine,
        this.version,
        this.#inputs(layer, input, extent, zero_1BH, zero_1BH),
        true,
      );
      return { hidden_NH: reshape(engine, run.output_TBH, [T * B, H]), trace: { zero_1BH, run } };
    });
  }

  backward(
    layer: LayerWeights,
    input: LayerInput,
    { trace: { zero_1BH, run } }: LayerRun<Trace>,
    gradient: Tensor,
    extent: Extent,
  ): LayerGradients {
    const { engine } = this;
    const { T, B } = extent;
    return engine.scope(() => {
      const [I] = layer.kernel_I4H.shape;
      const [H] = layer.recurrent_H4H.shape;
      const inputs = this.#inputs(layer, input, extent, zero_1BH, zero_1BH);
      const back = cudnnLstmBack(engine, this.version, inputs, run, {
        output_TBH: overAllPositions(engine, gradient, extent),
        hidden_1BH: zero_1BH,
        cell_1BH: zero_1BH,
      });
      engine.free(zero_1BH, run.output_TBH, run.hidden_1BH, run.cell_1BH, ...run.reserve);
      return {
        ...fromCudnn(engine, back.parameters_P, I, H),
        input_NI: input.isLearned ? reshape(engine, back.input_TBI, [T * B, I]) : undefined,
      };
    });
  }

  #inputs(
    layer: LayerWeights,
    input: LayerInput,
    { T, B }: Extent,
    hidden_1BH: Tensor,
    cell_1BH: Tensor,
  ): CudnnInputs {
    const { engine } = this;
    const [I] = layer.kernel_I4H.shape;
    this.#confirm(I, layer.recurrent_H4H.shape[0]);
    const parameters_P = layer.derived('as cuDNN’s vector', () => toCudnn(engine, layer));
    return { input_TBI: reshape(engine, input.rows(), [T, B, I]), hidden_1BH, cell_1BH, parameters_P };
  }

  #confirm(I: number, H: number): void {
    const layer = `${I}, ${H}`;
    if (this.#confirmed.has(layer)) return;
    const length = cudnnLstmSize(this.engine, I, H);
    if (length !== cudnnLength(I, H)) throw new CudnnLayoutError(I, H, cudnnLength(I, H), length);
    this.#confirmed.add(layer);
  }
}

/** [T, B, H]; zeros in all positions but the last where the loss looks at that alone. */
function overAllPositions(engine: Engine, gradient: Tensor, { T, B }: Extent): Tensor {
  const [rows, H] = gradient.shape as [number, number];
  if (rows === T * B) return reshape(engine, gradient, [T, B, H]);
  const before = zeros(engine, [(T - 1) * B, H]);
  return reshape(engine, concatenate(engine, [before, gradient]), [T, B, H]);
}
