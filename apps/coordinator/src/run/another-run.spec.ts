/** A run that options would make another one is told of by these options, and by nothing that nobody gave. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { identityDifferences, identityOf, type RunConfig } from '@rocinante/training';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { givenOptions, resolveConfig, type ConfigFlags } from '../config.js';
import { presets } from '../presets.js';
import { differencesText, waysOn } from './another-run.js';
import { RunDirectory } from './run-directory.js';

const { quick, seed } = presets;
const layers = [16, 8].map((units) => ({ units, dropout: 0 }));
/** As of a file that says what the stride is. */
const text = { ...quick.text, stride: 20 };
const small: RunConfig = { ...quick, text, network: { ...quick.network, layers } };
const oneLayer: RunConfig = { ...small, network: { ...small.network, layers: [layers[0]] } };
const decayed: RunConfig = {
  ...small,
  optimizer: { ...quick.optimizer, weightDecay: 0.1, weightDecayOn: 'kernels' },
};

let folder: string;
let directory: RunDirectory;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rocinante-another-'));
  directory = new RunDirectory(join(folder, 'a run'));
  mkdirSync(join(directory.path, 'weights'), { recursive: true });
  writeFileSync(directory.finalWeightsPath, '');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** What is said of flags over a run: in what it would be another, and what to do. */
function said(flags: ConfigFlags, saved: RunConfig): [differences: string, ways: string] {
  const own = identityOf(saved, 'a');
  const differences = identityDifferences(own, identityOf(resolveConfig(flags, saved), 'a'));
  const given = givenOptions(flags);
  return [differencesText(differences, given, saved), waysOn(directory, differences, given)];
}

it.each<[ConfigFlags, RunConfig, string]>([
  [{ units: [32] }, oneLayer, '--units 32: it has 16'],
  [{ units: [32] }, small, '--units 32: it has 16,8'],
  [{ units: [16, 4] }, small, '--units 16,4: it has 16,8'],
  [{ units: [16, 4] }, oneLayer, '--units 16,4: it has 16'],
  [{ units: [16], layers: 1 }, small, '--layers 1 is not its own'],
  [{ layers: 3 }, small, '--layers 3 is not its own'],
  [{ units: [32], dropout: 0.5 }, small, '--units 32: it has 16,8; --dropout 0.5: it has 0'],
  [{ window: 50 }, small, '--window 50: it has 100'],
  [{ embedding: 32 }, small, '--embedding 32: it has 64'],
  [{ embedding: 32 }, seed, '--embedding 32 is not its own'],
  [{ schedule: 'cosine' }, small, '--schedule cosine: it has "constant"'],
  [
    { schedule: 'step', decayEvery: 5 },
    small,
    '--schedule step: it has "constant"; --decay-every 5 is not its own',
  ],
  [{ weightDecay: 0 }, decayed, '--weight-decay 0: it has 0.1'],
  [{ weightDecayOn: 'all' }, decayed, '--weight-decay-on all: it has "kernels"'],
  [{ seed: 2, precision: 'mixed' }, small, '--seed 2: it has 1; --precision mixed: it has "float32"'],
])('%j is told of as it was given', (flags, saved, line) => {
  expect(said(flags, saved)[0]).toBe(line);
});

it('is told of by what no option gave, behind the options', () => {
  const file = join(folder, 'config.json');
  writeFileSync(file, JSON.stringify({ text: { stride: 10 }, seed: 7 }));
  expect(said({ config: file, dropout: 0.5 }, small)[0]).toBe(
    '--dropout 0.5: it has 0; seed is 1, not 7; text.stride is 20, not 10',
  );
});

it.each<[settings: object, ConfigFlags, RunConfig, differences: string]>([
  [{ text: { stride: 10 } }, { window: 50 }, small, '--window 50: it has 100; text.stride is 20, not 10'],
  [
    { optimizer: { weightDecayOn: 'kernels' } },
    { weightDecay: 0.2 },
    { ...small, optimizer: { ...quick.optimizer, weightDecay: 0.1 } },
    '--weight-decay 0.2: it has 0.1; optimizer.weightDecayOn is not given, and here "kernels"',
  ],
  [
    { network: { input: 'one-hot' } },
    {},
    small,
    'network.embeddingSize is 64, and here not given; network.input is "embedding", not "one-hot"',
  ],
])('is told of by what the file %j says beside %j', (settings, flags, saved, line) => {
  const config = join(folder, 'config.json');
  writeFileSync(config, JSON.stringify(settings));
  const [differences, ways] = said({ ...flags, config }, saved);
  expect(differences).toBe(line);
  expect(ways).toBe('leave the option out, or use another --run-dir');
});

it('may begin a new run with its weights where these fit all the same', () => {
  for (const [flags, options] of [
    [{ dropout: 0.5 }, '--dropout 0.5'],
    [{ window: 50 }, '--window 50'],
  ] as const) {
    expect(said(flags, small)[1]).toBe(
      'leave the option out, or begin a new run with its weights: ./rocinante train ' +
        `--config '${directory.path}/config.json' --init-from '${directory.finalWeightsPath}' ${options} --run-dir NEW`,
    );
  }
  // Of the run's own file the stride follows from the window, so that nothing of the text is left out.
  writeFileSync(directory.configPath, JSON.stringify({ config: quick }));
  expect(said({ window: 50 }, quick)[1]).toContain('--window 50');
  expect(resolveConfig({ config: directory.configPath, window: 50 }).text).toMatchObject({ stride: 50 });
  for (const flags of [{ units: [32] }, { layers: 3 }, { embedding: 8 }, { normalisation: 'nfc' }] as const) {
    expect(said(flags, small)[1]).toBe('leave the option out, or use another --run-dir');
  }
});
