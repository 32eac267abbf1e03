// Goal: what is wrong with a command is said before any machine is asked. test/deploy has the machines.
import { describe, expect, it } from 'vitest';
import { file, type } from './spec-command.js';

const start = ['start', '--coordinator', '127.0.0.1:7070', '--bundle'];

describe('deploy ssh', () => {
  it.each([
    [
      [...start, 'x', 'a b'],
      /^rocinante: hosts: expected host, user@host or user@host:port, received "a b"$/,
    ],
    [
      [...start, 'x', 'a,-oProxyCommand=x'],
      /^rocinante: hosts: expected host, .*received "-oProxyCommand=x"$/,
    ],
    [[...start, 'x', 'a,a'], /^rocinante: a,a: expected each host once, received a twice$/],
    [[...start, 'x', 'a', '--serve-on', 'b c'], /^rocinante: --serve-on: expected host, .*received "b c"$/],
    [[...start, '/nowhere', 'a'], /^rocinante: --bundle \/nowhere: expected an archive .*, found none$/],
    [[...start, '/etc/passwd', 'a'], /^rocinante: --bundle \/etc\/passwd: .*, found another file$/],
    [
      [...start, 'x', 'a', '--gpus', '0,0'],
      /--gpus <list>' argument '0,0' is invalid\. expected all, or different/,
    ],
    [
      [...start, 'x', 'a', '--worker-option', 'x'],
      /--worker-option.*expected an option, such as --threads=4/,
    ],
    [['start', 'a', '--bundle', 'x', '--coordinator', 'a'], /--coordinator.*expected host:port/],
    [['start', 'a', '--coordinator', 'a:1'], /required option '--bundle <file>' not specified/],
    [['upgrade', 'a'], /required option '--bundle <file>' not specified/],
    [['status', 'a', '--dir', 'a;b'], /--dir <dir>' argument 'a;b' is invalid\. expected a path of letters/],
    [['stop', 'a', '--parallel', '0'], /--parallel.*expected a whole number from 1 to 64/],
    [['stop', file('hosts.txt', '# none\n')], /hosts\.txt: expected 1 to 1024 hosts, received 0$/],
  ])('refuses %j', async (words, complaint) => {
    const { code, stdout, stderr } = await type(['deploy', 'ssh', ...words]);
    expect(stderr.trimEnd()).toMatch(complaint);
    expect([code, stdout, stderr.trimEnd().split('\n').length]).toEqual([2, '', 1]);
  });
});
