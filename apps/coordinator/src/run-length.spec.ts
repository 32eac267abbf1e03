import { Command } from 'commander';
import { afterEach, expect, it, vi } from 'vitest';
import { addConfigOptions, type ConfigOptionValues } from './cli/config-options.js';
import { resolveConfig } from './config.js';
import { fewStepsLine, twoLengthsLine } from './run-length.js';

afterEach(() => vi.unstubAllEnvs());

/** The length of the run that a command line and its environment ask for, and what is said of it. */
function lengthOf(words: string, environment: Record<string, string> = {}): unknown {
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  const command = addConfigOptions(new Command()).action(() => undefined);
  command.parse(words.split(' ').filter(Boolean), { from: 'user' });
  const flags = command.opts<ConfigOptionValues>();
  const { steps, epochs } = resolveConfig({ ...flags, initFrom: undefined });
  return { steps, epochs, said: twoLengthsLine(flags) };
}

const said = "--steps 60 --epochs 2: each is the whole run's length; the steps decide";

it('is the steps where both are given, which is said', () => {
  expect(lengthOf('--steps 60 --epochs 2')).toEqual({ steps: 60, epochs: 2, said });
  expect(lengthOf('', { ROCINANTE_STEPS: '60', ROCINANTE_EPOCHS: '2' })).toEqual({
    steps: 60,
    epochs: 2,
    said,
  });
});

it('is the one that is given', () => {
  expect(lengthOf('--steps 60')).toEqual({ steps: 60, epochs: 4, said: null });
  expect(lengthOf('--epochs 2')).toEqual({ steps: null, epochs: 2, said: null });
});

it('is what the command line says, whatever the environment has of the other', () => {
  expect(lengthOf('--epochs 2', { ROCINANTE_STEPS: '60' })).toEqual({ steps: null, epochs: 2, said: null });
  expect(lengthOf('--steps 60', { ROCINANTE_EPOCHS: '2' })).toEqual({ steps: 60, epochs: 4, said: null });
});

it('is said to be few steps where nobody chose it, with what takes more', () => {
  const config = { steps: null, epochs: 4 };
  const line =
    'only 112 steps, which are few to learn from: --epochs 40 --patience 5 takes more, as long as they gain';
  expect(fewStepsLine({}, config, 112)).toBe(line);
  expect(fewStepsLine({}, config, 1_340)).toBeNull();
  for (const chosen of [{ steps: 112 }, { epochs: 4 }, { config: 'my.json' }])
    expect(fewStepsLine(chosen, config, 112)).toBeNull();
  expect(fewStepsLine({}, { ...config, steps: 112 }, 112)).toBeNull();
});
