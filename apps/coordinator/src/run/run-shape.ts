import type { EncodedCorpus } from '@rocinante/corpus';
import { runShape, type RunConfig, type RunShape } from '@rocinante/training';
import type { RunLimits } from './run-limits.js';

/**
 * The shape of a run over its text.
 * @param subject what messages call the text.
 * @throws {CorpusTooShortError} a part of the text has no window.
 */
export function shapeOf(
  config: RunConfig,
  corpus: EncodedCorpus,
  limits: RunLimits,
  subject?: string,
): RunShape {
  const { checkpointSeconds } = limits;
  return runShape(
    config,
    {
      symbolCount: corpus.ids.length,
      vocabularySize: corpus.vocabulary.size,
      ...(subject !== undefined && { subject }),
    },
    {
      checkpointIntervalMs: checkpointSeconds === 'auto' ? 'auto' : checkpointSeconds * 1000,
      checkpointEverySteps: limits.keepEverySteps,
      minWorkers: limits.minWorkers,
      auditShare: limits.auditShare,
      normChecks: limits.normChecks === 'on',
    },
  );
}
