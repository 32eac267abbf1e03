import type { HistoryPointMessage } from '@rocinante/wire';
import { bestEvaluation } from './best-evaluation.js';
import type { ShownRun } from './coordinator.js';

/** Two runs' held-out losses after one step, in nats a character; null where the run was not evaluated there. */
export interface EvaluationPair {
  readonly step: number;
  readonly first: number | null;
  readonly second: number | null;
}

/** A run's held-out loss, and after which step it was that. */
export interface HeldOutLoss {
  readonly step: number;
  readonly epoch: number;
  readonly validationLoss: number;
}

/** Two runs' evaluations, as far as the coordinator tells of them: the newest of long runs. */
export interface HeldOutComparison {
  /** Of all steps after which either was evaluated, ascending. */
  readonly evaluations: readonly EvaluationPair[];
  /** The lowest, the earliest of equals; null where a run has none, or it is told of no more. */
  readonly best: readonly [HeldOutLoss | null, HeldOutLoss | null];
  readonly last: readonly [HeldOutLoss | null, HeldOutLoss | null];
}

/** Puts two runs' evaluations side by side, by the steps after which they were made. */
export function compareHeldOut(first: ShownRun, second: ShownRun): HeldOutComparison {
  const [a, b] = [evaluationsOf(first), evaluationsOf(second)];
  const [ofA, ofB] = [a, b].map((losses) => new Map(losses.map((one) => [one.step, one.validationLoss])));
  const steps = [...new Set([...ofA.keys(), ...ofB.keys()])].sort((one, other) => one - other);
  return {
    evaluations: steps.map((step) => ({ step, first: ofA.get(step) ?? null, second: ofB.get(step) ?? null })),
    best: [bestOf(first), bestOf(second)],
    last: [a.at(-1) ?? null, b.at(-1) ?? null],
  };
}

function evaluationsOf({ history }: ShownRun): HeldOutLoss[] {
  return history.flatMap((entry) => heldOutOf(entry) ?? []);
}

function bestOf({ history }: ShownRun): HeldOutLoss | null {
  const best = bestEvaluation(history);
  return best && heldOutOf(best);
}

function heldOutOf({ step, epoch, validationLoss }: HistoryPointMessage): HeldOutLoss | null {
  return validationLoss === undefined ? null : { step, epoch, validationLoss };
}
