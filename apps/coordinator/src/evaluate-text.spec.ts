/**
 * What `evaluate` refuses, in one line and with exit code 2, before anything is computed. That what it computes is a run's own
 * held-out loss is asked in test/e2e/weights-and-sample.spec.ts, as its thread is a script of its own.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RocinanteError } from '@rocinante/base';
import { firstValues, type NetworkSpec } from '@rocinante/model';
import type { RunConfig } from '@rocinante/training';
import { writeWeightsFile, type Weights } from '@rocinante/weights';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { evaluateText, windowsOf, type EvaluateTextOptions } from './evaluate-text.js';
import type { EvaluatedPart } from './evaluated-text.js';
import { presets } from './presets.js';

const network: NetworkSpec = {
  input: 'one-hot',
  layers: [{ units: 3, dropout: 0 }],
  loss: 'every',
  recurrentActivation: 'sigmoid',
  vocabularySize: 3,
};
const { quick, seed } = presets;
const sound: Weights = {
  network,
  vocabulary: ['\n', 'a', 'b'],
  normalisation: 'none',
  window: 10,
  step: 1,
  configuration: quick,
  parameters: firstValues(network, 1),
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rocinante-evaluate-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

it.each<[string, Partial<Weights>, string, Partial<EvaluateTextOptions>, RegExp]>([
  ['without its text', {}, '', { corpus: 'nowhere.txt' }, /^corpus nowhere\.txt: .*no file of that name/],
  [
    'of another alphabet',
    {},
    'abc'.repeat(100),
    {},
    /^corpus .*: expected only the vocabulary's 3 symbols, received "c"/,
  ],
  [
    'whose run held nothing out',
    { configuration: seed },
    'ab'.repeat(200),
    { part: 'test' },
    /^--part test: the run of .*w\.safetensors held nothing out; expected all/,
  ],
  [
    'of a text that is too short to split',
    {},
    'ab'.repeat(20),
    {},
    /^corpus .*: expected at least 211 characters for --part validation, received 40; take a longer text, or --part all$/,
  ],
  [
    'of a text without a window',
    {},
    'ab',
    { part: 'all' },
    /expected at least 11 characters for --part all, received 2; take a longer text$/,
  ],
  [
    'of another treatment',
    { normalisation: 'upper' },
    'ab',
    {},
    /w\.safetensors: normalisation: expected reference, nfc or none, received "upper"$/,
  ],
  [
    'without a configuration',
    { configuration: {} },
    'ab',
    {},
    /w\.safetensors: configuration: network: .*; evaluate computes as their run did, .* weights pull wrote$/,
  ],
  [
    'with a symbol of two characters',
    { vocabulary: ['a', 'b', 'ab'] },
    'ab',
    {},
    /^vocabulary: expected a list of different characters, received "ab" at 2$/,
  ],
])('a weights file %s', async (_what, changes, text, options, message) => {
  const weights = join(folder, 'w.safetensors');
  await writeWeightsFile(weights, { ...sound, ...changes });
  const corpus = join(folder, 'text.txt');
  writeFileSync(corpus, text);
  const order: EvaluateTextOptions = {
    ...{ weights, corpus, part: 'validation', environment: {} },
    ...{ threads: 1, device: 'cpu', lstm: 'auto', notice: () => undefined },
    ...options,
  };
  const error: unknown = await evaluateText(order).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(RocinanteError);
  expect(error).toMatchObject({ exitCode: 2 });
  expect((error as Error).message).toMatch(message);
  expect((error as Error).message).not.toContain('\n');
});

it('says that the text seems to be none, and that nobody knows whether it is the run’s', async () => {
  const weights = join(folder, 'w.safetensors');
  await writeWeightsFile(weights, { ...sound, vocabulary: ['\0', 'a', '\ufffd'] });
  const corpus = join(folder, 'text.txt');
  const told = async (text: string, part?: EvaluatedPart): Promise<string[]> => {
    writeFileSync(corpus, text);
    const lines: string[] = [];
    const order: EvaluateTextOptions = {
      ...{ weights, corpus, part, environment: {}, threads: 1, device: 'cpu', lstm: 'auto' },
      notice: (line) => lines.push(line),
    };
    // It is too short to compute anything.
    await expect(evaluateText(order)).rejects.toThrow('take a longer text');
    return lines;
  };
  expect(await told('aaa', 'validation')).toEqual([]);
  expect(await told('aaa')).toEqual([
    expect.stringMatching(
      /w\.safetensors: which text its run had is not known; .* validation of \S+text\.txt/,
    ),
  ]);
  expect((await told('a\0a', 'validation')).join('\n')).toMatch(
    /^corpus \S+text\.txt has symbols that are no text's \(U\+0000\): .*$/,
  );
});

it('evaluates the part that is named, of all what follows a window', () => {
  const names = { weights: 'w', corpus: 'text' };
  const stretch = (part: EvaluatedPart, config: RunConfig = quick): number[] => {
    const { start, end } = windowsOf(part, config.network.loss, config, 10, 1000, names);
    return [start, end];
  };
  expect(stretch('validation')).toEqual([900, 950]);
  expect(stretch('test')).toEqual([950, 1000]);
  expect(stretch('all')).toEqual([10, 1000]);
  expect(stretch('all', seed)).toEqual([0, 1000]);
});
