/** What a run does between two pieces of work, as a function of where it stands: one move at a time, until it waits or works. */
import { earlyEnd } from './early-stopping.js';
import type { RunOutcome, SaveReason } from './effects.js';
import type { RunEvent } from './events.js';
import { evaluationDue } from './plan.js';
import type { RunProgress, RunShape } from './run-state.js';
import type { RunPhase } from './run-view.js';
import type { Saves } from './saves.js';

/** A run that has no work in hand. */
export interface Between {
  readonly shape: RunShape;
  readonly progress: RunProgress;
  /** Live workers. */
  readonly workers: number;
  readonly saves: Pick<Saves, 'isUnderWay' | 'isAny' | 'has' | 'multipleIsDue' | 'intervalIsOver'>;
  /** A save that must begin before the run goes on. */
  readonly owed: { readonly reason: SaveReason; readonly best: boolean } | null;
  /** The request to end before the end; null without one. */
  readonly stop: Extract<RunEvent, { type: 'stop-requested' }> | null;
  /** Why nothing goes on from the closed state; null where it does. */
  readonly divergence: string | null;
  readonly held: boolean;
  /** By the clock of events, in milliseconds. */
  readonly now: number;
}

/** The next move. `wait`: until an event; `record`: an evaluation point at which nothing is held out to evaluate. */
export type Move =
  | { readonly type: 'wait' | 'record' | 'evaluate' | 'train' }
  | { readonly type: 'save'; readonly reason: SaveReason; readonly best: boolean }
  | { readonly type: 'finish'; readonly outcome: RunOutcome; readonly reason: string };

const WAIT: Move = { type: 'wait' };

/** What a run does next that stands so. */
export function nextMove(between: Between): Move {
  const { shape, progress, saves, owed, stop, divergence, held, workers, now } = between;
  if (divergence !== null) {
    // What is being saved may be the state that the run will go back to.
    if (saves.isUnderWay) return WAIT;
    return { type: 'finish', outcome: 'diverged', reason: divergence };
  }
  if (owed) return saves.isUnderWay ? WAIT : { type: 'save', ...owed };
  const due = evaluationDue(shape, progress);
  if (due && shape.evaluationPieces === 0) return { type: 'record' };
  const end = due ? null : endOf(shape, progress);
  if (stop !== null || end !== null) {
    if (saves.isUnderWay) return WAIT;
    if (!saves.has(progress)) return { type: 'save', reason: end === null ? 'stop' : 'end', best: false };
    if (end !== null) return { type: 'finish', outcome: 'done', reason: end };
    return { type: 'finish', outcome: 'stopped', reason: stopReason(progress.step, stop!.reason) };
  }
  // The checkpoint before the first step must be whole, so that a kill at any time can be resumed.
  if (!saves.isAny) return WAIT;
  if (due) return { type: 'evaluate' };
  if (held) return WAIT;
  // Not owed before it can begin: one that waits for the save under way would begin even when the run is held by then.
  if (saves.multipleIsDue(progress)) {
    return saves.isUnderWay ? WAIT : { type: 'save', reason: 'interval', best: false };
  }
  if (saves.intervalIsOver(progress, now)) return { type: 'save', reason: 'interval', best: false };
  return workers < shape.minWorkers ? WAIT : { type: 'train' };
}

/** What displays say of a run that has no work in hand. */
export function phaseBetween({
  shape,
  progress,
  saves,
  owed,
  stop,
  divergence,
  held,
}: Omit<Between, 'now'>): RunPhase {
  const isEnding = divergence !== null || stop !== null || endOf(shape, progress) !== null;
  if (isEnding || owed !== null || !saves.isAny) return 'saving';
  if (held) return 'held';
  return saves.multipleIsDue(progress) ? 'saving' : 'waiting';
}

/** Why the run is done where it stands, all its evaluations recorded; null where it is not. */
export function endOf(shape: RunShape, { step, history }: RunProgress): string | null {
  if (step === shape.stepsTotal)
    return step === 1 ? 'its one step is closed' : `all ${step} steps are closed`;
  return earlyEnd(shape, history);
}

function stopReason(step: number, reason: string | undefined): string {
  return reason === undefined
    ? `stopped on request after step ${step}`
    : `stopped after step ${step}: ${reason}`;
}
