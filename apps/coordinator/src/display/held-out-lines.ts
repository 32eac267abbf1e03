import type { RunSummaryMessage } from '@rocinante/wire';
import { stepsShown } from '../client/comparison.js';
import type { HeldOutComparison, HeldOutLoss } from '../client/held-out-comparison.js';
import { duration, grouped, lossShown } from './quantities.js';
import { table } from './table.js';

/** Evaluations that are shown, evenly over all, the first and the last among them. */
const EVALUATIONS_SHOWN = 8;

/** Two runs' held-out losses, and how fast and how long each was, for a person. */
export function heldOutLines(
  names: readonly [string, string],
  { evaluations, best, last }: HeldOutComparison,
  runs: readonly [RunSummaryMessage, RunSummaryMessage],
): string[] {
  const pair = (show: (which: 0 | 1) => string): [string, string] => [show(0), show(1)];
  const rows = stepsShown(evaluations.length, EVALUATIONS_SHOWN).map((place) => {
    const { step, first, second } = evaluations[place - 1];
    const differs = first !== null && second !== null ? difference(first, second) : '-';
    return [grouped(step), lossShown(first), lossShown(second), differs];
  });
  const losses =
    rows.length === 0
      ? ['held-out losses: none yet']
      : ['held-out losses, in nats a character:', table(['step', ...names, 'difference'], rows)];
  const facts: readonly (readonly [string, string, string])[] = [
    ['best', ...pair((which) => placedShown(best[which]))],
    ['last', ...pair((which) => placedShown(last[which]))],
    ['windows/s', ...pair((which) => runs[which].windowsPerSecond?.toFixed(1) ?? '-')],
    ['active', ...pair((which) => duration(runs[which].activeHours * 3600))],
  ];
  return [...losses, '', table(['', ...names], facts)];
}

function difference(first: number, second: number): string {
  if (first === second) return 'equal';
  return `${second > first ? '+' : ''}${(second - first).toFixed(4)}`;
}

function placedShown(loss: HeldOutLoss | null): string {
  return loss === null ? '-' : `${lossShown(loss.validationLoss)} at step ${grouped(loss.step)}`;
}
