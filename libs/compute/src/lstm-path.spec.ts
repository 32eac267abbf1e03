// Each path against plain, layer by layer, on a processor. What cuDNN computes is written out in cudnn-model.ts, in float64.
import { RandomStream } from '@rocinante/base';
import { Engine, EngineMemoryError, type Tensor } from '@rocinante/engine';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fromCudnn, toCudnn } from './cudnn-parameters.js';
import { CudnnPath } from './cudnn-path.js';
import { standInForCudnn, type CudnnStandIn } from './spec-cudnn-stand-in.js';
import { FusedPath } from './fused-path.js';
import { Float32Products } from './float32-products.js';
import { copySwappingGates } from './gate-order.js';
import { RowsInput } from './layer-input.js';
import type { LstmPath } from './lstm-path.js';
import type { LayerWeights } from './network-weights.js';
import { Network } from './network.js';
import { PlainPath } from './plain-path.js';
import { networkOf } from './random-network.js';

/** Of a tensor's largest value: some hundreds of float32's roundings of 6e-8. */
const TOLERANCE = 1e-5;

const engine = Engine.load();
let standIn: CudnnStandIn;
beforeEach(() => (standIn = standInForCudnn(engine)));
afterEach(() => standIn.end());

const SIZES = [1, 3, 5, 7].flatMap((H) => [1, 83].map((I) => ({ I, H })));
const PATHS: readonly (readonly [string, () => LstmPath])[] = [
  ['cudnn', () => new CudnnPath(engine, 'time-major')],
  ['cudnn-batch-major', () => new CudnnPath(engine, 'batch-major')],
  ['fused', () => new FusedPath(engine)],
];

/** Seeded numbers in [−scale, scale]. */
function numbers(stream: number, length: number, scale: number): Float32Array {
  const random = new RandomStream(5, 'simulation', stream);
  return Float32Array.from({ length }, () => (2 * random.uniform() - 1) * scale);
}

/** A layer's parameters as the flat layout has them, in Keras's order of gates. */
interface KerasLayer {
  readonly kernel: Float32Array;
  readonly recurrent: Float32Array;
  readonly bias: Float32Array;
}

function kerasLayer(I: number, H: number): KerasLayer {
  return {
    kernel: numbers(1, I * 4 * H, I > 1 ? 0.3 : 1),
    recurrent: numbers(2, H * 4 * H, 0.8),
    bias: numbers(3, 4 * H, 0.7),
  };
}

/** Those parameters on the engine, as a path wants them. */
function weightsFor(path: LstmPath, { kernel, recurrent, bias }: KerasLayer, H: number): LayerWeights {
  const inOrder = (values: Float32Array, shape: readonly number[]): Tensor => {
    const copy = values.slice();
    if (path.gateOrder !== 'i, f, c, o') copySwappingGates(values, copy, 0, H);
    return engine.float32(copy, shape);
  };
  return {
    kernel_I4H: inOrder(kernel, [kernel.length / (4 * H), 4 * H]),
    recurrent_H4H: inOrder(recurrent, [H, 4 * H]),
    bias_4H: inOrder(bias, [4 * H]),
    derived: (_name, make) => make(),
  };
}

/** All that a path computes of a layer, weights' gradients in Keras's order. */
function everythingOf(path: LstmPath, { I, H }: { I: number; H: number }): Record<string, Float32Array> {
  const [T, B] = [4, 8];
  return engine.scope(() => {
    const layer = weightsFor(path, kerasLayer(I, H), H);
    const input = new RowsInput(
      new Float32Products(engine),
      engine.float32(numbers(4, T * B * I, 1), [T * B, I]),
    );
    const state = { hidden: numbers(5, B * H, 1), cell: numbers(6, B * H, 2) };
    const initial = {
      hidden: engine.float32(state.hidden, [B, H]),
      cell: engine.float32(state.cell, [B, H]),
    };
    const inKeras = (tensor: Tensor): Float32Array => {
      const values = engine.readFloat32(tensor);
      const copy = values.slice();
      if (path.gateOrder !== 'i, f, c, o') copySwappingGates(values, copy, 0, H);
      return copy;
    };
    const found: Record<string, Float32Array> = {};
    for (const [how, from] of [
      ['from zeros', undefined],
      ['from a state', initial],
    ] as const) {
      const { hidden_NH, end } = path.read(layer, input, { T, B }, from);
      found[`hidden states ${how}`] = engine.readFloat32(hidden_NH);
      found[`hidden state at the end ${how}`] = engine.readFloat32(end.hidden);
      found[`cell at the end ${how}`] = engine.readFloat32(end.cell);
    }
    for (const rows of [T * B, B]) {
      const run = path.forward(layer, input, { T, B });
      found[`hidden states for the way back from ${rows}`] = engine.readFloat32(run.hidden_NH);
      const gradient = engine.float32(numbers(7, rows * H, 1), [rows, H]);
      const made = path.backward(layer, input, run, gradient, { T, B });
      found[`kernel's gradient from ${rows}`] = inKeras(made.kernel_I4H);
      found[`recurrent kernel's gradient from ${rows}`] = inKeras(made.recurrent_H4H);
      found[`bias's gradient from ${rows}`] = inKeras(made.bias_4H);
      found[`input's gradient from ${rows}`] = engine.readFloat32(made.input_NI!);
    }
    return found;
  });
}

describe.each(PATHS)('the path %s', (_name, create) => {
  it.each(SIZES)('computes what plain does, $I inputs and $H units', (size) => {
    const before = engine.liveHandles;
    const expected = everythingOf(new PlainPath(engine, 'sigmoid'), size);
    const received = everythingOf(create(), size);
    expect(Object.keys(received)).toEqual(Object.keys(expected));
    for (const [what, values] of Object.entries(expected)) {
      const largest = Math.max(...values.map(Math.abs));
      const error = Math.max(...values.map((value, index) => Math.abs(value - received[what][index])));
      expect(received[what], what).toHaveLength(values.length);
      expect(error / largest, what).toBeLessThan(TOLERANCE);
    }
    expect(engine.liveHandles).toBe(before);
  });
});

describe('cuDNN’s vector', () => {
  it.each(SIZES)('has each weight where cuDNN looks for it, $I inputs and $H units', ({ I, H }) => {
    engine.scope(() => {
      const layer = kerasLayer(I, H);
      const weights = weightsFor(new CudnnPath(engine, 'time-major'), layer, H);
      const vector = engine.readFloat32(toCudnn(engine, weights));
      const expected: number[] = [];
      for (let gate = 0; gate < 4; gate++)
        for (let unit = 0; unit < H; unit++)
          for (let k = 0; k < I; k++) expected.push(layer.kernel[k * 4 * H + gate * H + unit]);
      for (let gate = 0; gate < 4; gate++)
        for (let unit = 0; unit < H; unit++)
          for (let k = 0; k < H; k++) expected.push(layer.recurrent[k * 4 * H + gate * H + unit]);
      expected.push(...new Array<number>(4 * H).fill(0), ...layer.bias);
      expect([...vector]).toEqual(expected);

      const back = fromCudnn(engine, engine.float32(vector, [vector.length]), I, H);
      expect(engine.readFloat32(back.kernel_I4H)).toEqual(layer.kernel);
      expect(engine.readFloat32(back.recurrent_H4H)).toEqual(layer.recurrent);
      expect(engine.readFloat32(back.bias_4H)).toEqual(layer.bias);
    });
  });

  it('of another length than ours is refused with both', () => {
    standIn.padding = () => 24;
    expect(() => everythingOf(new CudnnPath(engine, 'time-major'), { I: 3, H: 5 })).toThrow(
      /^cuDNN's vector of a layer of 3 inputs and 5 units: expected 200 elements, received 224$/,
    );
  });

  it('of another length for one of a network’s layers leaves that network to plain', () => {
    const path = new CudnnPath(engine, 'time-major');
    standIn.padding = (I, H) => (I % 2) + (H % 2);
    const create = (units: readonly number[], vocabularySize: number): Network =>
      Network.create(engine, networkOf({ input: 'one-hot', loss: 'every', vocabularySize }, units), {
        windowLength: 3,
        path,
      });
    expect(create([4, 6], 8).path).toBe(path);
    expect(create([4, 7], 8).path.name).toBe('plain');
    expect(create([4, 6], 9).path.name).toBe('plain');
    expect(path.whyNot(create([4, 7], 8).spec)).toBe(
      "cuDNN's vector of a layer of 4 inputs and 7 units: expected 364 elements, received 365",
    );
  });
});

describe('a failure of cuDNN', () => {
  const read = (path: CudnnPath): unknown => everythingOf(path, { I: 3, H: 5 });

  it('is itself until the path has been found sound, and then taken for memory that is short', () => {
    const path = new CudnnPath(engine, 'time-major');
    standIn.broken.add('time-major');
    const before = engine.liveHandles;
    expect(() => read(path)).toThrow(/^TensorFlow op CudnnRNNV3: Failed to call DoRnnForward/);
    path.trust();
    expect(() => read(path)).toThrow(EngineMemoryError);
    expect(() => read(path)).toThrow(
      /^TensorFlow op CudnnRNNV3 failed, presumably as it has not the memory .*: Failed to call DoRnnForward .*; use a smaller --micro-batch/,
    );
    expect(engine.liveHandles).toBe(before);
  });

  it('on the way back is so, too, and others are themselves', () => {
    const path = new CudnnPath(engine, 'batch-major');
    path.trust();
    const execute = engine.execute.bind(engine);
    engine.execute = (operation, ...given) => {
      if (operation === 'CudnnRNNBackpropV3') standIn.broken.add('batch-major');
      return execute(operation, ...given);
    };
    expect(() => read(path)).toThrow(
      /^TensorFlow op CudnnRNNBackpropV3 failed, presumably as .* DoRnnBackward/,
    );
    engine.execute = (operation, ...given) =>
      execute(operation === 'CudnnRNNV3' ? 'NoOp9' : operation, ...given);
    expect(() => read(path)).toThrow(/^TensorFlow op NoOp9: /);
  });
});
