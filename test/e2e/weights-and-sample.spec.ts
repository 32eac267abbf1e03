/** From a trained run to what people take away: the weights file as Python sees it, and text. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rocinante, train, Workspace, type Summary } from '../support/rocinante.js';
import { smallConfig, smallText } from '../support/small-run.js';

const workspace = new Workspace();
const python = process.env.ROCINANTE_PYTHON;
let run: Summary;
let weights: string;

beforeAll(async () => {
  const corpus = workspace.write('corpus.txt', smallText(30_000));
  const config = workspace.write('config.json', smallConfig);
  run = await train([
    '--corpus',
    corpus,
    '--config',
    config,
    '--steps',
    '150',
    '--run-dir',
    workspace.in('run'),
  ]);
  weights = join(run.runDir, 'weights', 'final.safetensors');
}, 240_000);

afterAll(() => workspace.remove());

describe('the final weights', () => {
  it.skipIf(!python)('open in Python with Keras’s names and shapes, and hash to weightsSha256', () => {
    const script = [
      'import hashlib, json, sys',
      'from safetensors.numpy import load_file',
      'path = sys.argv[1]',
      'tensors = load_file(path)',
      'data = open(path, "rb").read()',
      'begin = 8 + int.from_bytes(data[:8], "little")',
      'shapes = {name: list(t.shape) for name, t in tensors.items()}',
      'print(json.dumps({"sha256": hashlib.sha256(data[begin:]).hexdigest(), "shapes": shapes}))',
    ].join('\n');
    const { sha256, shapes } = JSON.parse(
      execFileSync(python!, ['-c', script, weights], { encoding: 'utf8' }),
    ) as { sha256: string; shapes: Record<string, number[]> };
    expect(sha256).toBe(run.weightsSha256);
    const symbols = shapes['dense/bias'][0];
    expect(shapes).toEqual({
      'lstm_1/kernel': [symbols, 96],
      'lstm_1/recurrent_kernel': [24, 96],
      'lstm_1/bias': [96],
      'lstm_2/kernel': [24, 96],
      'lstm_2/recurrent_kernel': [24, 96],
      'lstm_2/bias': [96],
      'dense/kernel': [24, symbols],
      'dense/bias': [symbols],
    });
  });

  it('come with what the run was: configuration, events, losses', () => {
    const record = JSON.parse(readFileSync(join(run.runDir, 'config.json'), 'utf8')) as { config: object };
    expect(record.config).toMatchObject({ steps: 150, network: { input: 'one-hot' } });
    expect(run.loss).toBeLessThan(2.9);
    expect(run.validationLoss).toBeLessThan(2.9);
    expect(run).toMatchObject({ validationBitsPerCharacter: run.validationLoss! / Math.LN2 });
  });
});

describe('sample', () => {
  it('writes the same text for the same seed, and another for another', async () => {
    const one = await rocinante(['sample', weights, '--length', '80', '--prompt', 'the whale ', '--json']);
    const file = workspace.write('prompt.txt', 'the whale ');
    const again = await rocinante(['sample', weights, '--length', '80', '--prompt-file', file, '--json']);
    const other = await rocinante([
      'sample',
      weights,
      '--length',
      '80',
      '--prompt',
      'the whale ',
      '--seed',
      '2',
      '--json',
    ]);
    const text = (JSON.parse(one.stdout) as { text: string }).text;
    expect([...text]).toHaveLength(80);
    expect(again.stdout).toBe(one.stdout);
    expect(JSON.parse(one.stdout)).toEqual({
      ...{ text, prompt: 'the whale ', length: 80, temperature: 0.5, topK: null, topP: null },
      ...{ wholeWords: false, seed: 1, weightsSha256: run.weightsSha256, step: 150 },
    });
    expect((JSON.parse(other.stdout) as { text: string }).text).not.toBe(text);
  });

  it('writes whole words of the text only', async () => {
    const { stdout } = await rocinante(['sample', weights, '--length', '200', '--whole-words', '--json']);
    const { text } = JSON.parse(stdout) as { text: string };
    const words = new Set(smallText(30_000).match(/[a-z]+/g));
    expect(text.length).toBeGreaterThanOrEqual(200);
    for (const word of text.match(/[a-z]+/g)!) expect(words).toContain(word);
  });

  it('names the characters of a prompt that the network does not know', async () => {
    const { code, stderr } = await rocinante(['sample', weights, '--prompt', 'Queequeg']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^rocinante: .*Q.*\n$/);
  });
});

describe('evaluate', () => {
  it('gives the run’s held-out loss, to the bit', async () => {
    const order = ['evaluate', weights, '--corpus', workspace.in('corpus.txt'), '--json'];
    const { stdout } = await rocinante(order);
    const said = JSON.parse(stdout) as { loss: number; bitsPerCharacter: number; perplexity: number };
    const { validationLoss, weightsSha256 } = run;
    expect(said).toMatchObject({ part: 'validation', loss: validationLoss, weightsSha256, step: 150 });
    expect(said.bitsPerCharacter).toBeCloseTo(Math.log2(Math.exp(said.loss)), 9);
    expect(said.perplexity).toBeCloseTo(2 ** said.bitsPerCharacter, 9);
  });
});

describe('a run that begins with them', () => {
  // It lacks a symbol that the weights know: theirs are the run's all the same, also when it goes on.
  const order = (name: string): string[] => {
    const corpus = workspace.write('other.txt', smallText(20_000).replaceAll('§', ''));
    const options = ['--workers', '1', '--threads', '1', '--run-dir', workspace.in(name)];
    return ['--corpus', corpus, '--config', workspace.in('config.json'), ...options];
  };

  it(
    'has learned already, and goes on without their file to the same bits',
    { timeout: 180_000 },
    async () => {
      const begins = ['--init-from', weights];
      const whole = await train([...order('whole'), ...begins, '--steps', '12']);
      expect(whole.loss).toBeLessThan(run.loss + 0.5);
      const fresh = await train([...order('fresh'), '--steps', '12']);
      expect(fresh.loss).toBeGreaterThan(whole.loss + 0.5);
      await train([...order('parts'), ...begins, '--steps', '6']);
      const parts = await train([...order('parts'), '--resume', '--steps', '12']);
      expect(parts.weightsSha256).toBe(whole.weightsSha256);
    },
  );
});
