import { expect, it } from 'vitest';
import { refuseBatchBeyondText } from './batch-fit.js';
import { UsageError } from './errors.js';
import { presets } from './presets.js';

const refusal = (size: number, microBatch: number, windows: number): unknown => {
  try {
    const batch = { size, microBatch };
    refuseBatchBeyondText({ batch, text: presets.quick.text }, windows, 'corpus bundled');
  } catch (error) {
    return error;
  }
  return null;
};

it.each([
  [32, 16, 10_712],
  [32, 16, 33],
  [32, 16, 32],
])(
  'a batch of %i in micro-batches of %i is taken where there are %i windows',
  (size, microBatch, windows) => {
    expect(refusal(size, microBatch, windows)).toBeNull();
  },
);

it.each([
  [131_072, 256, 10_712, '10,712', '131,072', '--batch 10496 --micro-batch 256', '14,563,557'],
  [32, 16, 31, '31', '32', '--batch 16 --micro-batch 16', '3,557'],
  [32, 16, 15, '15', '32', '--batch 15 --micro-batch 15', '3,557'],
])('a batch of %i in micro-batches of %i is refused where there are %i windows', (...values) => {
  const [size, microBatch, windows, there, asked, options, characters] = values;
  const error = refusal(size, microBatch, windows);
  expect(error).toBeInstanceOf(UsageError);
  expect((error as UsageError).message).toBe(
    `corpus bundled: expected a batch of at most ${there} windows, which is all there is to train on, received ${asked}; ` +
      `take a smaller --batch or --scale-batch (at most ${options}), or a longer text (${characters} characters)`,
  );
});
