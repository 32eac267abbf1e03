// An engine on which cuDNN's ops are there, for specs: they are computed by cudnn-model.ts, and everything else as ever.
import { assert } from '@rocinante/base';
import type { Engine, Tensor } from '@rocinante/engine';
import { modelBackward, modelForward, type CudnnShape, type CudnnState } from './cudnn-model.js';

type Execute = Engine['execute'];

/** Ops of cuDNN that were run since the stand-in began. */
export interface CudnnStandIn {
  readonly ran: string[];
  /** Names of ops that fail as if the card could not run them. */
  readonly broken: Set<string>;
  /** Changes what a backward op gives for the vector's gradient. */
  spoil: (vector: Float32Array) => void;
  end(): void;
}

/** Begins to answer cuDNN's ops; `end` puts the engine back as it was. */
export function standInForCudnn(engine: Engine): CudnnStandIn {
  const real: Execute = engine.execute.bind(engine);
  const standIn: CudnnStandIn = {
    ran: [],
    broken: new Set(),
    spoil: () => undefined,
    end: () => delete (engine as Partial<Engine>).execute,
  };
  engine.execute = (operation, attributes, inputs, outputCount) => {
    if (!operation.startsWith('CudnnRNN') || standIn.broken.has(operation)) {
      return real(operation, attributes, inputs, outputCount);
    }
    standIn.ran.push(operation);
    const said = Object.fromEntries(attributes.map(({ name, value }) => [name, value]));
    assert(said['rnn_mode'] === 'lstm' && said['dropout'] === 0, 'a layer of an LSTM without dropout');
    if (operation === 'CudnnRNNParamsSize') return [paramsSize(engine, inputs)];
    if (operation.startsWith('CudnnRNNBackprop')) return backward(engine, operation, inputs, standIn.spoil);
    return forward(engine, operation, inputs, said['is_training'] === true);
  };
  return standIn;
}

function paramsSize(engine: Engine, inputs: readonly Tensor[]): Tensor {
  const [layers, H, I] = inputs.map((input) => engine.readInt32(input)[0]);
  assert(layers === 1, 'one layer an op');
  return engine.int32(Int32Array.of(4 * H * (I + H + 2)), [1]);
}

/** What forward and backward are given alike. */
function read(
  engine: Engine,
  [input, hidden, cell, vector]: readonly Tensor[],
): { shape: CudnnShape; input: Float64Array; before: CudnnState; vector: Float64Array } {
  const [T, B, I] = input.shape;
  const [layers, rows, H] = hidden.shape;
  assert(layers === 1 && rows === B && cell.shape.join() === hidden.shape.join(), 'states are [1, B, H]');
  const values = (tensor: Tensor): Float64Array => Float64Array.from(engine.readFloat32(tensor));
  const shape = { T, B, I, H };
  assert(vector.shape.length === 1 && vector.shape[0] === 4 * H * (I + H + 2), 'the vector is whole');
  return {
    shape,
    input: values(input),
    before: { hidden: values(hidden), cell: values(cell) },
    vector: values(vector),
  };
}

/** What the reserve of a forward pass for training holds here: backward must be given it. */
const RESERVED = [17, 23];

function forward(
  engine: Engine,
  operation: string,
  inputs: readonly Tensor[],
  isTraining: boolean,
): Tensor[] {
  const { shape, input, before, vector } = read(engine, inputs);
  const { T, B, H } = shape;
  const { output, cells } = modelForward(shape, vector, input, before);
  const float = (values: Float64Array, dimensions: readonly number[]): Tensor =>
    engine.float32(Float32Array.from(values), dimensions);
  const last = (T - 1) * B * H;
  const reserve = operation.endsWith('V2') ? RESERVED : RESERVED.slice(0, 1);
  return [
    float(output, [T, B, H]),
    float(output.slice(last), [1, B, H]),
    float(cells.slice(last), [1, B, H]),
    ...reserve.map((value) => engine.float32(Float32Array.of(isTraining ? value : 0), [1])),
  ];
}

function backward(
  engine: Engine,
  operation: string,
  inputs: readonly Tensor[],
  spoil: (vector: Float32Array) => void,
): Tensor[] {
  const { shape, input, before, vector } = read(engine, inputs);
  const { T, B, I, H } = shape;
  const [output, , , outputGradient, hiddenGradient, cellGradient, ...reserve] = inputs.slice(4);
  const marks = reserve.map((tensor) => engine.readFloat32(tensor)[0]);
  const expected = operation.endsWith('V2') ? RESERVED : RESERVED.slice(0, 1);
  assert(marks.join() === expected.join(), `the reserve of a pass for training: ${marks.join()}`);
  const pass = modelForward(shape, vector, input, before);
  const values = (tensor: Tensor): Float64Array => Float64Array.from(engine.readFloat32(tensor));
  assert(
    values(output).every((value, index) => Math.abs(value - pass.output[index]) < 1e-6),
    'the output is the one of this pass',
  );
  const after = { hidden: values(hiddenGradient), cell: values(cellGradient) };
  const made = modelBackward(shape, vector, input, before, pass, values(outputGradient), after);
  const vectorGradient = Float32Array.from(made.vector);
  spoil(vectorGradient);
  const state = (): Tensor => engine.float32(new Float32Array(B * H), [1, B, H]);
  return [
    engine.float32(Float32Array.from(made.input), [T, B, I]),
    state(),
    state(),
    engine.float32(vectorGradient, [vectorGradient.length]),
  ];
}
