// Goal: cuDNN's ops are called by their right names, with the right attributes and as many inputs as they have. Method:
// TensorFlow itself, on a processor, which has no kernel for them: it looks at all of that before it looks for one (an input
// too many ends the process). At the inputs' types and shapes and at the number of outputs it does not look without one.
import { describe, expect, it } from 'vitest';
import { type } from './attributes.js';
import { DataType } from './binding.js';
import { Engine } from './engine.js';
import {
  cudnnLstm,
  cudnnLstmBack,
  cudnnLstmSize,
  type CudnnInputs,
  type CudnnRun,
  type CudnnVersion,
} from './lstm-ops.js';
import type { Tensor } from './tensor.js';

/** TensorFlow's number for int8, which the binding cannot make of an array. */
const INT8 = 6;

const engine = Engine.load();
const [T, B, I, H] = [3, 8, 5, 4];
const float = (...shape: number[]): Tensor =>
  engine.float32(new Float32Array(shape.reduce((size, dimension) => size * dimension, 1)), shape);

const inputs = (): CudnnInputs => ({
  input_TBI: float(T, B, I),
  hidden_1BH: float(1, B, H),
  cell_1BH: float(1, B, H),
  parameters_P: float(4 * H * (I + H + 2)),
});

function run(version: CudnnVersion): CudnnRun {
  const casting = [type('SrcT', DataType.float32), type('DstT', INT8)];
  const [hostReserved] = engine.execute('Cast', casting, [float(9)], 1);
  const reserve = version === 1 ? [float(7)] : [float(7), hostReserved];
  return { output_TBH: float(T, B, H), hidden_1BH: float(1, B, H), cell_1BH: float(1, B, H), reserve };
}

const LSTM =
  'direction="unidirectional", dropout=0, input_mode="linear_input", rnn_mode="lstm", seed=0, seed2=0';
/** With one attribute more: TensorFlow writes them in the order of their names. */
const lstmWith = (attribute: string): string => LSTM.replace(', rnn_mode', `, ${attribute}, rnn_mode`);

describe.each([1, 2] as const)('cuDNN’s ops, version %i', (version) => {
  const suffix = version === 1 ? '' : 'V2';

  it.each([
    [
      'forwards, training',
      `CudnnRNN${suffix}[T=DT_FLOAT, ${lstmWith('is_training=true')}]`,
      () => cudnnLstm(engine, version, inputs(), true),
    ],
    [
      'forwards',
      `CudnnRNN${suffix}[T=DT_FLOAT, ${lstmWith('is_training=false')}]`,
      () => cudnnLstm(engine, version, inputs(), false),
    ],
    [
      'backwards',
      `CudnnRNNBackprop${suffix}[T=DT_FLOAT, ${LSTM}]`,
      () => cudnnLstmBack(engine, version, inputs(), run(version), run(version)),
    ],
    [
      'its size',
      `CudnnRNNParamsSize[S=DT_INT32, T=DT_FLOAT, ${lstmWith('num_proj=0')}]`,
      () => cudnnLstmSize(engine, I, H),
    ],
  ])('%s: the only thing that TensorFlow lacks is a kernel', (_what, node, call) => {
    engine.scope(() => {
      let message = '';
      try {
        call();
      } catch (error) {
        message = (error as Error).message;
      }
      expect(message).toMatch(/^TensorFlow op CudnnRNN\w*: Could not find device for node: /);
      expect(message).toContain(`= ${node}`);
    });
  });

  it('an input too few is refused for itself', () => {
    engine.scope(() => {
      const short = { ...run(version), reserve: [] };
      expect(() => cudnnLstmBack(engine, version, inputs(), short, run(version))).toThrow(
        /expected inputs .* do not match 10 inputs/,
      );
    });
  });
});
