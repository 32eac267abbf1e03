import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { Engine } from './engine.js';
import { EngineMemoryError, EngineOperationError, operationError } from './errors.js';
import {
  add,
  addAll,
  concatenate,
  constantZeros,
  gatherRows,
  matMul,
  reshape,
  sliceColumns,
  sliceFirst,
  splitColumns,
  statelessPairs,
  sumFirst,
  sumRowsByIndex,
  toFloat,
  transpose,
  unpack,
  zeros,
} from './ops.js';

const engine = Engine.load();
const matrix = (rows: number, columns: number, values: readonly number[]) =>
  engine.float32(Float32Array.from(values), [rows, columns]);
const numbers = (tensor: Parameters<Engine['readFloat32']>[0]) => [...engine.readFloat32(tensor)];

describe('Engine', () => {
  it('is loaded once, and only with the same threads', () => {
    expect(Engine.load({ threads: 1 })).toBe(engine);
    expect(() => Engine.load({ threads: 3 })).toThrow(/threads/);
  });

  it('describes what decides the bits', () => {
    expect(engine.description.tensorflowVersion).toMatch(/^2\./);
    expect(engine.description.features.join(' ')).toMatch(/sse4_2.*L1d=/);
  });

  it('frees what a scope made, and hands its result up', () => {
    const before = engine.liveHandles;
    const kept: { sum: ReturnType<typeof add> }[] = engine.scope(() => {
      const a = matrix(1, 2, [1, 2]);
      return [{ sum: add(engine, a, a) }];
    });
    expect(engine.liveHandles).toBe(before + 1);
    expect(numbers(kept[0].sum)).toEqual([2, 4]);
    engine.free(kept[0].sum);
    expect(engine.liveHandles).toBe(before);
  });

  it('makes a scalar once on a card, and for the scope on a processor', () => {
    const { description } = engine;
    const before = engine.liveHandles;
    const twice = () =>
      engine.scope(() => [engine.scalar(0.5), engine.scalar(0.5)].map((scalar) => numbers(scalar)));
    expect(twice()).toEqual([[0.5], [0.5]]);
    expect(engine.liveHandles).toBe(before);
    Object.defineProperty(engine, 'description', {
      value: { ...description, device: 'gpu' },
      configurable: true,
    });
    try {
      for (const times of [1, 2]) {
        expect(twice(), `${times}`).toEqual([[0.5], [0.5]]);
        expect(engine.liveHandles).toBe(before + 1);
      }
      const zero = engine.scope(() => constantZeros(engine, [2, 3]));
      expect(numbers(zero)).toEqual([0, 0, 0, 0, 0, 0]);
      engine.free(zero);
      expect(engine.liveHandles).toBe(before + 2);
    } finally {
      Object.defineProperty(engine, 'description', { value: description, configurable: true });
    }
  });

  it('hands a result up one scope only', () => {
    const before = engine.liveHandles;
    engine.scope(() => {
      const inner = engine.scope(() => matrix(1, 1, [3]));
      expect(numbers(inner)).toEqual([3]);
    });
    expect(engine.liveHandles).toBe(before);
  });

  it('frees what a scope made when it throws', () => {
    const before = engine.liveHandles;
    const fail = () =>
      engine.scope(() => {
        matMul(engine, matrix(1, 2, [1, 2]), matrix(1, 2, [1, 2]));
      });
    expect(fail).toThrow(EngineOperationError);
    expect(fail).toThrow(/MatMul/);
    expect(engine.liveHandles).toBe(before);
  });

  // TensorFlow waits for ten seconds for memory that others might free.
  it('says of memory that is not there that it is short', { timeout: 60_000 }, () => {
    const before = engine.liveHandles;
    const fail = () => zeros(engine, [2 ** 23, 2 ** 23]);
    expect(fail).toThrow(
      expect.objectContaining({ name: 'EngineMemoryError', code: 'ENGINE_OUT_OF_MEMORY', exitCode: 2 }),
    );
    expect(engine.liveHandles).toBe(before);
  });

  it.each([
    'Invalid TF_Status: 8\nMessage: failed to allocate memory',
    'Invalid TF_Status: 13\nMessage: Dst tensor is not initialized.',
    'Invalid TF_Status: 13\nMessage: Failed to create cuDNN handle: CUDNN_STATUS_ALLOC_FAILED',
    'Invalid TF_Status: 13\nMessage: CUDA_ERROR_OUT_OF_MEMORY: out of memory',
  ])('knows by %j that memory is short', (said) => {
    const error = operationError('MatMul', new Error(said));
    expect(error).toBeInstanceOf(EngineMemoryError);
    expect(error.message).toMatch(
      /^TensorFlow op MatMul has not the memory it needs on the device: .*; use a smaller --micro-batch, or fewer workers on the card$/,
    );
  });

  it('keeps what is kept until it is freed', () => {
    const before = engine.liveHandles;
    const kept = engine.scope(() => {
      engine.keep(matrix(1, 1, [5]));
      const tensor = engine.keep(matrix(1, 1, [7]));
      return { tensor };
    }).tensor;
    expect(engine.liveHandles).toBe(before + 2);
    engine.free(kept);
    expect(engine.liveHandles).toBe(before + 1);
  });

  it('refuses values that do not fill the shape', () => {
    expect(() => matrix(2, 2, [1, 2, 3])).toThrow(/\[2, 2\] has 4 elements, not 3/);
  });

  it.each([0, 1, 3, 16])('reads back what was given, %i floats into a buffer', (offset) => {
    // TensorFlow shares memory at addresses that are multiples of 64 and copies at others: both must hold the values.
    const buffer = new Float32Array(64);
    const values = buffer.subarray(offset, offset + 4).fill(1.5);
    const tensor = engine.float32(values, [4]);
    expect(numbers(tensor)).toEqual([1.5, 1.5, 1.5, 1.5]);
    engine.free(tensor);
  });

  it('holds the memory of an array that only TensorFlow still knows', () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const tensor = engine.float32(new Float32Array(1 << 16).fill(2), [1 << 16]);
    collectGarbage();
    const later = Array.from({ length: 50 }, () => new Float32Array(1 << 16).fill(9));
    const sum = engine.scope(() => numbers(sumFirst(engine, reshape(engine, tensor, [1 << 16, 1])))[0]);
    expect(later).toHaveLength(50);
    expect(sum).toBe(2 ** 17);
    engine.free(tensor);
  });
});

describe('ops', () => {
  const check = (name: string, run: () => void) => it(name, () => engine.scope(run));

  check('matMul takes transposed factors', () => {
    const a = matrix(2, 3, [1, 2, 3, 4, 5, 6]);
    expect(numbers(matMul(engine, a, a, { b: true }))).toEqual([14, 32, 32, 77]);
    expect(numbers(matMul(engine, a, a, { a: true }))).toEqual([17, 22, 27, 22, 29, 36, 27, 36, 45]);
    expect(numbers(matMul(engine, a, transpose(engine, a)))).toEqual([14, 32, 32, 77]);
  });

  check('cut and join along the first axis', () => {
    const a = matrix(3, 2, [1, 2, 3, 4, 5, 6]);
    expect(unpack(engine, a).map(numbers)).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    expect(numbers(sliceFirst(engine, a, 1, 2))).toEqual([3, 4, 5, 6]);
    expect(numbers(sliceColumns(engine, a, 1, 1))).toEqual([2, 4, 6]);
    expect(concatenate(engine, [a, a]).shape).toEqual([6, 2]);
    expect(numbers(sumFirst(engine, a))).toEqual([9, 12]);
    expect(numbers(addAll(engine, [a, a, a]))).toEqual([3, 6, 9, 12, 15, 18]);
    expect(splitColumns(engine, a, 2).map(numbers)).toEqual([
      [1, 3, 5],
      [2, 4, 6],
    ]);
  });

  check('gather rows and sum them back by index', () => {
    const indices = engine.int32(Int32Array.of(2, 0, 2), [3]);
    const gathered = gatherRows(engine, matrix(3, 2, [1, 2, 3, 4, 5, 6]), indices);
    expect(numbers(gathered)).toEqual([5, 6, 1, 2, 5, 6]);
    expect(numbers(sumRowsByIndex(engine, gathered, indices, 3))).toEqual([1, 2, 0, 0, 10, 12]);
  });

  check('stateless numbers are a function of shape and key', () => {
    const draw = (word: number) =>
      numbers(toFloat(engine, statelessPairs(engine, 10, engine.int32(Int32Array.of(word, 9), [2]))));
    expect(draw(1)).toHaveLength(20);
    expect(Math.max(...draw(1))).toBeGreaterThan(32_768);
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });
});
