import {
  createBatchPlan,
  planEvaluation,
  planWindows,
  type BatchPlan,
  type EvaluationPlan,
  type WindowPlan,
} from '@rocinante/corpus';
import type { RunConfig } from './run-config.js';

/** A run's windows, how they are dealt to steps and micro-batches, and what its evaluations compute. */
export interface RunWindows {
  readonly windows: WindowPlan;
  readonly batches: BatchPlan;
  /** null where nothing is held out. */
  readonly evaluation: EvaluationPlan | null;
}

/**
 * The windows of a run over a text of `symbolCount` symbols: the same on the coordinator and on every worker.
 * @param subject what messages call the text.
 * @throws {CorpusTooShortError} a part of the text has no window.
 */
export function runWindows(config: RunConfig, symbolCount: number, subject?: string): RunWindows {
  const { text, batch } = config;
  const { window: length, stride, heldOut: split } = text;
  const windows = planWindows(symbolCount, {
    length,
    stride,
    split,
    batch: batch.size,
    ...(subject !== undefined && { subject }),
  });
  const batches = createBatchPlan({
    windowCount: windows.train.count,
    batch: batch.size,
    microBatch: batch.microBatch,
    order: text.order,
  });
  const evaluation =
    windows.validation &&
    planEvaluation(windows.validation, {
      loss: config.network.loss,
      microBatch: batch.microBatch,
      symbolsMax: config.evaluation.symbolsMax,
    });
  return { windows, batches, evaluation };
}
