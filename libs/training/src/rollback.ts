/** Going back where a run diverges: how often, to what, and at which rate it goes on. */
import { assert } from '@rocinante/base';
import type { RunConfig } from './run-config.js';
import type { RunProgress } from './run-state.js';

/** Whether a run that has diverged here goes back. */
export function goesBack({ divergence }: RunConfig, { rollbacks }: RunProgress): boolean {
  return divergence.then === 'rollback' && rollbacks.length < divergence.rollbacksMax;
}

/**
 * The progress of a run that goes back.
 * @param anchor the one it had after `diverged.anchorStep` steps.
 */
export function wentBack(diverged: RunProgress, anchor: RunProgress): RunProgress {
  assert(anchor.step === diverged.anchorStep, `expected the state of step ${diverged.anchorStep}`);
  const rollback = { fromStep: diverged.step, toStep: anchor.step };
  return { ...anchor, rollbacks: [...diverged.rollbacks, rollback] };
}

/** What the schedule's learning rate is multiplied by, in the steps that follow. */
export function rateShareOf({ divergence }: RunConfig, { rollbacks }: RunProgress): number {
  return rollbacks.reduce((share) => share * divergence.rateFactor, 1);
}
