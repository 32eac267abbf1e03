// An engine on which cuDNN's ops are there, for specs: they are computed by cudnn-model.ts, and everything else as ever. What it
// demands of an op is what TensorFlow's kernels demand (tensorflow/core/kernels/cudnn_rnn_ops.cc), and what we do: one layer, all lengths alike.
import { assert } from '@rocinante/base';
import { EngineOperationError, type CudnnLayout, type Engine, type Tensor } from '@rocinante/engine';
import { modelBackward, modelForward, type CudnnShape, type CudnnState } from './cudnn-model.js';

type Execute = Engine['execute'];

/** TensorFlow's numbers for types. */
const [FLOAT32, INT32, INT8] = [1, 3, 6];

/** Ops of cuDNN that were run since the stand-in began. */
export interface CudnnStandIn {
  readonly ran: string[];
  /** Layouts in which cuDNN fails, in the words that TensorFlow has for it. */
  readonly broken: Set<CudnnLayout>;
  /** Changes what a backward op gives for the vector's gradient. */
  spoil: (vector: Float32Array) => void;
  /** By how many elements the vector of a layer is longer than the weights. */
  padding: (inputs: number, units: number) => number;
  end(): void;
}

/** Begins to answer cuDNN's ops; `end` puts the engine back as it was. */
export function standInForCudnn(engine: Engine): CudnnStandIn {
  const real: Execute = engine.execute.bind(engine);
  const standIn: CudnnStandIn = {
    ran: [],
    broken: new Set(),
    spoil: () => undefined,
    padding: () => 0,
    end: () => delete (engine as Partial<Engine>).execute,
  };
  engine.execute = (operation, attributes, inputs, outputCount) => {
    if (!operation.startsWith('CudnnRNN')) return real(operation, attributes, inputs, outputCount);
    const said = Object.fromEntries(attributes.map(({ name, value }) => [name, value]));
    const { time_major: isTimeMajor, is_training: isTraining, ...common } = said;
    assert(JSON.stringify(common, Object.keys(common).sort()) === COMMON[operation], JSON.stringify(common));
    standIn.ran.push(operation);
    if (operation === 'CudnnRNNParamsSize') return [paramsSize(engine, inputs, standIn.padding)];
    assert(typeof isTimeMajor === 'boolean', 'the layout is said');
    const layout = isTimeMajor ? 'time-major' : 'batch-major';
    const isForward = operation === 'CudnnRNNV3';
    if (standIn.broken.has(layout)) {
      const words = `Failed to call DoRnn${isForward ? 'Forward' : 'Backward'} with model config: `;
      throw new EngineOperationError(operation, new Error(`Invalid TF_Status: 13\nMessage: ${words}`));
    }
    const given = read(engine, layout, inputs);
    const made = isForward
      ? forward(engine, given, isTraining === true)
      : backward(engine, given, inputs.slice(5), standIn.spoil);
    assert(made.length === outputCount, 'the op’s number of outputs');
    return made;
  };
  return standIn;
}

const LSTM = {
  T: FLOAT32,
  direction: 'unidirectional',
  dropout: 0,
  input_mode: 'linear_input',
  num_proj: 0,
  rnn_mode: 'lstm',
  seed: 0,
  seed2: 0,
};

/** The attributes of each op, but for layout and training. */
const COMMON: Readonly<Record<string, string>> = {
  CudnnRNNV3: JSON.stringify(LSTM),
  CudnnRNNBackpropV3: JSON.stringify(LSTM),
  CudnnRNNParamsSize: JSON.stringify({ S: INT32, ...LSTM }),
};

function paramsSize(
  engine: Engine,
  inputs: readonly Tensor[],
  padding: (inputs: number, units: number) => number,
): Tensor {
  const [layers, H, I] = inputs.map((input) => engine.readInt32(input)[0]);
  assert(layers === 1, 'one layer an op');
  return engine.int32(Int32Array.of(4 * H * (I + H + 2) + padding(I, H)), [1]);
}

/** What forward and backward are given alike; arrays are time-major. */
interface Given {
  readonly shape: CudnnShape;
  readonly layout: CudnnLayout;
  readonly input: Float64Array;
  readonly before: CudnnState;
  readonly vector: Float64Array;
}

function read(
  engine: Engine,
  layout: CudnnLayout,
  [input, hidden, cell, vector, lengths]: readonly Tensor[],
): Given {
  const [[T, B], I] = [inLayout(layout, input.shape), input.shape[2]];
  const [[layers, rows], H] = [inLayout(layout, hidden.shape), hidden.shape[2]];
  assert(layers === 1 && rows === B, `states are [1, B, H] or [B, 1, H], not [${hidden.shape.join()}]`);
  assert(cell.shape.join() === hidden.shape.join(), 'hidden state and cell are of one shape');
  assert(vector.shape.join() === `${4 * H * (I + H + 2)}`, 'the vector is whole');
  assert(lengths.shape.join() === `${B}`, `a length for each of ${B} windows, not [${lengths.shape.join()}]`);
  assert(
    engine.readInt32(lengths).every((length) => length === T),
    `${T} positions for each window`,
  );
  const values = (tensor: Tensor): Float64Array => Float64Array.from(engine.readFloat32(tensor));
  return {
    shape: { T, B, I, H },
    layout,
    input: timeMajorOf(layout, T, B, values(input)),
    before: { hidden: values(hidden), cell: values(cell) },
    vector: values(vector),
  };
}

/** The first two of a shape as time-major has them. */
function inLayout(layout: CudnnLayout, [first, second]: readonly number[]): readonly [number, number] {
  return layout === 'time-major' ? [first, second] : [second, first];
}

/** [B, T, …] as [T, B, …] where the layout is batch-major. */
function timeMajorOf(layout: CudnnLayout, T: number, B: number, values: Float64Array): Float64Array {
  return layout === 'time-major' ? values : swapped(values, B, T);
}

/** [M, N, …] as [N, M, …]. */
function swapped(values: Float64Array, M: number, N: number): Float64Array {
  const size = values.length / (M * N);
  const result = new Float64Array(values.length);
  for (let m = 0; m < M; m++) {
    for (let n = 0; n < N; n++) {
      const start = (m * N + n) * size;
      result.set(values.subarray(start, start + size), (n * M + m) * size);
    }
  }
  return result;
}

/** What the reserve of a forward pass for training holds here: backward must be given it. */
const RESERVED = 17;

function forward(engine: Engine, given: Given, isTraining: boolean): Tensor[] {
  const { T, B, H } = given.shape;
  const { output, cells } = modelForward(given.shape, given.vector, given.input, given.before);
  const last = (T - 1) * B * H;
  const scalar = engine.float32(Float32Array.of(0), []);
  const [hostReserved] = engine.execute(
    'Cast',
    [
      { name: 'SrcT', type: 4, value: FLOAT32 },
      { name: 'DstT', type: 4, value: INT8 },
    ],
    [scalar],
    1,
  );
  return [
    rowsOf(engine, given, output, H),
    stateOf(engine, given, output.slice(last)),
    stateOf(engine, given, cells.slice(last)),
    isTraining ? engine.float32(Float32Array.of(RESERVED), [1]) : scalar,
    hostReserved,
  ];
}

function backward(
  engine: Engine,
  given: Given,
  inputs: readonly Tensor[],
  spoil: (vector: Float32Array) => void,
): Tensor[] {
  const { shape, layout, input, before, vector } = given;
  const { T, B, I, H } = shape;
  const [output, hidden, cell, outputGradient, hiddenGradient, cellGradient, reserve, hostReserved] = inputs;
  assert(inputs.length === 8, 'the op’s number of inputs');
  assert(reserve.shape.join() === '1' && engine.readFloat32(reserve)[0] === RESERVED, 'a pass for training');
  assert(hostReserved.dtype === INT8 && hostReserved.shape.length === 0, 'what V3 gives, an int8');
  const rows = layout === 'time-major' ? [T, B, H] : [B, T, H];
  const state = layout === 'time-major' ? [1, B, H] : [B, 1, H];
  for (const { shape } of [output, outputGradient]) assert(shape.join() === rows.join(), 'outputs’ shape');
  for (const { shape } of [hidden, cell, hiddenGradient, cellGradient])
    assert(shape.join() === state.join(), 'states’ shape');
  const pass = modelForward(shape, vector, input, before);
  const values = (tensor: Tensor): Float64Array => Float64Array.from(engine.readFloat32(tensor));
  const timeMajor = (tensor: Tensor): Float64Array => timeMajorOf(layout, T, B, values(tensor));
  assert(
    timeMajor(output).every((value, index) => Math.abs(value - pass.output[index]) < 1e-6),
    'the output is the one of this pass',
  );
  const after = { hidden: values(hiddenGradient), cell: values(cellGradient) };
  const made = modelBackward(shape, vector, input, before, pass, timeMajor(outputGradient), after);
  const vectorGradient = Float32Array.from(made.vector);
  spoil(vectorGradient);
  return [
    rowsOf(engine, given, made.input, I),
    stateOf(engine, given, new Float64Array(B * H)),
    stateOf(engine, given, new Float64Array(B * H)),
    engine.float32(vectorGradient, [vectorGradient.length]),
  ];
}

/** Time-major rows [T, B, C] as the layout has them. */
function rowsOf(
  engine: Engine,
  { shape: { T, B }, layout }: Given,
  values: Float64Array,
  size: number,
): Tensor {
  return layout === 'time-major'
    ? engine.float32(Float32Array.from(values), [T, B, size])
    : engine.float32(Float32Array.from(swapped(values, T, B)), [B, T, size]);
}

function stateOf(engine: Engine, { shape: { B, H }, layout }: Given, values: Float64Array): Tensor {
  return engine.float32(Float32Array.from(values), layout === 'time-major' ? [1, B, H] : [B, 1, H]);
}
