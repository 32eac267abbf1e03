/**
 * Goal: an environment variable that is misspelt is told of, and none that anything reads. Method: help of every command, and
 * every name that stands in a file of the project, against what is known.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { strayVariablesLine } from '@rocinante/base';
import { projectRoot } from '../support/project-root.js';
import { rocinante } from '../support/rocinante.js';

const NAME = /\bROCINANTE_[A-Z]+(_[A-Z]+)*\b/g;

/** Specs of what is said of others have names that nothing reads. */
const SPECS = ['stray-variables.spec.ts', 'variables.spec.ts'];

const line = (names: Iterable<string>): string | null =>
  strayVariablesLine(Object.fromEntries([...names].map((name) => [name, '1'])));

function namesIn(text: string): string[] {
  return [...text.matchAll(NAME)].map(([name]) => name);
}

/** Of a file or of all files below a folder, but for what was made or installed. */
function namesBelow(path: string): string[] {
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
    const within = join(path, entry.name);
    if (entry.isDirectory())
      return /^(node_modules|dist|\.state)$/.test(entry.name) ? [] : namesBelow(within);
    const isText =
      entry.isFile() && !SPECS.includes(entry.name) && !/\.(png|json|tsbuildinfo)$/.test(entry.name);
    return isText ? namesIn(readFileSync(within, 'utf8')) : [];
  });
}

/** What help says of a command and of all below it. */
async function helpBelow(words: readonly string[]): Promise<string[]> {
  const { code, stdout } = await rocinante([...words, '--help']);
  expect(code).toBe(0);
  const [, listed] = /\nCommands:\n([^]*?)(\n\n|$)/.exec(stdout) ?? [];
  const below = [...(listed ?? '').matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name);
  const texts: string[] = [stdout];
  for (const name of below.filter((word) => word !== 'help'))
    texts.push(...(await helpBelow([...words, name])));
  return texts;
}

it('knows the variable of every option', { timeout: 180_000 }, async () => {
  const texts = await helpBelow([]);
  expect(texts.length).toBeGreaterThan(30);
  const names = new Set(texts.flatMap(namesIn));
  expect([...names]).toEqual(expect.arrayContaining(['ROCINANTE_STEPS', 'ROCINANTE_LOG_LEVEL']));
  expect(line(names)).toBeNull();
});

it('knows every variable that is named in a file of the project', () => {
  const folders = ['apps', 'libs', 'deploy', 'test', 'docs', '.ci'].map((name) => join(projectRoot, name));
  const files = ['README.md', 'CONTRIBUTING.md', 'rocinante'].map((name) => join(projectRoot, name));
  const names = new Set([
    ...folders.flatMap(namesBelow),
    ...files.flatMap((path) => namesIn(readFileSync(path, 'utf8'))),
  ]);
  expect(names.size).toBeGreaterThan(50);
  expect(line(names)).toBeNull();
});

it.each([
  [['config', 'print'], 0],
  [['worker', '--coordinator', '127.0.0.1:9', '--token-file', 'nowhere'], 2],
] as const)('%j goes on, and says what nothing reads', async (words, code) => {
  const ended = await rocinante(words, { ROCINANTE_STEPZ: '5' });
  expect(ended.code).toBe(code);
  expect(ended.stderr.split('\n')[0]).toBe(
    'rocinante: warning: nothing reads ROCINANTE_STEPZ (did you mean ROCINANTE_STEPS?)',
  );
});
