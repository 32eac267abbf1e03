/**
 * Goal: an environment variable that is misspelt is told of, and none that anything reads. Method: help of every command, and
 * every name that stands in a file of the project, against what is known; and what is known against them.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { KNOWN_VARIABLES, strayVariablesLine } from '@rocinante/base';
import { CommandProcess } from '../support/command-process.js';
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

/** Of all files below a folder whose names end as wanted, but for what was made or installed. */
function namesBelow(path: string, wanted = /(?<!\.(png|json|tsbuildinfo))$/): string[] {
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
    const within = join(path, entry.name);
    if (entry.isDirectory())
      return /^(node_modules|dist|\.state)$/.test(entry.name) ? [] : namesBelow(within, wanted);
    const isText = entry.isFile() && !SPECS.includes(entry.name) && wanted.test(entry.name);
    return isText ? namesIn(readFileSync(within, 'utf8')) : [];
  });
}

/** Commands that the launcher runs by itself: the coordinator's code has no help of them. */
const LAUNCHERS = ['worker', 'bundle', 'test'];

/** What help says of a command and of all below it. */
async function helpBelow(words: readonly string[]): Promise<string[]> {
  // The first as a process too: what it lists is what the launcher takes.
  const isProcess = words.length === 0 || LAUNCHERS.includes(words[0]);
  const asked = [...words, '--help'];
  const { code, stdout } = await (isProcess ? rocinante(asked) : commands.run(asked));
  expect(code).toBe(0);
  const [, listed] = /\nCommands:\n([^]*?)(\n\n|$)/.exec(stdout) ?? [];
  const below = [...(listed ?? '').matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name);
  const texts: string[] = [stdout];
  for (const name of below.filter((word) => word !== 'help'))
    texts.push(...(await helpBelow([...words, name])));
  return texts;
}

const folders = ['apps', 'libs', 'deploy', 'test', '.ci'].map((name) => join(projectRoot, name));

function fileText(name: string): string {
  return readFileSync(join(projectRoot, name), 'utf8');
}

const commands = new CommandProcess();
afterAll(() => commands.end());

let ofOptions: Set<string>;
beforeAll(async () => {
  const texts = await helpBelow([]);
  expect(texts.length).toBeGreaterThan(30);
  ofOptions = new Set(texts.flatMap(namesIn));
}, 180_000);

it('knows the variable of every option', () => {
  expect([...ofOptions]).toEqual(expect.arrayContaining(['ROCINANTE_STEPS', 'ROCINANTE_LOG_LEVEL']));
  expect(line(ofOptions)).toBeNull();
});

it('knows every variable that is named in a file of the project', () => {
  const files = ['README.md', 'CONTRIBUTING.md', 'rocinante'].flatMap((name) => namesIn(fileText(name)));
  const below = [...folders, join(projectRoot, 'docs')].flatMap((folder) => namesBelow(folder));
  const names = new Set([...files, ...below]);
  expect(names.size).toBeGreaterThan(50);
  expect(line(names)).toBeNull();
});

it('knows none that no option has and that stands in documents alone', () => {
  const below = folders.flatMap((folder) => namesBelow(folder, /(?<!\.(png|json|tsbuildinfo|md))$/));
  const read = new Set([...ofOptions, ...namesIn(fileText('rocinante')), ...below]);
  expect([...KNOWN_VARIABLES].filter((name) => !read.has(`ROCINANTE_${name}`))).toEqual([]);
});

const stray = 'nothing reads ROCINANTE_STEPZ (did you mean ROCINANTE_STEPS?)';

it('a command goes on, and says what nothing reads', async () => {
  const ended = await rocinante(['config', 'print'], { ROCINANTE_STEPZ: '5' });
  expect(ended.code).toBe(0);
  expect(ended.stderr.split('\n')[0]).toBe(`rocinante: warning: ${stray}`);
});

it.each([['serve'], ['worker', '--coordinator', '127.0.0.1:9']])(
  '%s says it in its log, which is JSON',
  async (...words) => {
    const ended = await rocinante([...words, '--token-file', 'nowhere'], { ROCINANTE_STEPZ: '5' });
    expect(ended.code).toBe(2);
    const [first, second] = ended.stderr.split('\n');
    expect(JSON.parse(first)).toMatchObject({ level: 'warn', msg: stray });
    expect(second).toMatch(/^rocinante: nowhere: expected a /);
  },
);
