/** A weights file is the person's input: what is wrong with it, or with the prompt, is one line and exit code 2. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RocinanteError } from '@rocinante/base';
import { firstValues, type NetworkSpec } from '@rocinante/model';
import { writeWeightsFile, type Weights } from '@rocinante/weights';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { WORDS_ENTRY } from './run/kept-words.js';
import { sampleText, type SampleTextOptions } from './sample-text.js';

const network: NetworkSpec = {
  input: 'one-hot',
  layers: [{ units: 3, dropout: 0 }],
  loss: 'every',
  recurrentActivation: 'sigmoid',
  vocabularySize: 3,
};
const file: Weights = {
  network,
  vocabulary: ['\n', 'a', 'b'],
  normalisation: 'reference',
  window: 10,
  step: 1,
  configuration: {},
  parameters: firstValues(network, 1),
};

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rocinante-sample-'));
  path = join(folder, 'w.safetensors');
});
afterEach(() => rm(folder, { recursive: true }));

const words = (entry: string): Promise<unknown> =>
  writeWeightsFile(path, { ...file, further: { [WORDS_ENTRY]: entry } });

it.each<[string, () => unknown, Partial<SampleTextOptions>, RegExp]>([
  ['missing', () => undefined, {}, /w\.safetensors: there is no such file or folder \(ENOENT\)/],
  [
    'a text',
    () => writeFile(path, 'En un lugar de la Mancha'),
    {},
    /no sound weights file: header: expected at most/,
  ],
  ['empty', () => writeFile(path, ''), {}, /expected at least 8 bytes, received 0/],
  ['cut', () => writeWeightsFile(path, file).then(() => truncate(path, 1000)), {}, /the file is cut/],
  ['a pipe', () => spawnSync('mkfifo', [path]), {}, /expected a file, received a pipe/],
  ['without words', () => writeWeightsFile(path, file), { wholeWords: true }, /carries no words of its text/],
  ['of words that are no JSON', () => words('a, b'), { wholeWords: true }, /expected a JSON list of words/],
  [
    'of words that are no list',
    () => words('{"__proto__":[]}'),
    { wholeWords: true },
    /a JSON list of words/,
  ],
  [
    'of words that are no words',
    () => words('["a",1]'),
    { wholeWords: true },
    /expected a JSON list of words/,
  ],
  [
    'sound, and the prompt is not',
    () => writeWeightsFile(path, file),
    { prompt: 'ÁBaço' },
    /^--prompt: expected only the vocabulary's 3 symbols, received "c", "o"$/,
  ],
  [
    'sound, and the prompt empty',
    () => writeWeightsFile(path, file),
    { prompt: '' },
    /at least one character/,
  ],
])('a weights file that is %s', async (_what, make, options, message) => {
  await make();
  const order = {
    weights: path,
    length: 5,
    wholeWords: false,
    seed: 1,
    threads: 1,
    device: 'auto',
    lstm: 'auto',
    notice: () => undefined,
    ...options,
  } as const;
  const error: unknown = await sampleText(order, () => undefined).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(RocinanteError);
  expect(error).toMatchObject({ exitCode: 2 });
  expect((error as Error).message).toMatch(message);
  expect((error as Error).message).not.toContain('\n');
});
