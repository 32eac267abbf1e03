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

/** Which ops over cuDNN's LSTM: those of V2 also try cuDNN's algorithms, and keep the fastest, unless told otherwise. */
export type CudnnVersion = 1 | 2;

/** What cuDNN's LSTM is given. `parameters_P` is its own vector of weights and biases (libs/compute, cudnn-parameters.ts). */
export interface CudnnInputs {
  readonly input_TBI: Tensor;
  readonly hidden_1BH: Tensor;
  readonly cell_1BH: Tensor;
  readonly parameters_P: Tensor;
}

/** What it computed: `hidden_1BH` and `cell_1BH` after the last position; `reserve` is for the way back alone. */
export interface CudnnRun {
  readonly output_TBH: Tensor;
  readonly hidden_1BH: Tensor;
  readonly cell_1BH: Tensor;
  readonly reserve: readonly Tensor[];
}

const suffixOf = (version: CudnnVersion): string => (version === 1 ? '' : 'V2');

/** One layer, one direction, no dropout: everything is said, as defaults may change. */
const CUDNN_ATTRIBUTES = [
  type('T', DataType.float32),
  text('rnn_mode', 'lstm'),
  text('input_mode', 'linear_input'),
  text('direction', 'unidirectional'),
  float('dropout', 0),
  int('seed', 0),
  int('seed2', 0),
];

/** One layer with sigmoid gates, forwards, by cuDNN: on NVIDIA's cards only. Without `isTraining` there is no way back. */
export function cudnnLstm(
  engine: Engine,
  version: CudnnVersion,
  { input_TBI, hidden_1BH, cell_1BH, parameters_P }: CudnnInputs,
  isTraining: boolean,
): CudnnRun {
  const [output, hidden, cell, ...reserve] = engine.execute(
    `CudnnRNN${suffixOf(version)}`,
    [...CUDNN_ATTRIBUTES, bool('is_training', isTraining)],
    [input_TBI, hidden_1BH, cell_1BH, parameters_P],
    version === 1 ? 4 : 5,
  );
  return { output_TBH: output, hidden_1BH: hidden, cell_1BH: cell, reserve };
}

/**
 * The way back: from the gradients of a run's output and of its state at the end, those of its input [T, B, I] and of its
 * parameters [P].
 */
export function cudnnLstmBack(
  engine: Engine,
  version: CudnnVersion,
  inputs: CudnnInputs,
  run: CudnnRun,
  gradients: Omit<CudnnRun, 'reserve'>,
): { input_TBI: Tensor; parameters_P: Tensor } {
  const [input_TBI, hidden, cell, parameters_P] = engine.execute(
    `CudnnRNNBackprop${suffixOf(version)}`,
    CUDNN_ATTRIBUTES,
    [
      ...[inputs.input_TBI, inputs.hidden_1BH, inputs.cell_1BH, inputs.parameters_P],
      ...[run.output_TBH, run.hidden_1BH, run.cell_1BH],
      ...[gradients.output_TBH, gradients.hidden_1BH, gradients.cell_1BH],
      ...run.reserve,
    ],
    4,
  );
  engine.free(hidden, cell);
  return { input_TBI, parameters_P };
}

/** How many elements cuDNN's vector has for a layer. */
export function cudnnLstmSize(engine: Engine, inputs: number, units: number): number {
  return engine.scope(() => {
    const [layers, H, I] = [1, units, inputs].map((value) => engine.int32(Int32Array.of(value), []));
    const [size] = engine.execute(
      'CudnnRNNParamsSize',
      [...CUDNN_ATTRIBUTES, int('num_proj', 0), type('S', DataType.int32)],
      [layers, H, I],
      1,
    );
    return engine.readInt32(size)[0];
  });
}
