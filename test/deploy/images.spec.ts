/**
 * Goal: the images are built by their Dockerfile, hold what they need and no more, and train. Method: a real build from real
 * bundles, and real containers under the recipes' restrictions, by tools that need no engine. Takes minutes: only with
 * ROCINANTE_LONG=1, and where .ci/container-tools has been run.
 */
import { spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Containers, containerHindrance } from '../support/containers.js';
import { until } from '../support/daemon.js';
import { freePorts } from '../support/free-ports.js';
import { projectRoot } from '../support/project-root.js';
import { rocinante, train, Workspace } from '../support/rocinante.js';
import { smallOrder } from '../support/small-run.js';

const hindrance = process.env.ROCINANTE_LONG === '1' ? containerHindrance() : 'needs ROCINANTE_LONG=1';
/** The images' user. */
const USER = 10001;

describe.skipIf(hindrance !== null)(`the images${hindrance === null ? '' : ` (${hindrance})`}`, () => {
  const workspace = new Workspace();
  const bundles = ['rocinante-coordinator.tar.gz', 'rocinante-worker.tar.gz'];
  const order = smallOrder(workspace, 60);
  let containers: Containers;
  let coordinatorImage: string;
  let workerImage: string;

  beforeAll(async () => {
    const kinds = [['--no-engine'], []];
    for (const [index, kind] of kinds.entries()) {
      const { code, stderr } = await rocinante([
        'bundle',
        ...kind,
        '--out',
        join(projectRoot, bundles[index]),
      ]);
      expect(code, stderr).toBe(0);
    }
    containers = new Containers(workspace.in('containers'));
    coordinatorImage = containers.build('coordinator', bundles[0]);
    workerImage = containers.build('worker', bundles[1]);
  }, 900_000);

  afterAll(() => {
    containers?.remove();
    for (const bundle of bundles) rmSync(join(projectRoot, bundle), { force: true });
    workspace.remove();
  }, 240_000);

  it(
    'hold notices of all that is in them, and nothing that compiles or fetches',
    { timeout: 240_000 },
    () => {
      for (const image of [coordinatorImage, workerImage]) {
        const shell = ['run', '--entrypoint=/bin/sh', image, '-c'];
        const notices = containers.ask([...shell, 'wc -c </opt/rocinante/THIRD-PARTY-NOTICES']);
        expect(Number(notices.said)).toBeGreaterThan(10_000);
        const tools = 'for tool in cc gcc make npm python3 curl wget; do command -v $tool; done; true';
        expect(containers.ask([...shell, tools]).said).toBe('');
        expect(containers.ask([...shell, 'id -u; touch /opt/rocinante/x']).said).toMatch(
          /^10001\n.*Read-only file system/,
        );
      }
      const engine = containers.ask([
        'run',
        '--entrypoint=/bin/sh',
        coordinatorImage,
        '-c',
        'find / -name "libtensorflow*" 2>/dev/null',
      ]);
      expect(engine.said).toBe('');
    },
  );

  it('start nothing without certificates and tokens', { timeout: 180_000 }, () => {
    for (const image of [coordinatorImage, workerImage]) {
      const { code, said } = containers.ask(['run', image]);
      expect(code).toBe(2);
      expect(said).toMatch(/expected a file of `rocinante certs`/);
    }
  });

  it(
    'train to the bits of a checkout, and end by themselves when they are told to',
    { timeout: 240_000 },
    async () => {
      const [port, security, data] = [await freePorts(2), workspace.in('security'), workspace.in('data')];
      const made = await rocinante(['certs', '--out', security, '--name', '127.0.0.1']);
      expect(made.code, made.stderr).toBe(0);
      mkdirSync(data);
      for (const path of [data, security]) chownSync(path, USER, USER);
      spawnSync('chown', ['-R', `${USER}:${USER}`, security]);
      const coordinator = `127.0.0.1:${port}`;
      const mounts = ['--tmpfs=/cache:mode=1777', `--volume=${security}:/run/rocinante:ro`];
      const listening = [
        `--env=ROCINANTE_LISTEN=${coordinator}`,
        `--env=ROCINANTE_HTTP=127.0.0.1:${port + 1}`,
      ];
      const health = `--env=ROCINANTE_HEALTH_PORT=${port + 1}`;
      const started: ChildProcess[] = [
        containers.start('coordinator', coordinatorImage, [
          ...mounts,
          `--volume=${data}:/data`,
          ...listening,
          health,
        ]),
        containers.start('worker', workerImage, [
          ...mounts,
          `--env=ROCINANTE_COORDINATOR=${coordinator}`,
          '--env=ROCINANTE_THREADS=1',
        ]),
      ];
      let log = '';
      for (const { stderr } of started)
        stderr!.setEncoding('utf8').on('data', (text: string) => (log += text));
      const ends = started.map((container) => once(container, 'exit'));
      // A run without a worker waits for one: it would be waited for in vain.
      const endsTooSoon = Promise.race(ends).then(([exitCode]) => {
        throw new Error(`a container ended with ${String(exitCode)}:\n${log}`);
      });
      endsTooSoon.catch(() => undefined);
      await Promise.race([until('the worker', () => /worker joined/.test(log)), endsTooSoon]);
      expect(
        containers.ask(['exec', 'coordinator', '/usr/local/lib/rocinante/entry.sh', 'health']).code,
      ).toBe(0);

      const token = ['--tls-ca', join(security, 'ca.crt'), '--token-file', join(security, 'operator.token')];
      const watched = rocinante([
        ...['run', 'start', ...order, '--watch', '--json'],
        ...['--coordinator', coordinator, ...token],
      ]);
      const { code, stdout, stderr } = await Promise.race([watched, endsTooSoon]);
      expect(code, stderr + log).toBe(0);
      // The images' user may write /cache, whatever the runtime made of the tmpfs.
      expect(log).not.toContain('the corpus is not kept');
      const { weightsSha256 } = JSON.parse(stdout.trim().split('\n').at(-1)!) as { weightsSha256: string };
      const undisturbed = ['--workers', '1', '--threads', '1', '--run-dir', workspace.in('undisturbed')];
      expect(weightsSha256).toBe((await train([...order, ...undisturbed])).weightsSha256);

      for (const name of ['worker', 'coordinator']) {
        const began = performance.now();
        expect(containers.ask(['stop', '--time=30', name]).code).toBe(0);
        expect(performance.now() - began).toBeLessThan(15_000);
      }
      expect((await Promise.all(ends)).map(([exitCode]) => exitCode as number)).toEqual([0, 0]);
    },
  );
});
