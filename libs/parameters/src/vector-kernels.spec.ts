/**
 * Goal: what runs is what is written. Method: the text assembled anew. What each kernel computes is tested with the loop that it
 * stands in for, in this library, libs/optimizer and libs/codec.
 */
import { expect, it } from 'vitest';
import { assembleVectorKernels } from './assemble-vector-kernels.js';
import { VECTOR_KERNELS } from './vector-kernels-binary.js';

it('is vector-kernels.wat: npm run kernels', async () => {
  expect(VECTOR_KERNELS).toBe(await assembleVectorKernels());
});
