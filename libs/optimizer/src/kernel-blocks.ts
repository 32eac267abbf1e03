import type { ParameterLayout } from '@rocinante/parameters';

/**
 * The blocks that decay where weight decay is for kernels alone: those of tensors that Keras names so, `lstm_1/recurrent_kernel`
 * among them, and not biases and embeddings.
 * @returns [blocks of the layout], 1 for those and 0 for others.
 */
export function kernelBlocks({ tensors, blockCount }: ParameterLayout): Uint8Array {
  const decayed = new Uint8Array(blockCount);
  for (const { name, firstBlock, blockCount: count } of tensors) {
    if (name.endsWith('kernel')) decayed.fill(1, firstBlock, firstBlock + count);
  }
  return decayed;
}
