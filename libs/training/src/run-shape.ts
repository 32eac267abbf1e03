import { networkLayout } from '@rocinante/model';
import { stepsPerEpoch } from './plan.js';
import { microBatchesOf, networkOf, type RunConfig } from './run-config.js';
import type { RunShape } from './run-state.js';
import { runWindows } from './run-windows.js';

/** What of the corpus a run's shape follows from. */
export interface CorpusSize {
  readonly symbolCount: number;
  readonly vocabularySize: number;
  /** What messages call the text. */
  readonly subject?: string;
}

/** What of a shape is not of the run's identity: it decides no numbers. */
export type ShapeLimits = Pick<RunShape, 'checkpointIntervalMs' | 'checkpointEverySteps' | 'minWorkers'> &
  Partial<Pick<RunShape, 'auditShare' | 'normChecks'>>;

/**
 * The shape of a run over its corpus: how many steps, micro-batches, pieces and ranges.
 * @throws {CorpusTooShortError} a part of the text has no window.
 */
export function runShape(
  config: RunConfig,
  { symbolCount, vocabularySize, subject }: CorpusSize,
  limits: ShapeLimits,
): RunShape {
  const { windows, evaluation } = runWindows(config, symbolCount, subject);
  const shape: RunShape = {
    stepsTotal: config.steps ?? 1,
    windowsPerEpoch: windows.train.count,
    microBatchesPerStep: microBatchesOf(config),
    windowsPerMicroBatch: config.batch.microBatch,
    evaluationPieces: evaluation?.pieceCount ?? 0,
    evaluationUnits: evaluation?.unitCount ?? 0,
    evaluateEverySteps: config.evaluation.everySteps ?? 0,
    patience: config.earlyStopping?.patience ?? 0,
    minDelta: config.earlyStopping?.minDelta ?? 0,
    rangeCount: networkLayout(networkOf(config, vocabularySize)).ranges.length,
    clips: config.optimizer.clipNorm > 0,
    seed: config.seed,
    auditShare: 0,
    normChecks: true,
    spikeFactor: config.divergence.spikeFactor,
    anchorEverySteps: config.divergence.then === 'rollback' ? config.divergence.anchorEverySteps : 0,
    ...limits,
  };
  return config.steps === null ? { ...shape, stepsTotal: config.epochs * stepsPerEpoch(shape) } : shape;
}
