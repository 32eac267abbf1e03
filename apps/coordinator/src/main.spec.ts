import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { folder, file, type } from './cli/spec-command.js';
import { runs } from './main.js';

afterEach(() => vi.restoreAllMocks());

it('says which release it is', async () => {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8')) as {
    version: string;
  };
  expect(await type(['--version'])).toEqual({ code: 0, stdout: `rocinante ${version}\n`, stderr: '' });
});

it.each([
  [['trian'], "unknown command 'trian'; did you mean train?"],
  [['wroker', '--coordinator', 'x:1'], "unknown command 'wroker'; did you mean worker?"],
  [['run', 'shwo', 'r1'], "unknown command 'shwo'; did you mean show?"],
  [['train', '--step', '5'], "unknown option '--step'; did you mean --steps?"],
  [['run', 'start', '--coordinater', 'x:1'], "unknown option '--coordinater'; did you mean --coordinator?"],
  [['train', '--frobnicate'], "unknown option '--frobnicate'"],
  [['serve', '--data-dir', 'x'], "unknown option '--data-dir'; did you mean --data?"],
  [
    ['train', 'my book.txt'],
    "too many arguments for 'train'. Expected 0 arguments but got 1; did you mean --corpus 'my book.txt'?",
  ],
  [['serve', 'x'], "too many arguments for 'serve'. Expected 0 arguments but got 1."],
  [['frobnicate'], "unknown command 'frobnicate'; see ./rocinante --help"],
  [
    ['run', 'frobnicate'],
    "unknown command 'frobnicate'; expected one of start, list, show, watch, logs, stop, resume, rm, export, compare",
  ],
])('says in one line what %j may have meant', async (words, line) => {
  expect(await type(words)).toEqual({ code: 2, stdout: '', stderr: `rocinante: ${line}\n` });
});

it.each([
  [true, 'config print'],
  [true, 'run list'],
  [true, 'train --steps 3'],
  [false, ''],
  [false, '--help'],
  [false, 'train --help'],
  [false, 'help train'],
  [false, 'run'],
  [false, 'trian'],
  [false, 'train --stpes 3'],
  [false, 'train --steps many'],
  [false, 'train book.txt'],
  [false, 'sample'],
  [false, 'evaluate'],
  [true, 'evaluate w.safetensors'],
  [true, 'sample w.safetensors --top-k 1 --top-p 1 --prompt-file -'],
  [false, 'sample w.safetensors --top-k 0'],
  [false, 'sample w.safetensors --top-p 0'],
  [false, 'sample w.safetensors --prompt a --prompt-file -'],
])('knows without running it whether a command runs: %s for rocinante %s', async (isSound, words) => {
  const out = vi.spyOn(process.stdout, 'write');
  const err = vi.spyOn(process.stderr, 'write');
  expect(await runs(words.split(' ').filter(Boolean))).toBe(isSound);
  expect(out).not.toHaveBeenCalled();
  expect(err).not.toHaveBeenCalled();
});

it.each([
  [
    ['train', '--corpus', 'a.txt', '--corpus', 'b.txt'],
    /^rocinante: --corpus: expected it once, .*one file, as with cat\n$/,
  ],
  [
    ['run', 'start', '--config=a.json', '--config=b.json'],
    /^rocinante: --config: expected it once, received several; .*\n$/,
  ],
  [
    ['config', 'print', '--units', '16', '--units', '8'],
    /^rocinante: --units: expected it once, received several; .*one list: 512,256\n$/,
  ],
  [
    ['train', '--gpus', '0', '--gpus', '1'],
    /^rocinante: --gpus: expected it once, received several; .*one list: 0,1\n$/,
  ],
])('refuses several values of an option that are rather meant together: %j', async (words, line) => {
  expect(await runs(words)).toBe(false);
  const said = await type(words);
  expect(said).toMatchObject({ code: 2, stdout: '' });
  expect(said.stderr).toMatch(line);
});

it('takes the last value of another option', async () => {
  const { code, stdout, stderr } = await type(['config', 'print', '--preset', 'seed', '--preset', 'quick']);
  expect([code, stderr]).toEqual([0, '']);
  expect(JSON.parse(stdout)).toMatchObject({ batch: { size: 32 } });
});

it.each([
  [['config', 'print', '--preset', 'seed', '--preset', 'seed']],
  [['train', '--corpus', 'none.txt', '--corpus', 'none.txt']],
  [['run', 'start', '--corpus', 'none.txt', '--tag', 'a', '--tag', 'b']],
  [['certs', '--name', 'a', '--name', 'b', '--out', join(folder, 'of-two-names')]],
])('says nothing of a value that is given again, nor of options that may be: %j', async (words) => {
  expect((await type(words)).stderr).not.toContain('expected it once');
});

it('names all commands in its help, the launcher’s own too', async () => {
  const { stdout } = await type(['--help']);
  for (const name of ['train', 'serve', 'run', 'worker', 'bundle', 'test'])
    expect(stdout).toMatch(new RegExp(`^  ${name} .*\\S`, 'm'));
});

it.each([
  [
    '',
    'train serve run weights sample evaluate corpus verify replay simulate doctor support certs deploy config worker bundle test',
  ],
  ['run', 'start list show watch logs stop resume rm export compare'],
])('lists the commands of rocinante %s, in their order', async (parent, commands) => {
  const { code, stdout, stderr } = await type([...parent.split(' ').filter(Boolean), '--help']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const [, listed] = /\nCommands:\n([^]*?)(\n\n|$)/.exec(stdout)!;
  const names = [...listed.matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name);
  expect(names).toEqual([...commands.split(' '), 'help']);
});

it.each(['train', 'run start', 'run resume'])(
  'says in the help of %s by which clock hours count',
  async (words) => {
    const { stdout } = await type([...words.split(' '), '--help']);
    expect(stdout.replace(/\s+/g, ' ')).toContain(
      'hours by the clock, with a checkpoint: waits for workers count, the queue does not',
    );
  },
);

it('calls a command by all its words', async () => {
  const { stdout } = await type(['run', 'list', '--help']);
  expect(stdout).toMatch(/^Usage: rocinante run list \[options\]\n/);
});

it.each([
  [
    ['certs', '--name', 'here', '--out', join(folder, 'a-file', 'certs')],
    /^rocinante: .*: a part of its path is no folder \(ENOTDIR\)\n$/,
  ],
  [
    ['train', '--config', join(folder, 'none.json')],
    /^rocinante: configuration \S+none\.json: cannot be read: there is no such file or folder \(ENOENT\)\n$/,
  ],
  [
    ['sample', join(folder, 'none.safetensors')],
    /^rocinante: \S+none\.safetensors: there is no such file or folder \(ENOENT\); give weights\/final\.safetensors of .*\n$/,
  ],
])('says in words what the operating system refuses: %j', async (words, line) => {
  file('a-file', '');
  const said = await type(words);
  expect(said.code).toBeGreaterThan(0);
  expect(said.stderr).toMatch(line);
});
