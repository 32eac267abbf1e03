import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '@rocinante/base';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { UsageError } from './errors.js';
import { evaluatedText, partOf } from './evaluated-text.js';

const TEXT = 'call me ishmael';
const OWN = sha256(Buffer.from(TEXT));
const OTHER = sha256(Buffer.from('En un lugar'));

let folder: string;
/** The run's text, and its weights; and weights that lie in no run's directory. */
let text: string;
let own: { path: string; textSha256: null };
let pulled: { path: string; textSha256: null };
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rocinante-evaluated-'));
  const run = join(folder, 'run');
  mkdirSync(join(run, 'checkpoints'), { recursive: true });
  text = join(folder, 'text.txt');
  writeFileSync(text, TEXT);
  record({ config: {}, corpus: { source: text, sha256: OWN } });
  own = { path: join(run, 'weights', 'final.safetensors'), textSha256: null };
  pulled = { path: join(folder, 'pulled.safetensors'), textSha256: null };
});
afterEach(() => rmSync(folder, { recursive: true }));

function record(value: unknown): void {
  writeFileSync(join(folder, 'run', 'config.json'), JSON.stringify(value));
}

it('is the text that is given, else that of the run in whose directory the weights lie', async () => {
  expect(await evaluatedText(own, 'bundled', {})).toBe('bundled');
  expect(await evaluatedText(own, undefined, {})).toBe(text);
  expect(await evaluatedText(pulled, 'bundled', {})).toBe('bundled');
});

it('is refused where there is none, or it has changed', async () => {
  const refused = expect.objectContaining({ exitCode: 2 }) as unknown;
  await expect(evaluatedText(pulled, undefined, {})).rejects.toThrow(UsageError);
  await expect(evaluatedText(pulled, undefined, {})).rejects.toThrow(
    `--corpus: expected a text, for ${pulled.path} lies in no run's directory`,
  );
  writeFileSync(text, 'another');
  await expect(evaluatedText(own, undefined, {})).rejects.toEqual(refused);
  await expect(evaluatedText(own, undefined, {})).rejects.toThrow(
    /^run directory .*run: the run's text was .*, which is another by now, .*; give it with --corpus$/,
  );
  record({ config: {} });
  await expect(evaluatedText(own, undefined, {})).rejects.toThrow("lies in no run's directory");
});

it('is evaluated where the run validated, and another text whole', () => {
  expect(partOf(own, undefined, 'x', OWN)).toEqual({ part: 'validation', line: null });
  expect(partOf(own, 'test', 'x', OWN)).toEqual({ part: 'test', line: null });
  expect(partOf(own, undefined, 'x', OTHER)).toEqual({ part: 'all', line: null });
  expect(partOf(own, 'all', 'x', OTHER)).toEqual({ part: 'all', line: null });
  expect(partOf(own, 'test', 'x', OTHER)).toEqual({
    part: 'test',
    line: `--part test: the run of ${own.path} had another text; this is the piece of x that it would have held out`,
  });
});

it('counts as the run’s own where nobody knows what that was, and a line says so', () => {
  const line = (path: string): string =>
    `${path}: which text its run had is not known; this is part validation of x, as of the run's own: --part all for another text`;
  expect(partOf(pulled, undefined, 'x', OTHER)).toEqual({ part: 'validation', line: line(pulled.path) });
  for (const part of ['validation', 'test', 'all'] as const) {
    expect(partOf(pulled, part, 'x', OTHER)).toEqual({ part, line: null });
  }
  record({ config: {} });
  expect(partOf(own, 'test', 'x', OTHER)).toEqual({ part: 'test', line: null });
  writeFileSync(join(folder, 'run', 'config.json'), '{');
  expect(partOf(own, undefined, 'x', OTHER)).toEqual({ part: 'validation', line: line(own.path) });
});

it('is known of a checkpoint wherever it lies', () => {
  const checkpoint = { ...pulled, textSha256: OWN };
  expect(partOf(checkpoint, undefined, 'x', OWN).part).toBe('validation');
  expect(partOf(checkpoint, undefined, 'x', OTHER).part).toBe('all');
});
