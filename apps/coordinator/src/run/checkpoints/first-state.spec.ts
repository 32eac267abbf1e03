import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '@rocinante/base';
import { firstValues, type NetworkSpec } from '@rocinante/model';
import type { RunConfig } from '@rocinante/training';
import { writeWeightsFile, type Weights } from '@rocinante/weights';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UsageError } from '../../errors.js';
import { presets } from '../../presets.js';
import { checkInitialWeights, readInitialWeights, type InitialWeights } from './first-state.js';

const vocabulary = ['c', 'a', 'b'];
const own: RunConfig['network'] = {
  input: 'embedding',
  embeddingSize: 4,
  layers: [
    { units: 6, dropout: 0 },
    { units: 5, dropout: 0 },
  ],
  loss: 'every',
  recurrentActivation: 'sigmoid',
};
const network: NetworkSpec = { ...own, vocabularySize: vocabulary.length };

const file: Weights = {
  network,
  vocabulary,
  normalisation: 'none',
  window: 50,
  step: 10,
  configuration: {},
  parameters: firstValues(network, 7),
};

/** The configuration of a run of the weights' network, changed. */
function config(
  change: Partial<RunConfig['network']> = {},
  normalisation: 'none' | 'reference' = 'none',
): RunConfig {
  return {
    ...presets.quick,
    network: { ...own, ...change },
    text: { ...presets.quick.text, normalisation },
  };
}

let folder: string;
let path: string;
let weights: InitialWeights;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rocinante-first-'));
  path = join(folder, 'w.safetensors');
  await writeWeightsFile(path, file);
  weights = await readInitialWeights(path);
});
afterEach(() => rm(folder, { recursive: true }));

describe('weights that a run begins with', () => {
  it('come from their file, under the hash of its bytes', async () => {
    expect(weights).toMatchObject({ path, network, vocabulary, normalisation: 'none' });
    expect(weights.sha256).toBe(sha256(await readFile(path)));
    expect(weights.parameters).toEqual(firstValues(network, 7));
  });

  it('are refused when their file is cut, or is none', async () => {
    await truncate(path, 500);
    await expect(readInitialWeights(path)).rejects.toMatchObject({ code: 'WEIGHTS_UNREADABLE', exitCode: 2 });
    await writeFile(path, 'En un lugar');
    await expect(readInitialWeights(path)).rejects.toMatchObject({ code: 'WEIGHTS_UNREADABLE', exitCode: 2 });
  });

  it('are refused when their symbols are not characters', async () => {
    await writeWeightsFile(path, { ...file, vocabulary: ['a', 'two', 'b'] });
    await expect(readInitialWeights(path)).rejects.toMatchObject({
      exitCode: 2,
      message: `--init-from ${path}: vocabulary: expected a list of different characters, received "two" at 1`,
    });
  });

  it('fit a run of their network, whatever its loss and dropout', () => {
    checkInitialWeights(weights, config());
    const layers = network.layers.map(({ units }) => ({ units, dropout: 0.5 }));
    checkInitialWeights(weights, config({ loss: 'last', layers }));
  });

  it.each<[string, RunConfig, string]>([
    [
      'units',
      config({ layers: [{ units: 8, dropout: 0 }] }),
      'lstm_1/kernel: expected [4,32], received [4,24]; lstm_1/recurrent_kernel: expected [8,32], received [6,24]; ' +
        'lstm_1/bias: expected [32], received [24]; and 4 more; take their network with --units 6,5 --embedding 4, or take other weights',
    ],
    [
      'number of layers',
      config({ layers: [...network.layers, { units: 5, dropout: 0 }] }),
      'lstm_3/kernel: expected [5,20], received none; lstm_3/recurrent_kernel: expected [5,20], received none; ',
    ],
    [
      'input',
      config({ input: 'one-hot', embeddingSize: undefined }),
      'network.input: expected one-hot, received embedding; take their network with --units 6,5 --embedding 4, or',
    ],
    ['embedding', config({ embeddingSize: 3 }), 'embedding/embeddings: expected [3,3], received [3,4]; '],
    [
      'activation',
      config({ recurrentActivation: 'hard-sigmoid' }),
      'network.recurrentActivation: expected hard-sigmoid, received sigmoid; ' +
        'take their network with a --config file that has network.recurrentActivation sigmoid and --units 6,5 --embedding 4, or',
    ],
    [
      'normalisation',
      config({}, 'reference'),
      '--normalisation: expected none, as their text was treated, received reference; give --normalisation none, or',
    ],
  ])('of another %s are refused in one line, with the options to give', (_what, other, message) => {
    const attempt = (): unknown => checkInitialWeights(weights, other);
    expect(attempt).toThrow(UsageError);
    expect(attempt).toThrow(`--init-from ${path}: ${message}`);
    expect(attempt).not.toThrow('\n');
  });

  it('have a run’s configuration where they lie in its directory', async () => {
    await mkdir(join(folder, 'checkpoints'));
    await writeFile(join(folder, 'config.json'), '{}');
    expect(() => checkInitialWeights(weights, config({ embeddingSize: 3 }))).toThrow(
      `; take their network with --config ${join(folder, 'config.json')}, or take other weights`,
    );
  });

  it('of one layer have its units and that number told', () => {
    const layers = [{ units: 6, dropout: 0 }];
    const plain: NetworkSpec = { ...network, input: 'one-hot', embeddingSize: undefined, layers };
    expect(() => checkInitialWeights({ ...weights, network: plain }, config())).toThrow(
      '; take their network with a --config file that has network.input one-hot and --units 6 --layers 1, or',
    );
  });
});
