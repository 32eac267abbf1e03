import { expect, it } from 'vitest';
import { createLayout } from '@rocinante/parameters';
import { kernelBlocks } from './kernel-blocks.js';

it('are those of kernels, and neither those of biases nor of embeddings', () => {
  const layout = createLayout([
    { name: 'embedding/embeddings', shape: [9, 8] },
    { name: 'lstm_1/kernel', shape: [8, 256] },
    { name: 'lstm_1/recurrent_kernel', shape: [64, 256] },
    { name: 'lstm_1/bias', shape: [256] },
    { name: 'dense/kernel', shape: [64, 9] },
    { name: 'dense/bias', shape: [9] },
  ]);
  expect([...kernelBlocks(layout)]).toEqual([0, 1, 1, ...Array<number>(16).fill(1), 0, 1, 0]);
});
