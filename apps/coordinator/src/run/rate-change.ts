import { learningRateAt } from '@rocinante/optimizer';
import { rateShareOf, type RunConfig, type RunProgress } from '@rocinante/training';
import type { PreparedRun } from './prepared-run.js';
import { shapeOf } from './run-shape.js';

/** The learning rate of a run's step, counted from 0, by a length in steps and by how often the run has gone back by then. */
export function rateOfStep(
  config: RunConfig,
  progress: RunProgress,
  step: number,
  stepsTotal: number,
): number {
  const { schedule, optimizer } = config;
  return rateShareOf(config, progress) * learningRateAt(schedule, optimizer.learningRate, step, stepsTotal);
}

/** The learning rate of a run's next step, by the length that it had and by the one that it has. */
export interface RateChange {
  readonly from: number;
  readonly to: number;
}

/**
 * What another length does to the learning rate: a schedule that comes down over the whole run goes up again where that is longer.
 * @returns null where nothing changes, and where no step is left.
 */
export function rateChange({
  config,
  corpus,
  limits,
  shape,
  loaded,
  lengthBefore,
}: PreparedRun): RateChange | null {
  if (lengthBefore === null || loaded === null) return null;
  const { progress } = loaded;
  const before = shapeOf({ ...config, ...lengthBefore }, corpus, limits).stepsTotal;
  if (progress.step >= shape.stepsTotal) return null;
  // Of a run that was at its end the last step's.
  const from = rateOfStep(config, progress, Math.min(progress.step, before - 1), before);
  const to = rateOfStep(config, progress, progress.step, shape.stepsTotal);
  return from === to ? null : { from, to };
}
