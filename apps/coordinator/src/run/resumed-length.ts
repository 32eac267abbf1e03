import type { EncodedCorpus } from '@rocinante/corpus';
import type { RunConfig } from '@rocinante/training';
import type { ConfigFlags } from '../config.js';
import { counted } from '../display/quantities.js';
import type { RunLength } from './prepared-run.js';
import type { RunLimits } from './run-limits.js';
import { shapeOf } from './run-shape.js';

/** What a run that goes on is to be, and what is to be told of its length; null for nothing. */
export interface ResumedLength {
  readonly config: RunConfig;
  readonly line: string | null;
}

/**
 * A file may make a run that goes on longer, but no shorter than it is: it may be the one that the run was begun with, before options made
 * it longer. These may make it shorter too.
 * @param config with the file's length, or that of the options.
 * @param saved the run's own.
 */
export function resumedLength(
  config: RunConfig,
  saved: RunConfig,
  { config: file, steps, epochs }: Pick<ConfigFlags, 'config' | 'steps' | 'epochs'>,
  corpus: EncodedCorpus,
  limits: RunLimits,
): ResumedLength {
  if (file === undefined || steps !== undefined || epochs !== undefined) return { config, line: null };
  const own = { ...config, steps: saved.steps, epochs: saved.epochs };
  const stepsOf = (one: RunConfig): number => shapeOf(one, corpus, limits).stepsTotal;
  if (stepsOf(config) >= stepsOf(own)) return { config, line: null };
  return {
    config: own,
    line: `--config ${file}: the run is longer than its ${lengthText(config)}, and keeps its own ${lengthText(own)}`,
  };
}

function lengthText({ steps, epochs }: RunLength): string {
  return steps === null ? counted(epochs, 'epoch') : counted(steps, 'step');
}
