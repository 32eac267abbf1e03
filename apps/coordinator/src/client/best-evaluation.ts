import type { HistoryPointMessage } from '@rocinante/wire';

/**
 * The evaluation that is a run's best: the last that was better than all before it, by its held-out loss or else by the training one.
 * Null before the first, and of a long run where the coordinator tells of it no more.
 */
export function bestEvaluation(history: readonly HistoryPointMessage[]): HistoryPointMessage | null {
  return history.findLast(({ best }) => best) ?? null;
}
