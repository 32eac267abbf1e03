/** What a simulated run must have come to. */
import type { SimulatedCheckpoint } from './simulated-surroundings.js';
import type { ToyReference } from './toy-problem.js';

/**
 * What is wrong with the state that a run ended in; null where it is the undisturbed run's.
 * @param lied whether reports may have lied about the grid: such a step is issued once more, which is not of the numbers.
 */
export function problemOfEnd(
  { progress, state }: SimulatedCheckpoint,
  { end, endState, diverges }: ToyReference,
  lied: boolean,
): string | null {
  const issues = lied ? progress.issues : end.issues;
  if (JSON.stringify(progress) !== JSON.stringify({ ...end, issues })) {
    return 'the run ends with another progress';
  }
  if (JSON.stringify(state) !== JSON.stringify(endState)) return 'the run ends with other parameters';
  return diverges ? 'the run ends well where it should not' : null;
}
