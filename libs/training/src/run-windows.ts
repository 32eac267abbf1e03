import { createBatchPlan, planWindows, type BatchPlan, type WindowPlan } from '@rocinante/corpus';
import type { RunConfig } from './run-config.js';

/** A run's windows, and how they are dealt to steps and micro-batches. */
export interface RunWindows {
  readonly windows: WindowPlan;
  readonly batches: BatchPlan;
}

/**
 * The windows of a run over a text of `symbolCount` symbols: the same on the coordinator and on every worker.
 * @throws {CorpusTooShortError} a part of the text has no window.
 */
export function runWindows(config: RunConfig, symbolCount: number): RunWindows {
  const { text, batch } = config;
  const windows = planWindows(symbolCount, { length: text.window, stride: text.stride, split: text.heldOut });
  const batches = createBatchPlan({
    windowCount: windows.train.count,
    batch: batch.size,
    microBatch: batch.microBatch,
    order: text.order,
  });
  return { windows, batches };
}
