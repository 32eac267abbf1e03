// Goal: set-up gives a whole engine or one clear line, whatever happens to the network, to its bytes or to the process.
// Method: the real launcher, npm, pip and tsc on a small checkout; a package index on this machine with a fake wheel.

import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  cacheEntries,
  Checkout,
  makeFakeEngine,
  temporaryFolder,
  type Ended,
  type FakeEngine,
} from './checkout.js';
import { PackageIndex } from './package-index.js';

let folder: string;
let engine: FakeEngine;
let index: PackageIndex;
let checkout: Checkout;
let cache: string;
let env: Record<string, string>;
let cacheCount = 0;
let pathCount = 0;

beforeAll(async () => {
  folder = temporaryFolder('setup');
  engine = makeFakeEngine(folder, 1e6);
  index = await PackageIndex.start(engine);
  checkout = Checkout.make(join(folder, 'checkout'), {
    PIP_CONFIG_FILE: '/dev/null',
    PIP_INDEX_URL: index.url,
    PIP_NO_CACHE_DIR: '1',
    PIP_RETRIES: '0',
    CXX: engine.compiler,
  });
}, 180_000);

afterAll(async () => {
  await index.stop();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => {
  index.reset();
  cache = join(folder, `cache-${(cacheCount += 1)}`);
  env = { ROCINANTE_CACHE: cache, ROCINANTE_ENGINE_PIN: engine.pin() };
});

/** The launcher's lines of complaint: what it says but for what it is doing. */
function complaints(ended: Ended): string[] {
  return ended.stderr
    .split('\n')
    .filter((line) => line !== '' && !/( \.\.\.|done in [\d.]+ s|, [\d.]+ s)$/.test(line));
}

/** A folder with all that set-up needs but the named commands. */
function pathWithout(...missing: string[]): string {
  const path = join(folder, `path-${(pathCount += 1)}`);
  mkdirSync(path);
  for (const name of [
    'bash',
    'dirname',
    'env',
    'flock',
    'node',
    'npm',
    'readlink',
    'setpriv',
    'sh',
    'sync',
  ]) {
    if (missing.includes(name)) continue;
    const target =
      name === 'node'
        ? process.execPath
        : execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();
    symlinkSync(target, join(path, name));
  }
  return path;
}

function expectWholeEngine(fakeLibrarySize = engine.fakeLibrarySize): void {
  const [name, ...others] = cacheEntries(cache);
  expect(others).toEqual([]);
  expect(name).toMatch(/^rocinante-fake-engine-1\.0-linux-x64-[0-9a-f]{12}$/);
  const place = join(cache, 'engine', name);
  expect(
    readFileSync(join(place, 'lib', 'libtensorflow_cc.so.2')).equals(Buffer.alloc(fakeLibrarySize)),
  ).toBe(true);
  expect(readFileSync(join(place, 'lib', 'libtensorflow_framework.so.2'), 'utf8')).toBe('framework');
  expect(existsSync(join(place, 'binding', 'tfjs_binding.node'))).toBe(true);
  expect(readlinkSync(join(checkout.root, 'node_modules', '.rocinante', 'engine'))).toBe(place);
}

describe('a first call', () => {
  it(
    'sets up everything, then runs the command; a second call does nothing else',
    { timeout: 120_000 },
    async () => {
      const first = await checkout.run(['one', '--json'], env);
      expect(first).toMatchObject({ code: 2, stdout: '["one","--json"]\n' });
      expect(first.stderr).toMatch(
        /^rocinante: first use of this checkout: npm packages \(550 MB\) and a build, then TensorFlow's library \([\d.]+ MB\), .*\nrocinante: installing packages/,
      );
      expectWholeEngine();

      const second = await checkout.run(['one'], env);
      expect(second).toEqual({ code: 1, signal: null, stdout: '["one"]\n', stderr: '' });
      expect(index.requestCount).toBe(1);
    },
  );

  it('takes the wheel from a folder, without an index', { timeout: 120_000 }, async () => {
    const ended = await checkout.run(['--engine-from', engine.folder, 'one'], env);
    expect(ended).toMatchObject({ code: 1, stdout: '["one"]\n' });
    expectWholeEngine();
    expect(index.requestCount).toBe(0);

    const empty = await checkout.run(['--engine-from=/', 'one'], {
      ...env,
      ROCINANTE_CACHE: `${cache}-other`,
    });
    expect(empty.code).toBe(2);
    expect(complaints(empty)).toEqual([
      expect.stringContaining(`expected the file ${engine.fileName} in it`),
    ]);
  });
});

describe('the engine', () => {
  const program = 'console.log(JSON.stringify(argv)); return Promise.resolve(argv.length);';

  it('is not fetched for help, nor to say what is wrong with the words', { timeout: 120_000 }, async () => {
    checkout.writeProgram(program, "export const runs = (argv: string[]) => argv[0] === 'one';");
    try {
      const noPython = { ...env, PATH: pathWithout('python3', 'c++'), CXX: '' };
      for (const words of [['train', '--help'], ['-h']]) {
        expect((await checkout.run(words, noPython)).stdout).toBe(`${JSON.stringify(words)}\n`);
      }
      expect(await checkout.run(['oen'], env)).toEqual({
        code: 1,
        signal: null,
        stdout: '["oen"]\n',
        stderr: '',
      });
      expect(cacheEntries(cache)).toEqual([]);
      expect((await checkout.run(['one'], env)).stdout).toBe('["one"]\n');
      expectWholeEngine();
    } finally {
      checkout.writeProgram(program);
    }
  });

  it('comes in a line of ours in a terminal too, without pip’s own', { timeout: 120_000 }, async () => {
    const { stdout } = await checkout.runInTerminal(['one'], env);
    expect(stdout).toContain('downloading rocinante-fake-engine 1.0 (');
    expect(stdout).not.toMatch(/Looking in indexes|Saved |Successfully downloaded/);
    expectWholeEngine();
  });
});

describe('the network', () => {
  it('refuses a wheel with other bytes in one line', { timeout: 120_000 }, async () => {
    const sha256 = 'ab'.repeat(32);
    const ended = await checkout.run([], { ...env, ROCINANTE_ENGINE_PIN: engine.pin({ sha256 }) });
    expect(ended.code).toBe(1);
    expect(complaints(ended)).toEqual([
      expect.stringMatching(`expected sha256 ${sha256}, received [0-9a-f]{64}$`),
    ]);
    expect(cacheEntries(cache).filter((name) => !/\.(part|log)$/.test(name))).toEqual([]);
  });

  it('says in one line that there is none', { timeout: 120_000 }, async () => {
    const ended = await checkout.run([], { ...env, PIP_INDEX_URL: 'http://127.0.0.1:9/simple' });
    expect(ended.code).toBe(1);
    expect(complaints(ended)).toEqual([expect.stringContaining('could not fetch rocinante-fake-engine 1.0')]);
    const log = /pip's output is in (\S+);/.exec(ended.stderr)![1];
    expect(readFileSync(log, 'utf8')).toContain('ERROR: No matching distribution found');
  });

  it(
    'says in one line that the transfer was cut, and starts again cleanly',
    { timeout: 120_000 },
    async () => {
      index.behaviour = 'cuts';
      const cut = await checkout.run([], env);
      expect(cut.code).toBe(1);
      expect(complaints(cut)).toEqual([expect.stringMatching(/could not fetch|expected \d+ bytes/)]);

      index.behaviour = 'whole';
      expect((await checkout.run([], env)).code).toBe(0);
      expectWholeEngine();
    },
  );
});

describe('a process that ends too early', () => {
  it('killed while it downloads, leaves nothing that counts', { timeout: 120_000 }, async () => {
    index.behaviour = 'stalls';
    const killed = checkout.start([], env);
    await index.whenHalfSent();
    killed.process.kill('SIGKILL');
    expect((await killed.ended).signal).toBe('SIGKILL');
    expect(cacheEntries(cache)).toContainEqual(expect.stringMatching(/\.part$/));

    index.behaviour = 'whole';
    expect((await checkout.run([], env)).code).toBe(0);
    expectWholeEngine();
  });

  it('killed while it unpacks, leaves nothing that counts', { timeout: 120_000 }, async () => {
    // Large enough that unpacking lasts until the kill.
    const large = makeFakeEngine(temporaryFolder('setup-large'), 192e6);
    env.ROCINANTE_ENGINE_PIN = large.pin();
    const args = ['--engine-from', large.folder];
    const killed = checkout.start(args, env);
    const library = (name: string): string => join(cache, 'engine', name, 'lib', 'libtensorflow_cc.so.2');
    while (!cacheEntries(cache).some((name) => existsSync(library(name)))) {
      expect(killed.process.exitCode).toBe(null);
      await wait(5);
    }
    killed.process.kill('SIGKILL');
    expect((await killed.ended).signal).toBe('SIGKILL');
    expect(cacheEntries(cache).sort()).toEqual([
      expect.stringMatching(/\.log$/),
      expect.stringMatching(/\.part$/),
    ]);

    expect((await checkout.run(args, env)).code).toBe(0);
    expectWholeEngine(large.fakeLibrarySize);
    rmSync(large.folder, { recursive: true });
  });

  it('killed after the download, does not fetch the wheel again', { timeout: 120_000 }, async () => {
    // A compiler that never ends holds set-up after the wheel was checked.
    const compiler = join(folder, 'endless-compiler');
    writeFileSync(compiler, '#!/bin/sh\nexec sleep 60\n', { mode: 0o755 });
    const killed = checkout.start([], { ...env, CXX: compiler });
    await expect.poll(killed.stderr, { timeout: 60_000 }).toContain('compiling the binding');
    killed.process.kill('SIGKILL');
    await killed.ended;

    expect((await checkout.run([], env)).code).toBe(0);
    expectWholeEngine();
    expect(index.requestCount).toBe(1);
  });

  it('interrupted, ends at once with 130, and its children with it', { timeout: 120_000 }, async () => {
    index.behaviour = 'stalls';
    const interrupted = checkout.start([], env);
    await index.whenHalfSent();
    const pid = interrupted.process.pid;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    expect(children.trim()).not.toBe('');
    interrupted.process.kill('SIGINT');
    const { code, stderr } = await interrupted.ended;
    expect(code).toBe(130);
    expect(stderr).toMatch(/\nrocinante: interrupted while setting up; .*\n$/);
    await expect.poll(() => children.trim().split(/\s+/).filter(isAlive), { timeout: 60_000 }).toEqual([]);
  });

  it('a cache that lost a file is filled again', { timeout: 120_000 }, async () => {
    env.ROCINANTE_ENGINE_FROM = engine.folder;
    await checkout.run([], env);
    rmSync(join(cache, 'engine', cacheEntries(cache)[0], 'lib', 'libtensorflow_cc.so.2'));
    // Nor does it matter that nobody can read what is done.
    expect(await checkout.runUnheard([], env)).toMatchObject({ code: 0, stdout: '[]\n' });
    expectWholeEngine();
  });
});

/** Whether a process runs; one that has ended but was not yet collected does not. */
function isAlive(pid: string): boolean {
  return existsSync(`/proc/${pid}/exe`) && !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
}

describe('two at once', () => {
  it(
    'from two checkouts, fetch once; the second waits for the first and names it',
    { timeout: 120_000 },
    async () => {
      const other = checkout.copy(join(folder, 'other-checkout'));
      index.behaviour = 'stalls';
      const first = checkout.start(['a'], env);
      await index.whenHalfSent();
      const second = other.start(['b', 'c'], env);
      await expect
        .poll(second.stderr, { timeout: 60_000 })
        .toContain(`waiting for process ${first.process.pid}`);
      first.process.kill('SIGKILL');
      index.behaviour = 'whole';
      expect(await second.ended).toMatchObject({ code: 2, stdout: '["b","c"]\n' });
      expect(index.requestCount).toBe(2);

      rmSync(cache, { recursive: true });
      index.reset();
      const both = await Promise.all([checkout.run(['a'], env), other.run(['b', 'c'], env)]);
      expect(both.map(({ code }) => code)).toEqual([1, 2]);
      expect(index.requestCount).toBe(1);
      expectWholeEngine();
    },
  );

  it('in one checkout, install the packages once', { timeout: 120_000 }, async () => {
    env.ROCINANTE_ENGINE_FROM = engine.folder;
    rmSync(join(checkout.root, 'node_modules'), { recursive: true });
    const both = await Promise.all([checkout.run(['a'], env), checkout.run(['a'], env)]);
    expect(both.map(({ code }) => code)).toEqual([1, 1]);
    expect(both.filter(({ stderr }) => stderr.includes('installing packages (npm ci): done'))).toHaveLength(
      1,
    );
    expectWholeEngine();
  });
});

describe('a missing prerequisite', () => {
  it('is named, with how to get it', async () => {
    const ended = await checkout.run([], { ...env, PATH: pathWithout('python3', 'c++'), CXX: '' });
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr.trim().split('\n')).toEqual([
      expect.stringMatching(/^rocinante: needs Python 3 .*apt-get install python3 python3-pip; Fedora: .*/),
      expect.stringMatching(
        /^rocinante: needs a C\+\+ compiler .*apt-get install g\+\+; Fedora: .*gcc-c\+\+$/,
      ),
    ]);
    expect(cacheEntries(cache)).toEqual([]);
  });

  it('is not needed to say which release this is', async () => {
    const described = join(checkout.root, 'apps', 'coordinator', 'package.json');
    writeFileSync(described, JSON.stringify({ version: '7.8.9' }));
    try {
      const path = pathWithout('python3');
      expect(await checkout.run(['--version'], { ...env, PATH: path, CXX: '' })).toMatchObject({
        code: 0,
        stdout: 'rocinante 7.8.9\n',
        stderr: '',
      });
    } finally {
      rmSync(described);
    }
  });

  it('without Node.js nothing starts', async () => {
    const ended = await checkout.run([], { ...env, PATH: pathWithout('node') });
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toMatch(
      /^rocinante: needs Node\.js 20\.19\+, 22\.13\+ or 24 .*no `node` was found\.\n$/,
    );
  });

  it('another version of Node.js is refused', async () => {
    const path = pathWithout('node', 'other');
    writeFileSync(join(path, 'node'), '#!/bin/sh\necho v23.1.0\n', { mode: 0o755 });
    const ended = await checkout.run([], { ...env, PATH: path });
    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(/found v23\.1\.0\.\n$/);
  });
});

describe('the build', () => {
  it('follows the sources, and survives the loss of its outputs', { timeout: 120_000 }, async () => {
    env.ROCINANTE_ENGINE_FROM = engine.folder;
    await checkout.run([], env);
    checkout.writeProgram("console.log('changed'); return Promise.resolve(argv.length);");
    expect(await checkout.run([], env)).toMatchObject({ code: 0, stdout: 'changed\n' });
    rmSync(join(checkout.root, 'apps', 'coordinator', 'dist'), { recursive: true });
    expect(await checkout.run([], env)).toMatchObject({ code: 0, stdout: 'changed\n' });

    checkout.writeProgram('return argv;');
    const broken = await checkout.run([], env);
    expect(broken).toMatchObject({ code: 1, stdout: '' });
    expect(broken.stderr).toContain('main.ts(2,');
    expect(broken.stderr).toMatch(/rocinante: the build failed \(exit code \d\); its output is in \S+\n$/);
    expect(readdirSync(join(checkout.root, 'node_modules', '.rocinante'))).toContain('engine');
  });
});
