// B windows, T positions, I a layer's inputs, H units; N = T·B rows, position-major.
import {
  concatenate,
  cudnnLstm,
  cudnnLstmBack,
  cudnnLstmSize,
  EngineMemoryError,
  EngineOperationError,
  reshape,
  swapFirstTwo,
  zeros,
  type CudnnInputs,
  type CudnnLayout,
  type CudnnRun,
  type Engine,
  type Tensor,
} from '@rocinante/engine';
import { networkLayout, type NetworkSpec } from '@rocinante/model';
import { cudnnLength, fromCudnn, toCudnn } from './cudnn-parameters.js';
import { CudnnLayoutError } from './errors.js';
import type { LayerInput } from './layer-input.js';
import type { CellState } from './lstm-layer.js';
import type { Extent, LayerGradients, LayerRun, LstmPath } from './lstm-path.js';
import type { LayerWeights } from './network-weights.js';

/** What cuDNN wants again on the way back, besides weights and input: `zero` is the state before, and the gradient of the one after. */
interface Trace {
  readonly zero: Tensor;
  readonly run: CudnnRun;
}

const NAMES = { 'time-major': 'cudnn', 'batch-major': 'cudnn-batch-major' } as const;

/** What TensorFlow says of each failure of cuDNN, also of memory that is short; why it failed stands on standard error alone. */
const CUDNN_FAILED = /Failed to call DoRnn(Forward|Backward)/;

/**
 * cuDNN's LSTM, a layer an op: on NVIDIA's cards alone. Dropout between layers is ours, so that its masks are the seed's.
 *
 * Rows are position-major, which is the layout `time-major`; for `batch-major` they are transposed on the device.
 * @throws {CudnnLayoutError} cuDNN's vector for a layer is of another length than the one that we make.
 */
export class CudnnPath implements LstmPath<Trace> {
  readonly name: 'cudnn' | 'cudnn-batch-major';
  readonly gateOrder = 'i, f, c, o';
  readonly #isTimeMajor: boolean;
  /** How long cuDNN's vector is, by `I, H` of a layer. */
  readonly #lengths = new Map<string, number>();
  #isTrusted = false;

  constructor(
    readonly engine: Engine,
    readonly layout: CudnnLayout,
  ) {
    this.name = NAMES[layout];
    this.#isTimeMajor = layout === 'time-major';
  }

  /** From now on a failure of cuDNN is taken for memory that is short: smaller micro-batches are then tried. */
  trust(): void {
    this.#isTrusted = true;
  }

  whyNot(spec: NetworkSpec): string | null {
    for (const { name, shape } of networkLayout(spec).tensors) {
      if (!/^lstm_\d+\/kernel$/.test(name)) continue;
      const fault = this.#lengthFault(shape[0], shape[1] / 4);
      if (fault !== null) return fault.message;
    }
    return null;
  }

  read(
    layer: LayerWeights,
    input: LayerInput,
    extent: Extent,
    initial?: CellState,
  ): { hidden_NH: Tensor; end: CellState } {
    const { engine, layout } = this;
    const { B } = extent;
    return engine.scope(() => {
      const [H] = layer.recurrent_H4H.shape;
      const raised = (state_BH: Tensor): Tensor => reshape(engine, state_BH, this.#stateShape(B, H));
      const lowered = (state: Tensor): Tensor => reshape(engine, state, [B, H]);
      const [hidden, cell] = initial
        ? [raised(initial.hidden), raised(initial.cell)]
        : new Array<Tensor>(2).fill(zeros(engine, this.#stateShape(B, H)));
      const inputs = this.#inputs(layer, input, extent, hidden, cell);
      const run = this.#run(() => cudnnLstm(engine, layout, inputs, false));
      return {
        hidden_NH: this.#rowsOf(run.output, extent),
        end: { hidden: lowered(run.hidden), cell: lowered(run.cell) },
      };
    });
  }

  forward(layer: LayerWeights, input: LayerInput, extent: Extent): LayerRun<Trace> {
    const { engine, layout } = this;
    return engine.scope(() => {
      const [H] = layer.recurrent_H4H.shape;
      const zero = zeros(engine, this.#stateShape(extent.B, H));
      const inputs = this.#inputs(layer, input, extent, zero, zero);
      const run = this.#run(() => cudnnLstm(engine, layout, inputs, true));
      return { hidden_NH: this.#rowsOf(run.output, extent), trace: { zero, run } };
    });
  }

  backward(
    layer: LayerWeights,
    input: LayerInput,
    { trace: { zero, run } }: LayerRun<Trace>,
    gradient: Tensor,
    extent: Extent,
  ): LayerGradients {
    const { engine, layout } = this;
    return engine.scope(() => {
      const [I] = layer.kernel_I4H.shape;
      const [H] = layer.recurrent_H4H.shape;
      const inputs = this.#inputs(layer, input, extent, zero, zero);
      const output = this.#laidOut(overAllPositions(engine, gradient, extent), extent);
      const gradients = { output, hidden: zero, cell: zero };
      const back = this.#run(() => cudnnLstmBack(engine, layout, inputs, run, gradients));
      engine.free(zero, run.output, run.hidden, run.cell, ...run.reserve);
      return {
        ...fromCudnn(engine, back.parameters_P, I, H),
        input_NI: input.isLearned ? this.#rowsOf(back.input, extent) : undefined,
      };
    });
  }

  #inputs(layer: LayerWeights, input: LayerInput, extent: Extent, hidden: Tensor, cell: Tensor): CudnnInputs {
    const { engine } = this;
    const fault = this.#lengthFault(layer.kernel_I4H.shape[0], layer.recurrent_H4H.shape[0]);
    if (fault !== null) throw fault;
    const parameters_P = layer.derived('as cuDNN’s vector', () => toCudnn(engine, layer));
    return { input: this.#laidOut(input.rows(), extent), hidden, cell, parameters_P };
  }

  #stateShape(B: number, H: number): readonly number[] {
    return this.#isTimeMajor ? [1, B, H] : [B, 1, H];
  }

  /** Rows [N, C] as [T, B, C], or as [B, T, C]. */
  #laidOut(rows_NC: Tensor, { T, B }: Extent): Tensor {
    const { engine } = this;
    const rows_TBC = reshape(engine, rows_NC, [T, B, rows_NC.shape[1]]);
    return this.#isTimeMajor ? rows_TBC : swapFirstTwo(engine, rows_TBC);
  }

  /** The way back from `#laidOut`. */
  #rowsOf(laidOut: Tensor, { T, B }: Extent): Tensor {
    const { engine } = this;
    const rows_TBC = this.#isTimeMajor ? laidOut : swapFirstTwo(engine, laidOut);
    return reshape(engine, rows_TBC, [T * B, laidOut.shape[2]]);
  }

  #run<T>(op: () => T): T {
    try {
      return op();
    } catch (error) {
      const isCudnns = error instanceof EngineOperationError && CUDNN_FAILED.test(error.message);
      if (!this.#isTrusted || !isCudnns) throw error;
      throw new EngineMemoryError(error.operation, error.cause, true);
    }
  }

  #lengthFault(I: number, H: number): CudnnLayoutError | null {
    const layer = `${I}, ${H}`;
    const length = this.#lengths.get(layer) ?? cudnnLstmSize(this.engine, I, H);
    this.#lengths.set(layer, length);
    const expected = cudnnLength(I, H);
    return length === expected ? null : new CudnnLayoutError(I, H, expected, length);
  }
}

/** [N, H]; zeros in all positions but the last where the loss looks at that alone. */
function overAllPositions(engine: Engine, gradient: Tensor, { T, B }: Extent): Tensor {
  const [rows, H] = gradient.shape as [number, number];
  if (rows === T * B) return gradient;
  return concatenate(engine, [zeros(engine, [(T - 1) * B, H]), gradient]);
}
