/**
 * Goal: `deploy ssh` brings a bundle to machines, runs it, upgrades it under a run without a different bit, and says in one
 * line what is wrong with a machine. Method: a real sshd in a clean root for each machine, on loopback; bundles that the
 * command made, but for the engine's 0.9 GB: the machines are shown those in a folder, and the bundles have a link to it.
 * What needs machines takes minutes, and runs with ROCINANTE_LONG=1 (`./rocinante test --long`).
 */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import type { AddressInfo, Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROTOCOL_VERSION } from '@rocinante/wire';
import { cleanRootHindrance } from '../support/clean-root.js';
import { until } from '../support/daemon.js';
import { speakProtocol } from '../support/other-release.js';
import { projectRoot } from '../support/project-root.js';
import { endAfter, Undisturbed } from '../support/open-end.js';
import { Rocinante, rocinante, Workspace } from '../support/rocinante.js';
import { TestBook } from '../support/secured.js';
import { smallOrder } from '../support/small-run.js';
import { cutAfter, freePort, Operator, SshHost } from '../support/ssh-host.js';

const LONG = process.env.ROCINANTE_LONG === '1';
const hindrance = LONG ? cleanRootHindrance() : 'needs ROCINANTE_LONG=1, as it takes minutes';
const ENGINE = '/srv/engine';

interface ServiceJson {
  readonly service: string;
  readonly state: string;
  readonly bundle: string;
  readonly pid: number | null;
  readonly connected: boolean;
  readonly lastLine: string;
  readonly already?: boolean;
}

interface HostJson {
  readonly host: string;
  readonly ok: boolean;
  readonly error: string | null;
  readonly sentBytes?: number;
  readonly services?: readonly ServiceJson[];
  readonly stopped?: readonly { readonly service: string; readonly how: string }[];
}

interface Said {
  readonly code: number | null;
  readonly stderr: string;
  readonly hosts: readonly HostJson[];
}

describe.skipIf(hindrance !== null)(
  `deploy ssh${hindrance ? ` (${hindrance})` : ''}`,
  { timeout: 300_000 },
  () => {
    const workspace = new Workspace();
    const machines: SshHost[] = [];
    const links: Server[] = [];
    const book = new TestBook(workspace);
    let operator: Operator;
    let coordinator: string;
    /** Two bundles: of this release, and of the next, which speaks a newer protocol too. */
    let first: { readonly file: string; readonly name: string };
    let second: typeof first;

    async function deploy(verb: string, hosts: string, ...args: string[]): Promise<Said> {
      const words = ['deploy', 'ssh', verb, hosts, '--ssh-config', operator.configFile, '--json', ...args];
      const { code, stdout, stderr } = await rocinante(words);
      const last = stdout.trim().split('\n').at(-1)!;
      return { code, stderr, hosts: last === '' ? [] : (JSON.parse(last) as { hosts: HostJson[] }).hosts };
    }

    /** `start` of workers of one thread. */
    function start(hosts: string, ...args: string[]): Promise<Said> {
      const worker = ['--coordinator', coordinator, '--worker-option=--threads=1'];
      return deploy('start', hosts, '--bundle', first.file, ...worker, ...args);
    }

    async function machine(name: string, diskMegabytes: number | null = null): Promise<SshHost> {
      const host = await SshHost.start(workspace.in(name), operator, (root) => {
        root.show(realpathSync(join(projectRoot, 'node_modules', '.rocinante', 'engine')), ENGINE);
        if (diskMegabytes !== null) root.disk('/root/.rocinante', diskMegabytes);
      });
      machines.push(host);
      operator.knows(name, host);
      return host;
    }

    /** Makes two bundles of what the command made: it is unpacked, gets the link to the engine, and a name. */
    async function makeBundles(): Promise<void> {
      const whole = workspace.in('made.tar.gz');
      const made = await rocinante(['bundle', '--json', '--out', whole, '--no-engine']);
      const { name } = JSON.parse(made.stdout.trim().split('\n').at(-1)!) as { name: string };
      const folder = workspace.in('unpacked');
      mkdirSync(folder);
      execFileSync('tar', ['-xzf', whole, '-C', folder]);
      const makeOne = (own: string): typeof first => {
        renameSync(join(folder, readdirSync(folder)[0]), join(folder, own));
        const about = join(folder, own, 'bundle.json');
        const before = JSON.parse(readFileSync(about, 'utf8')) as object;
        writeFileSync(about, JSON.stringify({ ...before, name: own, engine: 'tensorflow-cpu 2.21.0' }));
        const file = workspace.in(`${own}.tar.gz`);
        // As `bundle` has it: what says which one it is comes early.
        const gzip = ['--sort=name', '-I', 'gzip -1', '-cf', file, '-C', folder, own];
        execFileSync('tar', gzip);
        return { file, name: own };
      };
      const stamps = join(folder, name, 'node_modules', '.rocinante');
      mkdirSync(stamps, { recursive: true });
      symlinkSync(ENGINE, join(stamps, 'engine'));
      first = makeOne(`${name}-a`);
      speakProtocol(join(folder, `${name}-a`), PROTOCOL_VERSION + 1);
      second = makeOne(`${name}-b`);
      rmSync(folder, { recursive: true });
    }

    beforeAll(async () => {
      operator = new Operator(workspace.in('operator'));
      await makeBundles();
      await Promise.all(['sancho', 'dulcinea'].map((name) => machine(name)));
      coordinator = `127.0.0.1:${await freePort()}`;
    }, 300_000);

    afterAll(async () => {
      for (const link of links) link.close();
      await Promise.all(machines.map((host) => host.stop()));
      workspace.remove();
    }, 120_000);

    it('starts a coordinator and workers, and sends nothing twice', async () => {
      const serve = [
        '--serve-on',
        'sancho',
        '--serve-listen',
        coordinator,
        '--serve-http',
        `127.0.0.1:${await freePort()}`,
      ];
      const secrets = ['--token-file', book.files.worker, '--serve-token-file', book.bookFile];
      const seen = watchArguments();
      const began = await start('sancho,dulcinea', ...serve, ...secrets);
      const told = Object.values(book.tokens);
      expect(seen.stop().filter((words) => told.some((token) => words.includes(token)))).toEqual([]);
      expect(began).toMatchObject({ code: 0 });
      const { size } = statSync(first.file);
      expect(began.hosts).toMatchObject([
        {
          host: 'sancho',
          ok: true,
          sentBytes: size,
          services: [{ service: 'coordinator' }, { service: 'worker' }],
        },
        {
          host: 'dulcinea',
          ok: true,
          sentBytes: size,
          services: [{ service: 'worker', bundle: first.name }],
        },
      ]);
      const again = await start('sancho,dulcinea', ...serve, ...secrets);
      expect(again.code).toBe(0);
      for (const { sentBytes, services } of again.hosts) {
        expect(sentBytes).toBe(0);
        for (const { already } of services!) expect(already).toBe(true);
      }
      for (const { root } of machines) {
        const token = root.path('root', '.rocinante', 'services', 'worker', 'token');
        expect([readFileSync(token, 'utf8').trim(), statSync(token).mode & 0o777]).toEqual([
          book.tokens.worker,
          0o600,
        ]);
      }
    });

    it('says what runs', async () => {
      await until('both workers', async () => {
        const { hosts } = await deploy('status', 'sancho,dulcinea');
        return hosts.every(({ services }) => services!.every(({ connected }) => connected));
      });
      const { code, hosts } = await deploy('status', 'sancho,dulcinea');
      expect(code).toBe(0);
      const worker = {
        state: 'running',
        bundle: first.name,
        connected: true,
        restarts: 0,
        pid: expect.any(Number) as number,
        lastLine: expect.stringContaining(`joined the coordinator at ${coordinator}, `) as string,
      };
      expect(hosts[1].services).toEqual([{ service: 'worker', ...worker }]);
      expect(hosts[0].services).toMatchObject([{ service: 'coordinator', state: 'running' }, worker]);
    });

    it('starts a worker again that was killed', async () => {
      const [host] = (await deploy('status', 'dulcinea')).hosts;
      machines[1].run(`kill -9 ${host.services![0].pid}`);
      await until('the worker to be back', async () => {
        const [{ services }] = (await deploy('status', 'dulcinea')).hosts;
        return services![0].connected && services![0].pid !== host.services![0].pid;
      });
    });

    it('upgrades under a run, workers first, which ends with the same bits', async () => {
      const order = smallOrder(workspace);
      const asOperator = ['--coordinator', coordinator, '--token-file', book.files.operator];
      const watched = ['--watch', '--json', ...asOperator];
      const run = new Rocinante(['run', 'start', ...order, ...watched]);
      await run.says(/step \d+|machine|joined/);
      const { code, stderr, hosts } = await deploy('upgrade', 'sancho,dulcinea', '--bundle', second.file);
      expect(stderr.match(/^rocinante: \w+: \w+ went from/gm)).toEqual([
        'rocinante: sancho: worker went from',
        'rocinante: dulcinea: worker went from',
        'rocinante: sancho: coordinator went from',
      ]);
      expect(code).toBe(0);
      for (const { services } of hosts) {
        for (const { to, connected } of services as unknown as { to: string; connected: boolean }[]) {
          expect([to, connected]).toEqual([second.name, true]);
        }
      }
      const stop = await rocinante(['run', 'stop', 'r1', ...asOperator]);
      expect(stop.code, stop.stderr).toBe(0);
      const stopped = await run.finished;
      expect(stopped.code, stopped.stderr).toBe(0);
      const { steps: taken } = JSON.parse(stopped.stdout.trim().split('\n').at(-1)!) as { steps: number };
      const end = endAfter(taken);
      const ended = await rocinante(['run', 'resume', 'r1', '--steps', String(end), ...watched]);
      expect(ended.code, ended.stderr).toBe(0);
      const last = JSON.parse(ended.stdout.trim().split('\n').at(-1)!) as { weightsSha256: string };
      const undisturbed = await new Undisturbed(workspace, order).of(end);
      expect(last.weightsSha256).toBe(undisturbed.weightsSha256);
      // One after the other the new workers joined the old coordinator, in its protocol; then both the new one, in theirs.
      const log = readFileSync(
        machines[0].root.path('root', '.rocinante', 'services', 'coordinator', 'log'),
        'utf8',
      );
      const spoken = [
        ...log.matchAll(/"protocol":(\d+),"worker":"[^"]*","pool":"default","msg":"worker joined"/g),
      ];
      expect(spoken.slice(-4).map(([, protocol]) => Number(protocol) - PROTOCOL_VERSION)).toEqual([
        0, 0, 1, 1,
      ]);
    });

    it('goes back where the new one does not come to work, and leaves the coordinator', async () => {
      const broken = workspace.in('broken');
      mkdirSync(broken);
      execFileSync('tar', ['-xzf', second.file, '-C', broken]);
      const name = `${second.name}-broken`;
      renameSync(join(broken, second.name), join(broken, name));
      writeFileSync(join(broken, name, 'start.mjs'), 'process.exit(1);\n');
      const about = join(broken, name, 'bundle.json');
      writeFileSync(about, JSON.stringify({ ...(JSON.parse(readFileSync(about, 'utf8')) as object), name }));
      execFileSync('tar', ['--sort=name', '-I', 'gzip -1', '-cf', `${broken}.tar.gz`, '-C', broken, name]);
      rmSync(broken, { recursive: true });
      const { code, stderr } = await deploy(
        'upgrade',
        'sancho',
        '--bundle',
        `${broken}.tar.gz`,
        '--wait',
        '3',
      );
      expect(code).toBe(1);
      expect(stderr).toContain(`sancho: worker was not at work within 3 s, and is back on ${second.name}`);
      expect(stderr).toContain('the coordinator stays as it is');
      const [{ services }] = (await deploy('status', 'sancho')).hosts;
      expect(services!.map(({ bundle }) => bundle)).toEqual([second.name, second.name]);
    });

    it('ends what it started, and nothing else', async () => {
      machines[1].run('setsid sleep 1000 >/dev/null 2>&1 &');
      const { code, hosts } = await deploy('stop', 'sancho,dulcinea');
      expect(code).toBe(0);
      expect(hosts[0].stopped).toEqual([
        { service: 'worker', how: 'stopped' },
        { service: 'coordinator', how: 'stopped' },
      ]);
      expect(hosts[1].stopped).toEqual([{ service: 'worker', how: 'stopped' }]);
      const left = machines[1].run('cat /proc/[0-9]*/cmdline | tr "\\0" " "');
      expect(left).toContain('sleep 1000');
      expect(left).not.toContain('.rocinante');
      expect((await deploy('stop', 'dulcinea')).hosts[0].stopped).toEqual([]);
    });

    it('says in one line what is wrong with a machine, and goes on with the others', async () => {
      const [sancho] = machines;
      await machine('full', 100);
      const arm = await machine('arm');
      writeFileSync(
        arm.root.path('usr', 'local', 'bin', 'uname'),
        '#!/bin/sh\ncase $1 in -s) echo Linux ;; *) echo aarch64 ;; esac\n',
        { mode: 0o755 },
      );
      const cut = await machine('cut');
      const link = await cutAfter(cut.port, 4e6);
      links.push(link);
      operator.knows('away', sancho, { port: await freePort() });
      operator.knows('stranger', sancho, { key: operator.strangeKey('strange') });
      operator.knows('impostor', sancho, { hostKey: machines[1].hostKey });
      operator.knows('cut-link', cut, { port: (link.address() as AddressInfo).port });
      const began = await start('away,stranger,impostor,full,arm,cut-link,dulcinea', '--wait', '0');
      expect(began.code).toBe(1);
      const lines = began.stderr
        .trimEnd()
        .split('\n')
        .filter((line) => line.startsWith('rocinante: '))
        .sort();
      expect(lines).toEqual([
        expect.stringMatching(/^rocinante: arm: the bundle is for linux-x64, this machine is Linux aarch64$/),
        expect.stringMatching(/^rocinante: away: could not be reached by ssh: .*Connection refused$/),
        expect.stringMatching(
          /^rocinante: cut-link: the copy of the bundle ended at [\d.]+ MB of [\d.]+ MB, the next attempt goes on there: could not be reached/,
        ),
        expect.stringMatching(
          /^rocinante: full: the bundle needs [\d.]+ MB, [\d.]+ MB are free in \.rocinante$/,
        ),
        expect.stringMatching(
          /^rocinante: impostor: could not be reached by ssh: Host key verification failed\.$/,
        ),
        expect.stringMatching(
          /^rocinante: stranger: could not be reached by ssh: .*Permission denied \(publickey.*\)\.$/,
        ),
      ]);
      expect(began.hosts.map(({ ok }) => ok)).toEqual([false, false, false, false, false, false, true]);
      const part = cut.root.path('root', '.rocinante', 'incoming');
      const arrived = statSync(
        join(
          part,
          readdirSync(part).find((name) => name.endsWith('.part'))!,
        ),
      ).size;
      expect(arrived).toBeGreaterThan(1e6);
      // On the way that is whole, only what is missing is sent.
      const [again] = (await start('cut', '--wait', '0')).hosts;
      expect(again).toMatchObject({ ok: true, sentBytes: statSync(first.file).size - arrived });
      expect(existsSync(cut.root.path('root', '.rocinante', 'bundles', first.name, 'rocinante'))).toBe(true);
      await deploy('stop', 'cut,dulcinea');
    });
  },
);

/** Looks at the words of every process of this machine, again and again. */
function watchArguments(): { stop(): string[] } {
  const seen = new Set<string>();
  const look = (): void => {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        seen.add(readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
      } catch {
        // It has ended meanwhile.
      }
    }
  };
  const timer = setInterval(look, 20);
  return {
    stop: () => {
      clearInterval(timer);
      return [...seen];
    },
  };
}
