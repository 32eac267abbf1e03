import type { RunConfig } from '@rocinante/training';
import { grouped } from './display/quantities.js';
import { UsageError } from './errors.js';

/**
 * Refuses a run that begins with a batch of more windows than its text has to train on: every step would be the whole
 * epoch, and none the batch that was asked for. A run that goes on keeps what an earlier release took.
 * @param windowsPerEpoch windows of the training part.
 * @param subject what messages call the text.
 * @throws {UsageError} one line with both, and the largest batch that there is.
 */
export function refuseBatchBeyondText(
  { batch: { size, microBatch } }: Pick<RunConfig, 'batch'>,
  windowsPerEpoch: number,
  subject = 'corpus',
): void {
  if (size <= windowsPerEpoch) return;
  const largest = windowsPerEpoch - (windowsPerEpoch % microBatch);
  const options =
    largest > 0
      ? `--batch ${largest} --micro-batch ${microBatch}`
      : `--batch ${windowsPerEpoch} --micro-batch ${windowsPerEpoch}`;
  throw new UsageError(
    `${subject}: expected a batch of at most ${grouped(windowsPerEpoch)} windows, which is all there is to train on, ` +
      `received ${grouped(size)}; take a smaller --batch or --scale-batch (at most ${options}), or a longer text`,
  );
}
