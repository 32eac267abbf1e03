import { symbolsNeeded } from '@rocinante/corpus';
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
  config: Pick<RunConfig, 'batch' | 'text'>,
  windowsPerEpoch: number,
  subject = 'corpus',
): void {
  const { size } = config.batch;
  if (size <= windowsPerEpoch) return;
  throw new UsageError(
    `${subject}: expected a batch of at most ${grouped(windowsPerEpoch)} windows, which is all there is to train on, ` +
      `received ${grouped(size)}; take a smaller --batch or --scale-batch (at most ${largestBatch(config, windowsPerEpoch)}), ` +
      `or a longer text (${grouped(charactersForBatch(config))} characters)`,
  );
}

/** The options of the largest batch that so many windows allow, with the same micro-batch where that fits. */
export function largestBatch({ batch: { microBatch } }: Pick<RunConfig, 'batch'>, windows: number): string {
  const largest = windows - (windows % microBatch);
  return largest > 0
    ? `--batch ${largest} --micro-batch ${microBatch}`
    : `--batch ${windows} --micro-batch ${windows}`;
}

/** The fewest characters of a text with which a run may begin as it is configured. */
export function charactersForBatch({ batch, text }: Pick<RunConfig, 'batch' | 'text'>): number {
  const { window: length, stride, heldOut: split } = text;
  return symbolsNeeded({ length, stride, split }, batch.size);
}
