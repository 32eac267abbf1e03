// Goal: cuDNN's ops are called by their right names, with the right attributes and as many inputs as they have. Method:
// TensorFlow itself, on a processor, which has no kernel for them: it looks at all of that before it looks for one (an input
// too many ends the process). At the inputs' types and shapes and at the number of outputs it does not look without one.
import { describe, expect, it, vi } from 'vitest';
import { type } from './attributes.js';
import { DataType } from './binding.js';
import { Engine } from './engine.js';
import { cudnnLstm, cudnnLstmBack, cudnnLstmSize, type CudnnInputs, type CudnnRun } from './lstm-ops.js';
import type { Tensor } from './tensor.js';

/** TensorFlow's number for int8, which the binding cannot make of an array. */
const INT8 = 6;

const engine = Engine.load();
const [T, B, I, H] = [3, 8, 5, 4];
const float = (...shape: number[]): Tensor =>
  engine.float32(new Float32Array(shape.reduce((size, dimension) => size * dimension, 1)), shape);

const LSTM =
  'direction="unidirectional", dropout=0, input_mode="linear_input", num_proj=0, rnn_mode="lstm", seed=0, seed2=0';

/** What TensorFlow says of a call. */
function refusalOf(call: () => unknown): string {
  return engine.scope(() => {
    try {
      call();
    } catch (error) {
      return (error as Error).message;
    }
    throw new Error('a processor has no kernel for it');
  });
}

describe.each([
  ['time-major', [T, B], [1, B, H]],
  ['batch-major', [B, T], [B, 1, H]],
] as const)('cuDNN’s ops, %s', (layout, rows, state) => {
  const inputs = (): CudnnInputs => ({
    input: float(...rows, I),
    hidden: float(...state),
    cell: float(...state),
    parameters_P: float(4 * H * (I + H + 2)),
  });

  function run(): CudnnRun {
    const casting = [type('SrcT', DataType.float32), type('DstT', INT8)];
    const [hostReserved] = engine.execute('Cast', casting, [float()], 1);
    const reserve = [float(7), hostReserved];
    return { output: float(...rows, H), hidden: float(...state), cell: float(...state), reserve };
  }

  const isTimeMajor = layout === 'time-major';

  it.each([
    [
      'forwards, training',
      `CudnnRNNV3[T=DT_FLOAT, ${LSTM.replace(', num', ', is_training=true, num')}, time_major=${isTimeMajor}]`,
      () => cudnnLstm(engine, layout, inputs(), true),
    ],
    [
      'forwards',
      `CudnnRNNV3[T=DT_FLOAT, ${LSTM.replace(', num', ', is_training=false, num')}, time_major=${isTimeMajor}]`,
      () => cudnnLstm(engine, layout, inputs(), false),
    ],
    [
      'backwards',
      `CudnnRNNBackpropV3[T=DT_FLOAT, ${LSTM}, time_major=${isTimeMajor}]`,
      () => cudnnLstmBack(engine, layout, inputs(), run(), run()),
    ],
  ])('%s: the only thing that TensorFlow lacks is a kernel', (_what, node, call) => {
    const message = refusalOf(call);
    expect(message).toMatch(/^TensorFlow op CudnnRNN\w*V3: Could not find device for node: /);
    expect(message).toContain(`= ${node}`);
  });

  it('an input too few is refused for itself', () => {
    const short = { ...run(), reserve: [] };
    expect(refusalOf(() => cudnnLstmBack(engine, layout, inputs(), short, run()))).toMatch(
      /expected inputs .* do not match 11 inputs/,
    );
  });

  it('says for each window that it has all positions', () => {
    const execute = vi.spyOn(engine, 'execute').mockImplementation((operation, _attributes, inputs) => {
      throw new Error(`${operation} of lengths ${engine.readInt32(inputs[4]).join()}`);
    });
    try {
      const lengths = new Array<number>(B).fill(T).join();
      expect(refusalOf(() => cudnnLstm(engine, layout, inputs(), true))).toBe(
        `CudnnRNNV3 of lengths ${lengths}`,
      );
    } finally {
      execute.mockRestore();
    }
  });

  it('leaves nothing behind where it is refused', () => {
    const before = engine.liveHandles;
    refusalOf(() => cudnnLstm(engine, layout, inputs(), true));
    expect(engine.liveHandles).toBe(before);
  });
});

it('the size of cuDNN’s vector: the only thing that TensorFlow lacks is a kernel', () => {
  const message = refusalOf(() => cudnnLstmSize(engine, I, H));
  expect(message).toMatch(/^TensorFlow op CudnnRNNParamsSize: Could not find device for node: /);
  expect(message).toContain(`= CudnnRNNParamsSize[S=DT_INT32, T=DT_FLOAT, ${LSTM}]`);
});
