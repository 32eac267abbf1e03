/**
 * Goal: what `deploy ssh` leaves on a machine has a bound, and outlives a loss of power. Method: the script as it is, with shorter
 * times and lengths, run here by a shell; the process that it keeps is another script. `deploy-ssh.spec.ts` has a real sshd.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { projectRoot } from '../support/project-root.js';
import { until } from '../support/daemon.js';
import { Workspace } from '../support/rocinante.js';

const LOG_BYTES_MAX = 20_000;
const LINES = 300;
const LINE = `{"msg":"${'x'.repeat(1000)}"}`;

/** As a worker: it joins, says much, and then nothing until it is told to end. */
const worker = `#!/bin/sh
trap 'exit 0' TERM
echo '{"msg":"joined the coordinator at here"}'
i=0
while [ $i -lt ${LINES} ]; do echo '${LINE}'; i=$((i + 1)); done
echo '{"msg":"the last"}'
: >said
while :; do sleep 0.1; done
`;

let workspace: Workspace;
let base: string;
let path: string;
beforeEach(() => {
  workspace = new Workspace();
  base = workspace.in('rocinante');
  path = process.env['PATH'] ?? '';
  mkdirSync(base);
  const script = readFileSync(join(projectRoot, 'deploy', 'ssh', 'host.sh'), 'utf8')
    .replace(/^log_bytes_max=\d+/m, `log_bytes_max=${LOG_BYTES_MAX}`)
    .replace(/^log_look=\d+/m, 'log_look=0.2');
  writeFileSync(join(base, 'host.sh'), script);
});
afterEach(() => workspace.remove());

function host(words: readonly string[], input: string | Buffer = ''): string {
  const said = spawnSync('sh', [join(base, 'host.sh'), ...words], {
    input,
    encoding: 'utf8',
    env: { ...process.env, PATH: path },
  });
  expect(said.stderr).toBe('');
  return said.stdout;
}

/** Processes of this folder's script. */
function processes(): string[] {
  return readdirSync('/proc').filter((id) => {
    if (!/^\d+$/.test(id)) return false;
    try {
      return readFileSync(join('/proc', id, 'cmdline'), 'utf8').includes(base);
    } catch {
      return false;
    }
  });
}

it('keeps the log of a process that lives short, and still knows whether it is at work', async () => {
  const bundle = join(base, 'bundles', 'b');
  const service = join(base, 'services', 'worker');
  mkdirSync(bundle, { recursive: true });
  writeFileSync(join(bundle, 'rocinante'), worker);
  chmodSync(join(bundle, 'rocinante'), 0o755);
  host(['install', 'worker'], 'command 7\nworker\nenv 0\n');
  try {
    expect(host(['start', 'worker', 'b'])).toBe('state=started\n');
    const size = (name: string): number =>
      statSync(join(service, name), { throwIfNoEntry: false })?.size ?? 0;
    await until(
      'the log to be short',
      () => existsSync(join(service, 'said')) && size('log') < LOG_BYTES_MAX,
    );
    expect(size('log')).toBeLessThanOrEqual(LOG_BYTES_MAX);
    expect(size('log.1')).toBeGreaterThan(0);
    expect(size('log.1')).toBeLessThanOrEqual(LOG_BYTES_MAX);
    const status = host(['status']);
    expect(status).toContain('turn={"msg":"joined the coordinator at here"}\n');
    expect(status).toContain('last={"msg":"the last"}\n');
    expect(
      readFileSync(join(service, 'log.1'), 'utf8') + readFileSync(join(service, 'log'), 'utf8'),
    ).toContain(`${LINE}\n`);
  } finally {
    expect(host(['stop', 'worker', '30'])).toBe('state=stopped\n');
  }
  await until('all processes to end', () => processes().length === 0);
});

/** A machine whose `sync` writes down what it is asked for, and what was at a place then. */
function watchSync(place: string): () => string[] {
  const [folder, log] = [workspace.in('bin'), workspace.in('synced')];
  mkdirSync(folder);
  const there = `if [ -e '${place}' ]; then echo there; else echo not; fi`;
  writeFileSync(join(folder, 'sync'), `#!/bin/sh\necho "$* $(${there})" >>'${log}'\n`);
  chmodSync(join(folder, 'sync'), 0o755);
  path = folder + delimiter + path;
  return () => readFileSync(log, 'utf8').trim().split('\n');
}

it('flushes a bundle before it has its name, and believes none that was not', () => {
  const place = join(base, 'bundles', 'b');
  const synced = watchSync(place);
  mkdirSync(workspace.in('packed/b'), { recursive: true });
  writeFileSync(workspace.in('packed/b/rocinante'), worker);
  const archive = workspace.in('b.tar.gz');
  expect(spawnSync('tar', ['-czf', archive, '-C', workspace.in('packed'), 'b']).status).toBe(0);
  const bytes = readFileSync(archive);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const receive = (): string => host(['receive', sha256, String(bytes.length), 'b'], bytes);

  expect(receive()).toBe('bundle=there\n');
  expect(synced()).toEqual([
    expect.stringMatching(/^-f .*\/bundles\/\.b\.\d+ not$/) as string,
    `-f ${place} there`,
  ]);
  expect(host(['facts', sha256, 'b'])).toContain('bundle=there');

  // As a loss of power leaves it, or a release that did not flush.
  rmSync(join(place, '.whole'));
  writeFileSync(join(place, 'rocinante'), '');
  expect(host(['facts', sha256, 'b'])).not.toContain('bundle=');
  expect(receive()).toBe('bundle=there\n');
  expect(readFileSync(join(place, 'rocinante'), 'utf8')).toBe(worker);
  expect(readdirSync(join(base, 'bundles'))).toEqual(['b']);
});

it('flushes a secret before it has its name, and then the name', () => {
  const service = join(base, 'services', 'worker');
  const synced = watchSync(join(service, 'token'));
  host(['install', 'worker'], 'token 6\nsecret');
  expect(synced()).toEqual([`${join(service, 'token')}.new not`, `${service} there`]);
  expect(readFileSync(join(service, 'token'), 'utf8')).toBe('secret');
});
