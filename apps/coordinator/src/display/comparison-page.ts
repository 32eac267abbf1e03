import type { ConfigDifference, LossComparison } from '../client/comparison.js';
import { counted, grouped } from './quantities.js';
import { table } from './table.js';

/** Two runs side by side, for a person. `names` are the runs', the first one's first. */
export function comparisonPage(
  names: readonly [string, string],
  differences: readonly ConfigDifference[],
  losses: LossComparison,
): string {
  const value = (shown: unknown): string => JSON.stringify(shown);
  const config =
    differences.length === 0
      ? ['configurations: the same']
      : [
          'configurations:',
          table(
            ['key', ...names],
            differences.map(({ key, first, second }) => [key, value(first), value(second)]),
          ),
        ];
  const rows = losses.pairs.map(({ step, first, second }) => [
    grouped(step),
    first.toFixed(6),
    second.toFixed(6),
    first === second ? 'equal' : (second - first).toExponential(2),
  ]);
  return [
    ...config,
    '',
    ...(rows.length === 0 ? [] : ['losses:', table(['step', ...names, 'difference'], rows)]),
    partingLine(losses),
  ].join('\n');
}

function partingLine({ steps, partedAt }: LossComparison): string {
  if (steps === 0) return 'they have no step in common yet';
  if (partedAt !== null) return `they part at step ${grouped(partedAt)} of ${grouped(steps)} in common`;
  return `the losses of all ${counted(steps, 'step')} in common are equal, to the last bit`;
}
