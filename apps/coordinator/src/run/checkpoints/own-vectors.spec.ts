import { UnreadableCheckpointError, type Checkpoint } from '@rocinante/checkpoint';
import { expect, it } from 'vitest';
import { ownVectors } from './own-vectors.js';

const vector = (): Float32Array => Float32Array.of(1, 2, 3);
const read = { parameters: vector(), m: vector(), v: vector(), magnitudes: vector(), step: 7 };

it('has copies of what was read, in shared memory', () => {
  const own = ownVectors('step-00000007.safetensors', read as unknown as Checkpoint);
  expect(own).toMatchObject({ step: 7, magnitudes: vector() });
  for (const copy of [own.parameters, own.m, own.v]) {
    expect(copy.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect([...copy]).toEqual([1, 2, 3]);
  }
});

it('says that there is no memory for them, and is no error of ours', () => {
  // More than any machine has: the allocation is refused as one that a small machine refuses.
  const m = { length: 2 ** 50 };
  const call = (): unknown =>
    ownVectors('step-00000007.safetensors', { ...read, m } as unknown as Checkpoint);
  expect(call).toThrow(UnreadableCheckpointError);
  expect(call).toThrow(
    /^step-00000007\.safetensors: expected to read it, but it takes more memory than there is: /,
  );
});
