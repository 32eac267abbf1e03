import { RocinanteError } from '@rocinante/base';
import { MICRO_BATCHES_MAX } from '@rocinante/codec';
import { EngineMemoryError, EngineOperationError } from '@rocinante/engine';
import type { RunConfig } from '@rocinante/training';

/**
 * A run's micro-batch does not fit the memory of what it is computed on.
 * Cause: it is too large for the network and the card, or others on the card took its memory.
 */
export class MicroBatchMemoryError extends RocinanteError {
  /**
   * @param windows of the micro-batch; @param fitting the largest that was tried and fits, null where none does.
   * @param model of what it was computed on.
   */
  constructor(
    readonly windows: number,
    readonly fitting: number | null,
    model: string,
    cause: Error,
  ) {
    const isPresumed = cause instanceof EngineMemoryError && cause.isPresumed;
    const short = isPresumed ? 'with which cuDNN failed, presumably as it is short' : 'for which it is short';
    super(
      'MICRO_BATCH_MEMORY',
      2,
      `micro-batch: expected one that fits the memory of ${model}, received ${windows} windows, ${short}; ` +
        (fitting === null
          ? 'no smaller one of this batch fits what is free of it; use a smaller network, another card, or fewer workers on this one' +
            (isPresumed ? ', or do without cuDNN: --lstm fused' : '')
          : `${fitting} ${fitting === 1 ? 'window fits' : 'windows fit'} what is free of it now, as was tried: --micro-batch ${fitting}`),
      { cause },
    );
  }
}

/**
 * cuDNN failed for every micro-batch that was tried, the smallest too: that is its own failure or the card's, and no want of memory.
 * The exit code is 1, so that it counts against the card.
 */
export function cudnnFailure(windows: number, { operation, cause }: EngineMemoryError): EngineOperationError {
  return new EngineOperationError(operation, cause, {
    code: 'CUDNN_FAILED',
    exitCode: 1,
    what: ` failed with micro-batches of ${windows} windows, and of every smaller size that was tried`,
    remedy: '; the card may be failing; to do without cuDNN: --lstm fused',
  });
}

/** Micro-batches below the run's that its batch can be cut into, in ascending order. */
export function smallerMicroBatches({
  batch: { size, microBatch },
  codec,
}: Pick<RunConfig, 'batch' | 'codec'>): number[] {
  const least = Math.ceil(size / MICRO_BATCHES_MAX[codec.up]);
  const sizes: number[] = [];
  for (let windows = least; windows < microBatch; windows++) if (size % windows === 0) sizes.push(windows);
  return sizes;
}

/**
 * The largest that can be computed, by trying from the smallest on: one try alone fails, since TensorFlow then waits for ten
 * seconds for memory that others might free.
 * @param sizes in ascending order; @param compute throws an EngineMemoryError where there is not the memory.
 * @returns null where none can.
 */
export function largestComputed(sizes: readonly number[], compute: (windows: number) => void): number | null {
  let largest: number | null = null;
  for (const windows of sizes) {
    try {
      compute(windows);
    } catch (error) {
      if (error instanceof EngineMemoryError) return largest;
      throw error;
    }
    largest = windows;
  }
  return largest;
}
