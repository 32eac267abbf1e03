import { checkpointsOf, type Manifest, type StoredCheckpoint } from './manifest.js';

/** Which checkpoints a store keeps: as the run's directory does. */
export interface KeepRules {
  readonly keepLast: number;
  readonly keepEverySteps: number;
}

/** What else decides it, at the moment. */
export interface KeptNow {
  /** Of the best; null where none is known. */
  readonly bestName: string | null;
  /** The step that a run that diverges goes back to; null for none. */
  readonly anchorStep: number | null;
}

/** What a run has behind it. */
export interface RunPosition {
  readonly step: number;
  /** Each time that it went back, and to which step. */
  readonly rollbacks: readonly { readonly toStep: number }[];
}

/**
 * A manifest's checkpoints as the run still counts them: without those of steps that it has gone back behind since.
 * The one that it went back to was written anew, and is not the same.
 */
export function stillValid(manifest: Manifest, { rollbacks }: RunPosition): StoredCheckpoint[] {
  const returns = rollbacks.slice(manifest.rollbacks);
  const lowest = Math.min(...returns.map(({ toStep }) => toStep));
  return checkpointsOf(manifest).filter(({ step }) => returns.length === 0 || step < lowest);
}

/**
 * Those that are kept, newest first, each with whether it is needed. The newest always is: there is a last good one.
 * @param checkpoints in any order, one a step.
 */
export function keptOf(
  checkpoints: readonly StoredCheckpoint[],
  { keepLast, keepEverySteps }: KeepRules,
  { bestName, anchorStep }: KeptNow,
): StoredCheckpoint[] {
  return [...checkpoints]
    .sort((a, b) => b.step - a.step)
    .map((one) => ({ ...one, needed: one.name === bestName || one.step === anchorStep }))
    .filter(
      ({ step, needed }, index) =>
        index < keepLast || needed || (keepEverySteps > 0 && step % keepEverySteps === 0),
    );
}

/** Whether a manifest is further than a run's position: it has gone back more often, or as often and has more steps. */
export function isAhead({ rollbacks, latest }: Manifest, position: RunPosition): boolean {
  if (rollbacks !== position.rollbacks.length) return rollbacks > position.rollbacks.length;
  return (latest?.step ?? 0) > position.step;
}
