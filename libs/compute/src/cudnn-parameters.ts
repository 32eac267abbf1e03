// A layer's weights as the one vector that cuDNN wants, and the vector's gradient as theirs. I inputs, H units.
//
// cuDNN computes a gate as W·x + bW + R·h + bR, and its vector is W_i W_f W_c W_o, each [H, I], then R_i R_f R_c R_o, each
// [H, H], then bW of the four gates and bR of the four. W's four one under another are the kernel [I, 4H] transposed,
// where the kernel's gates are in Keras's order i, f, c, o.
import {
  concatenate,
  reshape,
  sliceFirst,
  transpose,
  zeros,
  type Engine,
  type Tensor,
} from '@rocinante/engine';
import type { LayerGradients } from './lstm-path.js';
import type { LayerWeights } from './network-weights.js';

/** Elements of the vector. */
export function cudnnLength(I: number, H: number): number {
  return 4 * H * (I + H) + 8 * H;
}

/** The vector: the bias stands in bR, and bW is zero, so that it is added once. */
export function toCudnn(
  engine: Engine,
  { kernel_I4H, recurrent_H4H, bias_4H }: Pick<LayerWeights, 'kernel_I4H' | 'recurrent_H4H' | 'bias_4H'>,
): Tensor {
  return engine.scope(() => {
    const turned = (weights: Tensor): Tensor => reshape(engine, transpose(engine, weights), [-1]);
    const noBias = zeros(engine, bias_4H.shape);
    return concatenate(engine, [turned(kernel_I4H), turned(recurrent_H4H), noBias, bias_4H]);
  });
}

/** The gradients of weights and bias from the vector's: bW's is the same as bR's, and is dropped. */
export function fromCudnn(
  engine: Engine,
  gradient_P: Tensor,
  I: number,
  H: number,
): Omit<LayerGradients, 'input_NI'> {
  return engine.scope(() => {
    const turned = (start: number, rows: number): Tensor =>
      transpose(engine, reshape(engine, sliceFirst(engine, gradient_P, start, 4 * H * rows), [4 * H, rows]));
    return {
      kernel_I4H: turned(0, I),
      recurrent_H4H: turned(4 * H * I, H),
      bias_4H: sliceFirst(engine, gradient_P, 4 * H * (I + H + 1), 4 * H),
    };
  });
}
