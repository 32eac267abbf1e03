import { bool, float, int, text, type } from './attributes.js';
import { DataType } from './binding.js';
import type { Engine } from './engine.js';
import { constantZeros, type CellStep } from './ops.js';
import type { Tensor } from './tensor.js';

// TensorFlow's ops that run an LSTM layer over all positions. T positions, B rows side by side, I inputs, H units.

/** What BlockLSTM computed, for all positions: [T, B, H] each; `steps` as for one position in `CellStep`. */
export interface BlockLstmRun {
  readonly steps: CellStep;
  readonly hidden: Tensor;
}

/**
 * One layer with sigmoid gates, forwards (BlockLSTM): from its input [T, B, I], the state before [B, H] each, the kernel over
 * the recurrent weights [I + H, 4H] and the bias [4H], with gates in the order i, c, f, o. On processors and cards.
 */
export function blockLstm(
  engine: Engine,
  input_TBI: Tensor,
  state: { readonly hidden: Tensor; readonly cell: Tensor },
  weights_W4H: Tensor,
  bias_4H: Tensor,
): BlockLstmRun {
  return engine.scope(() => {
    const [T] = input_TBI.shape;
    const H = state.cell.shape[1];
    // The op wants T as an int64 in the host's memory; the binding has no int64, and Size leaves its result there.
    const positions = engine.int32(new Int32Array(T), [T]);
    const [length] = engine.execute('Size', [type('out_type', DataType.int64)], [positions], 1);
    const peephole = constantZeros(engine, [H]);
    const [input, cell, forget, output, candidate, cellOut, hidden] = engine.execute(
      'BlockLSTM',
      [float('forget_bias', 0), float('cell_clip', 0), bool('use_peephole', false)],
      [length, input_TBI, state.cell, state.hidden, weights_W4H, peephole, peephole, peephole, bias_4H],
      7,
    );
    return { steps: { input, candidate, forget, output, cell, cellOut }, hidden };
  });
}

/**
 * How rows lie that cuDNN reads and writes: position by position, [T, B, …] with states [1, B, H], or window by window, [B, T, …]
 * with states [B, 1, H].
 */
export type CudnnLayout = 'time-major' | 'batch-major';

/** What cuDNN's LSTM is given, in its layout. `parameters_P` is its own vector of weights and biases (libs/compute, cudnn-parameters.ts). */
export interface CudnnInputs {
  /** [T, B, I] or [B, T, I]. */
  readonly input: Tensor;
  /** [1, B, H] or [B, 1, H], as is the cell. */
  readonly hidden: Tensor;
  readonly cell: Tensor;
  readonly parameters_P: Tensor;
}

/** What it computed, in the layout of what it was given: `hidden` and `cell` after the last position; `reserve` is for the way back alone. */
export interface CudnnRun {
  /** [T, B, H] or [B, T, H]. */
  readonly output: Tensor;
  readonly hidden: Tensor;
  readonly cell: Tensor;
  readonly reserve: readonly Tensor[];
}

/** One layer, one direction, no dropout, no projection: everything is said, as defaults may change. */
const CUDNN_ATTRIBUTES = [
  type('T', DataType.float32),
  text('rnn_mode', 'lstm'),
  text('input_mode', 'linear_input'),
  text('direction', 'unidirectional'),
  float('dropout', 0),
  int('seed', 0),
  int('seed2', 0),
  int('num_proj', 0),
];

const timeMajor = (layout: CudnnLayout) => bool('time_major', layout === 'time-major');

/** The inputs that both ways begin with. All windows are of one length, T, which the op wants for each, in the host's memory. */
function cudnnInputs(engine: Engine, layout: CudnnLayout, inputs: CudnnInputs): Tensor[] {
  const [first, second] = inputs.input.shape;
  const [T, B] = layout === 'time-major' ? [first, second] : [second, first];
  const lengths_B = engine.constant(new Int32Array(B).fill(T), [B]);
  return [inputs.input, inputs.hidden, inputs.cell, inputs.parameters_P, lengths_B];
}

/**
 * One layer with sigmoid gates, forwards, by cuDNN: on NVIDIA's cards only. Without `isTraining` there is no way back.
 *
 * CudnnRNNV3 is the one op of three that TensorFlow 2.21 can run with cuDNN 9: the others give no lengths, and are refused.
 */
export function cudnnLstm(
  engine: Engine,
  layout: CudnnLayout,
  inputs: CudnnInputs,
  isTraining: boolean,
): CudnnRun {
  return engine.scope(() => {
    const [output, hidden, cell, ...reserve] = engine.execute(
      'CudnnRNNV3',
      [...CUDNN_ATTRIBUTES, bool('is_training', isTraining), timeMajor(layout)],
      cudnnInputs(engine, layout, inputs),
      5,
    );
    return { output, hidden, cell, reserve };
  });
}

/**
 * The way back: from the gradients of a run's output and of its state at the end, those of its input, in the layout, and of its
 * parameters [P].
 */
export function cudnnLstmBack(
  engine: Engine,
  layout: CudnnLayout,
  inputs: CudnnInputs,
  run: CudnnRun,
  gradients: Omit<CudnnRun, 'reserve'>,
): { input: Tensor; parameters_P: Tensor } {
  return engine.scope(() => {
    const [input, , , parameters_P] = engine.execute(
      'CudnnRNNBackpropV3',
      [...CUDNN_ATTRIBUTES, timeMajor(layout)],
      [
        ...cudnnInputs(engine, layout, inputs),
        ...[run.output, run.hidden, run.cell],
        ...[gradients.output, gradients.hidden, gradients.cell],
        ...run.reserve,
      ],
      4,
    );
    return { input, parameters_P };
  });
}

/** How many elements cuDNN's vector has for a layer. */
export function cudnnLstmSize(engine: Engine, inputs: number, units: number): number {
  return engine.scope(() => {
    const [layers, H, I] = [1, units, inputs].map((value) => engine.int32(Int32Array.of(value), []));
    const [size] = engine.execute(
      'CudnnRNNParamsSize',
      [...CUDNN_ATTRIBUTES, type('S', DataType.int32)],
      [layers, H, I],
      1,
    );
    return engine.readInt32(size)[0];
  });
}
