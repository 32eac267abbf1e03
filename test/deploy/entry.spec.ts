/**
 * Goal: the images' entry script starts the right thing, safely, and gets out of its way. Method: it runs here as it would in a
 * container, over a folder like an unpacked bundle's; where only its words are of interest, over a program that prints its own.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readlinkSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { until } from '../support/daemon.js';
import { freePorts } from '../support/free-ports.js';
import { projectRoot } from '../support/project-root.js';
import { Workspace } from '../support/rocinante.js';

const entry = join(projectRoot, 'deploy', 'docker', 'entry.sh');
const workspace = new Workspace();
afterAll(() => workspace.remove());

/** A bundle's folder: its program, and Node beside it. */
const bundle = folder('bundle');
symlinkSync(join(projectRoot, 'rocinante'), join(bundle, 'rocinante'));
symlinkSync(process.execPath, join(bundle, 'node'));

/** The same with a program that prints its words. */
const echo = folder('echo');
workspace.write('echo/rocinante', '#!/bin/sh\nprintf "%s\\n" "$@"\n');
chmodSync(join(echo, 'rocinante'), 0o755);

/** What `rocinante certs` writes, as far as the script looks: that it can be read. */
const security = folder('security');
const files = ['ca.crt', 'tokens', 'worker.token', 'operator.token'];
for (const of of ['coordinator', 'worker', 'operator']) files.push(`${of}.crt`, `${of}.key`);
for (const file of files) workspace.write(`security/${file}`, '');

function folder(name: string): string {
  mkdirSync(workspace.in(name));
  return workspace.in(name);
}

interface Ended {
  readonly code: number | null;
  readonly words: string[];
  readonly stderr: string;
}

function run(args: readonly string[], settings: NodeJS.ProcessEnv = {}): Ended {
  const env = { PATH: process.env.PATH, ROCINANTE_HOME: echo, ROCINANTE_SECURITY: security, ...settings };
  const { status, stdout, stderr } = spawnSync(entry, args, { encoding: 'utf8', env });
  return { code: status, words: stdout.trimEnd().split('\n'), stderr };
}

const at = (file: string): string => join(security, file);
const certificate = (of: string): string[] => ['--tls-cert', at(`${of}.crt`), '--tls-key', at(`${of}.key`)];

describe('what it starts', () => {
  it('a coordinator under TLS and tokens, with further options', () => {
    const tls = [
      '--tls-cert',
      at('coordinator.crt'),
      '--tls-key',
      at('coordinator.key'),
      '--token-file',
      at('tokens'),
    ];
    expect(run(['coordinator', '--log-level', 'debug']).words).toEqual([
      'serve',
      ...tls,
      '--log-level',
      'debug',
    ]);
    const mutual = run(['coordinator'], { ROCINANTE_MUTUAL_TLS: '1' });
    expect(mutual.words).toEqual(['serve', ...tls, '--tls-ca', at('ca.crt')]);
  });

  it('a worker with its token, and its metrics at an address of others under its certificate', () => {
    const words = [
      'worker',
      '--tls-ca',
      at('ca.crt'),
      '--token-file',
      at('worker.token'),
      ...certificate('worker'),
    ];
    expect(run(['worker']).words).toEqual(words);
    expect(run(['worker'], { ROCINANTE_HTTP: '127.0.0.1:9464' }).words).toEqual(words);
    const seen = run(['worker'], { ROCINANTE_HTTP: '0.0.0.0:9464' });
    expect(seen.words).toEqual([...words, '--http-token-file', at('tokens')]);
  });

  it('an operator’s command with the operator’s token, and others as they are', () => {
    const operator = [
      '--tls-ca',
      at('ca.crt'),
      '--token-file',
      at('operator.token'),
      ...certificate('operator'),
    ];
    expect(run(['run', 'list']).words).toEqual(['run', 'list', ...operator]);
    expect(run(['plan', '--help']).words).toEqual(['plan', '--help']);
  });

  it('what is told to be in plain, and says so', () => {
    const insecure = { ROCINANTE_INSECURE: '1', ROCINANTE_SECURITY: '/nowhere' };
    expect(run(['coordinator'], insecure).words).toEqual(['serve', '--insecure']);
    expect(run(['worker', '--pool', 'p'], insecure).words).toEqual(['worker', '--insecure', '--pool', 'p']);
    expect(run(['run', 'list'], insecure).words).toEqual(['run', 'list']);
  });
});

describe('what it refuses, with one line and exit code 2', () => {
  const refusals: [string, readonly string[], NodeJS.ProcessEnv, RegExp][] = [
    [
      'a coordinator without certificates',
      ['coordinator'],
      { ROCINANTE_SECURITY: '/nowhere' },
      /nowhere\/coordinator.crt: expected a file of `rocinante certs`/,
    ],
    ['a worker without a token', ['worker'], { ROCINANTE_SECURITY: '/nowhere' }, /nowhere\/ca.crt: expected/],
    [
      'an operator without a token',
      ['run', 'list'],
      { ROCINANTE_SECURITY: '/nowhere' },
      /nowhere\/ca.crt: expected/,
    ],
    [
      'another value than 0 or 1',
      ['worker'],
      { ROCINANTE_INSECURE: 'yes' },
      /ROCINANTE_INSECURE: expected 0 or 1, received yes/,
    ],
    [
      'a folder without the program',
      ['worker'],
      { ROCINANTE_HOME: '/nowhere' },
      /nowhere\/rocinante: expected the program/,
    ],
    ['nothing', [], {}, /received nothing/],
  ];
  it.each(refusals)('%s', (_, args, settings, line) => {
    const { code, words, stderr } = run(args, settings);
    expect(code).toBe(2);
    expect(words).toEqual(['']);
    expect(stderr).toMatch(line);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});

describe('a coordinator in it', () => {
  it.each([
    ['is the process itself, healthy while it lives, and ends with 0', '0', 0],
    ['ends with 143 where it is a task of a Job', '1', 143],
  ])('%s', { timeout: 180_000 }, async (_, asTask, expected) => {
    const port = await freePorts(1);
    const env = {
      ...process.env,
      ROCINANTE_HOME: bundle,
      ROCINANTE_INSECURE: '1',
      ROCINANTE_AS_TASK: asTask,
      ROCINANTE_LISTEN: '127.0.0.1:0',
      ROCINANTE_HTTP: `127.0.0.1:${port}`,
      ROCINANTE_HEALTH_PORT: String(port),
      ROCINANTE_DATA: workspace.in(`data-${asTask}`),
    };
    const health = (): Ended['code'] => spawnSync(entry, ['health'], { env }).status;
    expect(health()).toBe(1);
    const child = spawn(entry, ['coordinator'], { env, stdio: ['ignore', 'ignore', 'pipe'] });
    let log = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
    const ended = once(child, 'exit');
    try {
      await until('the coordinator', () => log.includes('coordinator is up'));
      expect(health()).toBe(0);
      // What gets the container's signals.
      const program = readlinkSync(`/proc/${child.pid}/exe`);
      expect(program === process.execPath).toBe(asTask === '0');
    } finally {
      child.kill('SIGTERM');
    }
    expect(await ended).toEqual([expected, null]);
    expect(health()).toBe(1);
  });
});
