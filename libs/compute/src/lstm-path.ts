// B windows, T positions, I a layer's inputs, H units; N = T·B rows, position-major.
import type { Tensor } from '@rocinante/engine';
import type { NetworkSpec } from '@rocinante/model';
import type { GateOrder } from './gate-order.js';
import type { LayerInput } from './layer-input.js';
import type { CellState } from './lstm-layer.js';
import type { LayerWeights } from './network-weights.js';
import type { FactorType } from './products.js';

/**
 * `cudnn` is cuDNN's LSTM on rows as they are, position by position, `cudnn-batch-major` on rows that are transposed for it, window
 * by window; `fused` is BlockLSTM, `plain` ordinary ops.
 */
export type LstmPathName = 'cudnn' | 'cudnn-batch-major' | 'fused' | 'plain';

/** A layer's extent. */
export interface Extent {
  readonly T: number;
  readonly B: number;
}

/** What a layer made of a micro-batch: its hidden states [N, H], and what the way back needs. */
export interface LayerRun<Trace> {
  readonly hidden_NH: Tensor;
  readonly trace: Trace;
}

/** A layer's gradients, gates in the path's order. */
export interface LayerGradients {
  readonly kernel_I4H: Tensor;
  readonly recurrent_H4H: Tensor;
  readonly bias_4H: Tensor;
  /** Of what entered; undefined where the input has none. */
  readonly input_NI: Tensor | undefined;
}

/**
 * A way to compute an LSTM layer. All ways compute the same function; their sums are in other orders, so their bits differ.
 *
 * Tensors that are given stay the giver's, but for a trace; those that come back belong to the scope of the call.
 */
export interface LstmPath<Trace = unknown> {
  readonly name: LstmPathName;
  /** The order of gates in the weights that it is given, and in the gradients that it gives. */
  readonly gateOrder: GateOrder;

  /** Why it does not compute a network's layers here, in one line; null where it does, as is a path without this. */
  whyNot?(spec: NetworkSpec): string | null;

  /** Called once the start check has found that it computes as plain does. */
  trust?(): void;

  /** Reads on from a state, or from zeros, with no way back: the hidden states [N, H] and the state at the end. */
  read(
    layer: LayerWeights,
    input: LayerInput,
    extent: Extent,
    initial?: CellState,
  ): { readonly hidden_NH: Tensor; readonly end: CellState };

  /** Runs the layer from zeros, for `backward`. */
  forward(layer: LayerWeights, input: LayerInput, extent: Extent): LayerRun<Trace>;

  /**
   * The gradients of weights and input, from that of the hidden states: [N, H], or [B, H] where the loss looks at the last
   * position alone. Frees the trace.
   */
  backward(
    layer: LayerWeights,
    input: LayerInput,
    run: LayerRun<Trace>,
    gradient: Tensor,
    extent: Extent,
  ): LayerGradients;
}

/** Why plain computes a network with such factors, and not the path; null where the path does. */
export function whyPlainAlone(spec: NetworkSpec, factors: FactorType, path?: LstmPath): string | null {
  if (factors === 'bfloat16') return 'its products are of bfloat16 factors, and its states are float32';
  if (spec.recurrentActivation !== 'sigmoid') return 'its gates are hard sigmoids';
  // A layer of one unit is nobody's network: not worth a path's own odd cases.
  if (spec.layers.some(({ units }) => units === 1)) return 'it has a layer of one unit';
  return path?.whyNot?.(spec) ?? null;
}
