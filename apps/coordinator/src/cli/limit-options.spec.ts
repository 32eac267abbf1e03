/** Goal: no option of a run's limits is left out of what a run that goes on is asked for. Method: each of the options, as it is typed. */
import { Command } from 'commander';
import { expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../run/run-limits.js';
import { addLimitOptions, limitsFrom, limitsGiven, type LimitOptionValues } from './limit-options.js';

/** Values that are not the default's. */
const VALUES: Readonly<Record<keyof LimitOptionValues, string>> = {
  minWorkers: '3',
  maxHours: '2',
  checkpoint: 'auto',
  keepLast: '5',
  keepEvery: '100',
  exact: 'off',
  audit: '0.5',
  normChecks: 'off',
};

function parsed(...args: string[]): LimitOptionValues {
  const command = addLimitOptions(new Command(), { minWorkers: true, fresh: false });
  return command.parse(args, { from: 'user' }).opts();
}

const options = addLimitOptions(new Command(), { minWorkers: true, fresh: false }).options;

it('no limit is given where no option is', () => {
  expect(limitsGiven(parsed())).toBe(false);
  expect(limitsFrom(parsed())).toEqual(DEFAULT_LIMITS);
});

it.each(options.map((option) => [option.long!, option.attributeName()]))(
  '%s is one that is given, and changes one limit',
  (long, name) => {
    const values = parsed(long, VALUES[name as keyof LimitOptionValues]);
    expect(limitsGiven(values)).toBe(true);
    const [before, after] = [DEFAULT_LIMITS, limitsFrom(values)].map((limits) => Object.entries(limits));
    expect(after.filter((entry, index) => entry[1] !== before[index][1])).toHaveLength(1);
  },
);

it('an option for each of the values', () => {
  expect(options.map((option) => option.attributeName()).sort()).toEqual(Object.keys(VALUES).sort());
});
