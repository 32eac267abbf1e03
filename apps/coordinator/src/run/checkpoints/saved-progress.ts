/** Where a run stood, as its checkpoint keeps it. */
import { z } from 'zod';
import type { Checkpoint } from '@rocinante/checkpoint';
import { noProgress, type RunProgress } from '@rocinante/training';
import { UsageError } from '../../errors.js';

const count = z.int().min(0);

/**
 * What an earlier release did not keep, and a number that JSON cannot have, is as in a run that has not begun; what a later
 * release keeps beside is passed over.
 */
const savedSchema = z.object({
  step: count,
  epochLossSum: z.number().nullish(),
  epochLossWindows: count.nullish(),
  lastLoss: z.number().nullish(),
  bestLoss: z.number().nullish(),
  lossLevel: z.object({ smoothed: z.number(), lowest: z.number() }).nullish().catch(null),
  anchorStep: count.nullish(),
  rollbacks: z.array(z.object({ fromStep: count, toStep: count })).nullish(),
});

/** @throws {UsageError} it has another step's, or none that can be read. */
export function progressOf({ step, issueCount, lossHistory, further }: Checkpoint): RunProgress {
  const saved = savedSchema.safeParse(jsonOf(further.progress ?? '{}'));
  if (!saved.success) {
    throw new UsageError(
      `checkpoint of step ${step}: its progress is not as this release writes it; remove it`,
    );
  }
  if (saved.data.step !== step) {
    throw new UsageError(
      `checkpoint of step ${step}: it has the progress of step ${saved.data.step}; remove it`,
    );
  }
  const known = Object.fromEntries(Object.entries(saved.data).filter(([, value]) => value != null));
  return { ...noProgress, ...known, issues: issueCount, history: lossHistory };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
