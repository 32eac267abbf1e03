import { describe, expect, it } from 'vitest';
import { EngineMemoryError } from '@rocinante/engine';
import { largestComputed, MicroBatchMemoryError, smallerMicroBatches } from './fitting-micro-batch.js';

describe('the micro-batches below one', () => {
  it.each([
    [{ size: 64, microBatch: 32 }, [1, 2, 4, 8, 16]],
    [{ size: 60, microBatch: 20 }, [1, 2, 3, 4, 5, 6, 10, 12, 15]],
    [{ size: 4096, microBatch: 32 }, [4, 8, 16]],
    [{ size: 7, microBatch: 1 }, []],
  ])('of %j', (batch, sizes) => {
    expect(smallerMicroBatches({ batch, codec: { up: 'int32-grid', down: 'float32' } })).toEqual(sizes);
  });
});

describe('the largest that fits', () => {
  const sizes = [1, 2, 4, 8, 16, 32];
  /** What is tried where so many windows fit, and what comes out. */
  function tryWith(room: number): { tried: number[]; found: number | null } {
    const tried: number[] = [];
    const found = largestComputed(sizes, (windows) => {
      tried.push(windows);
      if (windows > room) throw new EngineMemoryError('MatMul', 'OOM');
    });
    return { tried, found };
  }

  it.each([
    [0, null],
    [1, 1],
    [7, 4],
    [15, 8],
    [100, 32],
  ])('with room for %i is %s, and one try fails at most', (room, fitting) => {
    const { tried, found } = tryWith(room);
    expect(found).toBe(fitting);
    expect(tried.filter((windows) => windows > room).length).toBeLessThanOrEqual(1);
  });

  it('is not sought where something else is wrong', () => {
    expect(() =>
      largestComputed(sizes, () => {
        throw new Error('fell off the bus');
      }),
    ).toThrow('fell off the bus');
  });
});

it('is told in one line, with what was tried', () => {
  const error = new MicroBatchMemoryError(4096, 1024, 'NVIDIA H200', new Error('OOM'));
  expect([error.code, error.exitCode]).toEqual(['MICRO_BATCH_MEMORY', 2]);
  expect(error.message).toBe(
    'micro-batch: expected one that fits the memory of NVIDIA H200, received 4096 windows, for which it is short; ' +
      '1024 windows fit what is free of it now, as was tried: --micro-batch 1024',
  );
  expect(new MicroBatchMemoryError(8, null, 'NVIDIA H200', new Error('OOM')).message).toMatch(
    /received 8 windows, .*; no smaller one of this batch fits what is free of it; use a smaller network/,
  );
  const presumed = new EngineMemoryError('CudnnRNNV3', new Error('Failed to call DoRnnForward'), true);
  expect(new MicroBatchMemoryError(8, 4, 'NVIDIA H200', presumed).message).toMatch(
    /received 8 windows, with which cuDNN failed, presumably as it is short; 4 windows fit/,
  );
  expect(new MicroBatchMemoryError(8, null, 'NVIDIA H200', presumed).message).toMatch(
    /, presumably as it is short; no smaller .*, or do without cuDNN: --lstm fused$/,
  );
});
