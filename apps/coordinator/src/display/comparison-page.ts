import { oneLine } from '@rocinante/base';
import type { LedgerComparison, LossComparison, Recorded } from '../client/comparison.js';
import type { ConfigDifference } from '../client/config-differences.js';
import { counted, grouped } from './quantities.js';
import { table } from './table.js';

/** Characters of a configuration's value that are shown. */
const VALUE_LENGTH_MAX = 32;

/** What two runs came to. */
export interface ComparedRuns {
  readonly losses: LossComparison;
  readonly ledgers: LedgerComparison;
  /** Lines of their own. */
  readonly heldOut: readonly string[];
  /** SHA-256s of their final weights; null where there are none to compare. */
  readonly weights: readonly [string, string] | null;
}

/** Two runs side by side, for a person. `names` are the runs', the first one's first. */
export function comparisonPage(
  names: readonly [string, string],
  differences: readonly ConfigDifference[],
  { losses, ledgers, heldOut, weights }: ComparedRuns,
): string {
  const config =
    differences.length === 0
      ? ['configurations: the same']
      : [
          'configurations:',
          table(
            ['key', ...names],
            differences.map(({ key, first, second }) => [key, valueShown(first), valueShown(second)]),
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
    '',
    ...heldOut,
    '',
    ledgerLine(ledgers),
    ...(weights === null ? [] : weightsLines(names, weights)),
  ].join('\n');
}

/** A value as JSON, so far as two of them and their key stand in a line of a terminal: of a hash its beginning. */
function valueShown(value: unknown): string {
  return oneLine(JSON.stringify(value), VALUE_LENGTH_MAX);
}

function partingLine({ steps, partedAt }: LossComparison): string {
  if (steps === 0) return 'they have no step in common yet';
  if (partedAt !== null)
    return `their losses part at step ${grouped(partedAt)} of ${grouped(steps)} in common`;
  return `the losses of all ${counted(steps, 'step')} in common are equal, to the last bit`;
}

const RECORDED_NAMES: Readonly<Record<Recorded, string>> = {
  grid: 'the grid',
  sum: 'the summed gradient',
  parameters: 'the parameters',
};

/** Where a sum or a parameter first differs in a bit, which need not show in that step's loss. */
function ledgerLine({ steps, partedAt, differ }: LedgerComparison): string {
  if (steps === 0) return 'their ledgers have no step in common, as far as the coordinator tells of them';
  const common = counted(steps, 'step');
  if (partedAt === null)
    return `their ledgers agree in all ${common} that both have: the same summed gradients and parameters`;
  const what = differ.map((name) => RECORDED_NAMES[name]).join(', ');
  return `their ledgers part at step ${grouped(partedAt)} of ${common} that both have, in ${what}`;
}

/** Equal losses do not say so: the last step's parameters have no loss yet, and a loss is one number. */
function weightsLines(
  [a, b]: readonly [string, string],
  [first, second]: readonly [string, string],
): string[] {
  if (first === second) return ['their final weights are the same, of SHA-256', `  ${first}`];
  const width = Math.max(a.length, b.length) + 2;
  return [
    'their final weights differ, by SHA-256:',
    `  ${a.padEnd(width)}${first}`,
    `  ${b.padEnd(width)}${second}`,
  ];
}
