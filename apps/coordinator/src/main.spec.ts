import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { folder, file, type } from './cli/typed-command.js';

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
])('says in one line what %j may have meant', async (words, line) => {
  expect(await type(words)).toEqual({ code: 2, stdout: '', stderr: `rocinante: ${line}\n` });
});

it('names all commands in its help, the launcher’s own too', async () => {
  const { stdout } = await type(['--help']);
  for (const name of ['train', 'serve', 'run', 'worker', 'bundle', 'test'])
    expect(stdout).toMatch(new RegExp(`^  ${name} .*\\S`, 'm'));
});

it.each([
  [
    '',
    'train serve run weights sample corpus verify replay simulate doctor support certs deploy config worker bundle test',
  ],
  ['run', 'start list show watch logs stop resume rm compare'],
])('lists the commands of rocinante %s, in their order', async (parent, commands) => {
  const { code, stdout, stderr } = await type([...parent.split(' ').filter(Boolean), '--help']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const [, listed] = /\nCommands:\n([^]*?)(\n\n|$)/.exec(stdout)!;
  const names = [...listed.matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name);
  expect(names).toEqual([...commands.split(' '), 'help']);
});

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
