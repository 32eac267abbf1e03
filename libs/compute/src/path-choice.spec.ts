// Goal: a path that fails or computes wrong is passed over, in one line that says why. Method: plain with a fault in place of
// a path; and the order of paths on a card, with cuDNN's ops answered by a model and the engine saying that it is on one.
import {
  Engine,
  EngineMemoryError,
  multiply,
  type CellStep,
  type EngineDescription,
  type Tensor,
} from '@rocinante/engine';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { standInForCudnn, type CudnnStandIn } from './spec-cudnn-stand-in.js';
import { PathMemoryError, PlainPathError } from './errors.js';
import type { LstmPath } from './lstm-path.js';
import { Network } from './network.js';
import { chooseLstmPath } from './path-choice.js';
import { compareWithPlain } from './path-comparison.js';
import { PlainPath } from './plain-path.js';
import { networkOf, randomBatch, randomParameters } from './random-network.js';

const engine = Engine.load();
const plain = new PlainPath(engine, 'sigmoid');

type SteppedPath = LstmPath<readonly CellStep[]>;

/** A path that is plain but for what a spec changes, and has another's name. */
function pathThat(change: (path: SteppedPath) => Partial<SteppedPath>): LstmPath {
  const base: SteppedPath = {
    name: 'cudnn',
    gateOrder: plain.gateOrder,
    read: (...given) => plain.read(...given),
    forward: (...given) => plain.forward(...given),
    backward: (...given) => plain.backward(...given),
  };
  return { ...base, ...change(base) };
}

const times = (tensor: Tensor, factor: number): Tensor =>
  engine.scope(() => multiply(engine, tensor, engine.float32(Float32Array.of(factor), [])));

const throwing = pathThat(() => ({
  forward: () => {
    engine.execute('CudnnRNNV9', [], [], 1);
    throw new Error('there is no such op');
  },
}));
const wrongForward = pathThat((path) => ({
  forward: (...given) => {
    const run = path.forward(...given);
    return { ...run, hidden_NH: times(run.hidden_NH, 1.01) };
  },
}));
const wrongBackward = pathThat((path) => ({
  backward: (...given) => {
    const made = path.backward(...given);
    return { ...made, bias_4H: times(made.bias_4H, 2) };
  },
}));
const wrongForOneInput = pathThat((path) => ({
  backward: (layer, ...given) => {
    const made = path.backward(layer, ...given);
    const [inputs] = layer.kernel_I4H.shape;
    return inputs === 1 ? { ...made, kernel_I4H: times(made.kernel_I4H, 2) } : made;
  },
}));
const withoutState = pathThat((path) => ({
  read: (layer, input, extent) => path.read(layer, input, extent),
}));
const noNumber = pathThat((path) => ({
  backward: (...given) => {
    const made = path.backward(...given);
    return { ...made, kernel_I4H: times(made.kernel_I4H, Number.NaN) };
  },
}));
const sound = pathThat(() => ({ name: 'cudnn-batch-major' }));

describe('a path that is not sound is passed over', () => {
  it.each([
    ['fails', throwing, /cudnn: TensorFlow op CudnnRNNV9: /],
    [
      'gives wrong hidden states',
      wrongForward,
      /cudnn: .* is off by 0\.\d+ of its largest value, expected 0\.0001 at most/,
    ],
    [
      'gives a wrong gradient',
      wrongBackward,
      /cudnn: the gradient of lstm_\d\/bias is off by 1\.0 of its largest/,
    ],
    [
      'is wrong with one input alone',
      wrongForOneInput,
      /cudnn: the gradient of lstm_1\/kernel is off by 1\.0 of/,
    ],
    ['forgets the state', withoutState, /cudnn: what follows from a carried state is off by /],
    ['gives what is no number', noNumber, /cudnn: the gradient of lstm_\d\/kernel is off by Infinity/],
  ])('one that %s', (_what, path, expected) => {
    const before = engine.liveHandles;
    const { path: taken, notice } = chooseLstmPath(engine, 'auto', [path, sound, plain]);
    expect(taken).toBe(sound);
    expect(notice).toMatch(/^LSTM path cudnn-batch-major is used, and not /);
    expect(notice).toMatch(expected);
    expect(notice).not.toContain('\n');
    expect(engine.liveHandles).toBe(before);
  });

  it('several are told of in one line', () => {
    const { path, reason, notice } = chooseLstmPath(engine, 'auto', [throwing, wrongBackward, plain]);
    expect(path).toBe(plain);
    expect(notice).toMatch(/^LSTM path plain is used, and not cudnn: .*; not cudnn: the gradient of/);
    expect(reason).toBe(notice!.slice('LSTM path plain is used, and '.length));
  });

  it('one that is sound is taken without a word, and says how near it is', () => {
    expect(compareWithPlain(engine, sound)).toEqual({ difference: 0, where: 'nothing' });
    const { path, reason, notice } = chooseLstmPath(engine, 'auto', [sound, plain]);
    expect({ path, reason, notice }).toEqual({
      path: sound,
      reason: 'it agrees with plain to 0.0',
      notice: null,
    });
  });
});

describe('on a processor', () => {
  it('plain is taken, and nothing is compared', () => {
    const execute = vi.spyOn(engine, 'execute');
    expect(chooseLstmPath(engine, 'auto')).toMatchObject({ path: { name: 'plain' }, notice: null });
    expect(chooseLstmPath(engine, 'plain')).toMatchObject({ reason: 'asked for', notice: null });
    expect(execute).not.toHaveBeenCalled();
    execute.mockRestore();
  });

  it('fused is taken where it is asked for, and says what it is', () => {
    const { path, reason, notice } = chooseLstmPath(engine, 'fused');
    expect(path.name).toBe('fused');
    expect(reason).toMatch(
      /^it agrees with plain to \d\.\de-\d; on a processor its bits follow from the number of threads, here 1$/,
    );
    expect(notice).toBeNull();
  });

  it('cudnn is passed over, in one line', () => {
    expect(chooseLstmPath(engine, 'cudnn')).toMatchObject({
      path: { name: 'plain' },
      notice:
        'LSTM path plain is used, and not cudnn: expected a GPU, and the engine computes on a processor',
    });
  });
});

describe('on a card', () => {
  let standIn: CudnnStandIn;
  const { description } = engine;
  const describeAs = (value: EngineDescription): void =>
    void Object.defineProperty(engine, 'description', { value, configurable: true });

  beforeEach(() => {
    standIn = standInForCudnn(engine);
    describeAs({ ...description, device: 'gpu' });
    vi.stubEnv('NVIDIA_TF32_OVERRIDE', '0');
  });
  afterEach(() => {
    standIn.end();
    describeAs(description);
    vi.unstubAllEnvs();
  });

  it.each(['auto', 'cudnn'] as const)('%s takes cuDNN on rows as they are', (choice) => {
    const { path, reason, notice } = chooseLstmPath(engine, choice);
    expect(path.name).toBe('cudnn');
    expect(reason).toMatch(/^it agrees with plain to \d\.\de-\d$/);
    expect(notice).toBeNull();
    expect(new Set(standIn.ran)).toEqual(new Set(['CudnnRNNV3', 'CudnnRNNBackpropV3', 'CudnnRNNParamsSize']));
  });

  it('then on rows that are transposed for it', () => {
    standIn.broken.add('time-major');
    const { path, notice } = chooseLstmPath(engine, 'auto');
    expect(path.name).toBe('cudnn-batch-major');
    expect(notice).toMatch(
      /^LSTM path cudnn-batch-major is used, and not cudnn: TensorFlow op CudnnRNNV3: Failed to call DoRnnForward/,
    );
  });

  it('then fused, where cuDNN fails in both layouts', () => {
    for (const layout of ['time-major', 'batch-major'] as const) standIn.broken.add(layout);
    const { path, notice } = chooseLstmPath(engine, 'auto');
    expect(path.name).toBe('fused');
    expect(notice).toMatch(
      /^LSTM path fused is used, and not cudnn: .*; not cudnn-batch-major: TensorFlow op /,
    );
  });

  it('then fused, where the vector’s gradient is not as we read it', () => {
    standIn.spoil = (vector) => vector.reverse();
    const { path, notice } = chooseLstmPath(engine, 'auto');
    expect(path.name).toBe('fused');
    expect(notice).toMatch(
      /^LSTM path fused is used, and not cudnn: the gradient of .*; not cudnn-batch-major: the g/,
    );
  });

  it('cuDNN is taken, and compared, where its vector is padded for layers of odd sizes alone; not where it always is', () => {
    standIn.padding = (I, H) => (I % 2) + (H % 2);
    expect(chooseLstmPath(engine, 'auto')).toMatchObject({ path: { name: 'cudnn' }, notice: null });
    standIn.spoil = (vector) => vector.reverse();
    expect(chooseLstmPath(engine, 'auto').path.name).toBe('fused');
    standIn.spoil = () => undefined;
    standIn.padding = () => 1;
    const { path, notice } = chooseLstmPath(engine, 'auto');
    expect(path.name).toBe('fused');
    expect(notice).toMatch(
      /not cudnn: cuDNN's vector of a layer of 5 inputs and 7 units: expected 392 elements, /,
    );
  });

  it('a failure of the path that is taken means that memory is short from then on', () => {
    const { path } = chooseLstmPath(engine, 'auto');
    const network = Network.create(
      engine,
      networkOf({ input: 'one-hot', loss: 'last', vocabularySize: 4 }, [6]),
      {
        windowLength: 3,
        path,
      },
    );
    network.setParameters(randomParameters(network, 1, 1));
    standIn.broken.add('time-major');
    expect(() => network.evaluate(randomBatch(network.spec, 3, 8, 1))).toThrow(EngineMemoryError);
    network.dispose();
  });

  it('fused and plain where they are asked for', () => {
    expect(chooseLstmPath(engine, 'fused').reason).toMatch(/^it agrees with plain to \d\.\de-\d$/);
    expect(chooseLstmPath(engine, 'plain')).toMatchObject({ path: { name: 'plain' }, reason: 'asked for' });
    expect(standIn.ran).toEqual([]);
  });

  it('with TF32 a difference of a hundredth is let pass, and a wrong term is not', () => {
    vi.stubEnv('NVIDIA_TF32_OVERRIDE', undefined);
    standIn.spoil = (vector) => vector.forEach((value, index) => (vector[index] = value * 1.005));
    expect(chooseLstmPath(engine, 'auto').path.name).toBe('cudnn');
    standIn.spoil = (vector) => vector.forEach((value, index) => (vector[index] = value * 1.05));
    expect(chooseLstmPath(engine, 'auto').path.name).toBe('fused');
  });

  it.each([
    ['plain', 'Sigmoid'],
    ['cudnn', 'CudnnRNNV3'],
    ['fused', 'BlockLSTM'],
  ])('memory that is short while %s is compared decides nothing: it is told, with 2', (name, op) => {
    if (name === 'fused')
      for (const layout of ['time-major', 'batch-major'] as const) standIn.broken.add(layout);
    const execute = engine.execute.bind(engine);
    const before = engine.liveHandles;
    const spy = vi.spyOn(engine, 'execute').mockImplementation((operation, ...given) => {
      if (operation === op) throw new EngineMemoryError(op, new Error('OOM when allocating tensor'));
      return execute(operation, ...given);
    });
    try {
      chooseLstmPath(engine, 'auto');
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(PathMemoryError);
      expect(error).toMatchObject({ code: 'LSTM_PATH_MEMORY', exitCode: 2, path: name });
      expect((error as Error).message).toMatch(/found too little on .* \(TensorFlow op \w+\); end what else/);
      expect((error as Error).message).not.toContain('micro-batch');
    } finally {
      spy.mockRestore();
    }
    expect(engine.liveHandles).toBe(before);
  });

  it('what ails plain is told of plain, and not of the others', () => {
    const execute = engine.execute.bind(engine);
    const before = engine.liveHandles;
    const spy = vi
      .spyOn(engine, 'execute')
      .mockImplementation((operation, ...given) =>
        execute(operation === 'LSTMBlockCell' || operation === 'Sigmoid' ? 'NoOp9' : operation, ...given),
      );
    try {
      expect(() => chooseLstmPath(engine, 'auto')).toThrow(PlainPathError);
      expect(() => chooseLstmPath(engine, 'auto')).toThrow(
        /^LSTM path plain, with which the others are compared: expected that .* computes it, received TensorFlow op NoOp9: .*; without the card: --device cpu$/,
      );
      expect(chooseLstmPath(engine, 'plain').path.name).toBe('plain');
    } finally {
      spy.mockRestore();
    }
    expect(engine.liveHandles).toBe(before);
  });
});
