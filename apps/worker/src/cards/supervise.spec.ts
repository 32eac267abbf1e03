// Goal: `worker --gpus` starts a worker on each card, and what becomes of them is told and decided as it should be. Method: the
// real program and the real workers, with a stand-in for nvidia-smi that lists two cards; the engine is the processor's, so
// workers compute there (`--device auto`) or refuse (`--device gpu`). No card takes part.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { availableCores } from '@rocinante/base';
import { main } from '../main.js';
import { until } from '../spec-scripted-coordinator.js';
import { workerWords } from './supervise.js';

const program = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const [zero, one] = [0, 1].map((digit) => `GPU-11111111-2222-3333-4444-55555555555${digit}`);

interface Line {
  readonly level: string;
  readonly worker: string;
  readonly msg: string;
  readonly pid?: number;
}

let folder: string;
let supervisor: ChildProcess;
let stderr: string;
/** Of all workers that were ever begun. */
const pids = (): number[] => lines().flatMap(({ pid }) => pid ?? []);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'supervise-'));
  mkdirSync(join(folder, 'bin'));
  const listed = `echo '0, ${zero}, NVIDIA H200, 9.0, 570.26'\necho '1, ${one}, NVIDIA H200, 9.0, 570.26'`;
  const script = `#!/bin/sh\ncase "$*" in *compute_cap*) ${listed} ;; esac\n`;
  writeFileSync(join(folder, 'bin', 'nvidia-smi'), script, { mode: 0o755 });
});
afterEach(async () => {
  supervisor.kill('SIGKILL');
  await until(() => pids().every((pid) => !isAlive(pid)), 'the workers to end with their supervisor');
  rmSync(folder, { recursive: true });
});

/** Nobody listens at that port: workers wait for a coordinator. */
function start(args: readonly string[], environment: NodeJS.ProcessEnv = {}): void {
  const all = ['--coordinator', '127.0.0.1:1', '--name', 'rucio', '--no-corpus-cache', ...args];
  supervisor = spawn(process.execPath, [program, ...all], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      ...process.env,
      PATH: `${folder}/bin:/usr/bin:/bin`,
      ROCINANTE_DRIVER_ROOT: '/nowhere',
      ...environment,
    },
  });
  stderr = '';
  supervisor.stderr!.setEncoding('utf8').on('data', (text: string) => (stderr += text));
}

async function end(): Promise<unknown> {
  const [code] = (await once(supervisor, 'close')) as [number | null];
  return code;
}

function lines(): Line[] {
  const whole = stderr.split('\n').slice(0, -1);
  return whole.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Line);
}

const says = (pattern: RegExp, times = 1): Promise<void> =>
  until(() => lines().filter(({ msg }) => pattern.test(msg)).length >= times, String(pattern));

/** What the supervisor itself said. */
const own = (): string[] => lines().flatMap(({ worker, msg }) => (worker === 'rucio' ? [msg] : []));

function isAlive(pid: number): boolean {
  try {
    // What was killed and not yet waited for is there still, and has no command line.
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== '';
  } catch {
    return false;
  }
}

function environmentOf(pid: number): Map<string, string> {
  const entries = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  return new Map(entries.map((entry) => [entry.split('=', 1)[0], entry.slice(entry.indexOf('=') + 1)]));
}

describe('workers on cards', { timeout: 60_000 }, () => {
  it('see a card each, log under names of their own, and end with 0 on SIGTERM', async () => {
    start(['--gpus', '1', '--workers-per-gpu', '2', '--device', 'auto'], { ROCINANTE_GPUS: '9' });
    await says(/^waiting for the coordinator/, 2);
    const seen = pids().map((pid) => {
      const environment = environmentOf(pid);
      expect(environment.get('TF_FORCE_GPU_ALLOW_GROWTH')).toBe('true');
      expect(environment.has('ROCINANTE_GPUS')).toBe(false);
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      return [words[words.lastIndexOf('--name') + 1], environment.get('CUDA_VISIBLE_DEVICES')];
    });
    expect(seen).toEqual([
      ['rucio-1a', one],
      ['rucio-1b', one],
    ]);
    // All that a worker's process writes is an event of its own, TensorFlow's lines too.
    expect(stderr.split('\n').filter((line) => line !== '' && !line.startsWith('{'))).toEqual([]);
    const waiting = lines().filter(({ msg }) => msg.startsWith('waiting for the coordinator'));
    expect(waiting.map(({ worker }) => worker).sort()).toEqual(['rucio-1a', 'rucio-1b']);
    supervisor.kill('SIGTERM');
    expect(await end()).toBe(0);
    expect(pids().filter(isAlive)).toEqual([]);
    expect(own().slice(2)).toEqual([
      'stopping 2 workers: received SIGTERM',
      ...Array<unknown>(2).fill(expect.stringMatching(/^rucio-1[ab] ended with exit code 0$/)),
    ]);
  });

  it('are started again once; a card whose worker fails twice is set aside by name, and the others go on', async () => {
    start(['--gpus', '0,1', '--device', 'auto']);
    await says(/^waiting for the coordinator/, 2);
    process.kill(pids()[1], 'SIGKILL');
    await says(/^rucio-1 begins/, 2);
    process.kill(pids()[2], 'SIGKILL');
    await says(/is set aside/);
    expect(own().slice(2)).toEqual([
      `rucio-1 on card 1 (NVIDIA H200, ${one}) was ended by SIGKILL: ${lastWords('rucio-1')}; it is started again`,
      `rucio-1 begins on card 1 (NVIDIA H200, ${one})`,
      expect.stringMatching(
        `^card 1 \\(NVIDIA H200, ${one}\\) is set aside: rucio-1 failed twice, and was ended by SIGKILL.*; the others go on: rucio-0$`,
      ),
    ]);
    expect(pids().map(isAlive)).toEqual([true, false, false]);
    // Killed, it leaves nobody behind: `afterEach` waits for that.
  });

  /** Of what a worker said before its first end, the last. */
  function lastWords(name: string): string {
    const all = lines();
    const ended = all.findIndex(({ msg }) => msg.includes('was ended by'));
    return all.slice(0, ended).findLast(({ worker }) => worker === name)!.msg;
  }

  it.runIf(process.env.ROCINANTE_LONG === '1')('are killed where they do not end in time', async () => {
    start(['--gpus', '0', '--device', 'auto']);
    await says(/^waiting for the coordinator/);
    process.kill(pids()[0], 'SIGSTOP');
    supervisor.kill('SIGTERM');
    expect(await end()).toBe(0);
    expect(own().slice(-2)).toEqual([
      'rucio-0 has not ended within 10 s: it is killed',
      'rucio-0 was ended by SIGKILL',
    ]);
  });

  it('end it with 1 and one line where every card is set aside', async () => {
    start(['--gpus', 'all', '--device', 'auto'], { ROCINANTE_ENGINE_DIR: '/nowhere' });
    expect(await end()).toBe(1);
    expect(own().filter((line) => line.includes('is set aside'))).toHaveLength(2);
    expect(own().at(-1)).toMatch(
      /^no worker is left \(set aside: card [01] \(NVIDIA H200, GPU-[^)]*\), card [01] .*\)$/,
    );
  });

  it('are not started again where they end with what is to be mended first, and end it with 2', async () => {
    start(['--gpus', 'all']);
    expect(await end()).toBe(2);
    expect(own()).toHaveLength(5);
    expect(own()[2]).toMatch(
      /^rucio-[01] on card [01] \(.*\) ended with exit code 2: --device gpu: the engine in .* is the processor's; .* it is not started again before that is mended$/,
    );
    expect(own().at(-1)).toMatch(/^no worker is left \(to be started otherwise: rucio-[01], rucio-[01]\)$/);
  });

  it('are none for a card that is not there: one line and 2', async () => {
    start(['--gpus', '2']);
    expect(await end()).toBe(2);
    expect(stderr).toMatch(
      /^rocinante: --gpus 2: expected cards of this machine, received 2; there is card 0 \(NVIDIA H200, [^\n]*\n$/,
    );
  });
});

describe('options about cards that do not go together', () => {
  it.each([
    [['--gpus', 'none'], /'--gpus <list>' argument 'none' is invalid\. expected all, or different numbers/],
    [
      ['--gpus', '0', '--gpus', '1'],
      /'--gpus <list>' argument '1' is invalid\. expected the option once, .* one list: 0,1\.$/,
    ],
    [['--gpus', 'all', '--device', 'cpu'], /^rocinante: --gpus: expected another device than --device cpu/],
    [['--workers-per-gpu', '2'], /^rocinante: --workers-per-gpu: expected --gpus beside it, received none$/],
    [
      ['--gpus', '0', '--workers-per-gpu', '17'],
      /argument '17' is invalid\. expected a whole number from 1 to 16/,
    ],
    [
      ['--gpus', 'all', '--name', 'x'.repeat(60)],
      /^rocinante: --name: expected at most 59 characters beside --gpus/,
    ],
  ])('are refused in one line, with 2: %j', async (args, line) => {
    let told = '';
    const write = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      told += String(text);
      return true;
    });
    try {
      expect(await main(['--coordinator', '127.0.0.1:1', ...args])).toBe(2);
    } finally {
      write.mockRestore();
    }
    expect(told.trimEnd()).toMatch(line);
    expect(told.trimEnd().split('\n')).toHaveLength(1);
  });
});

describe("a worker's words", () => {
  const seat = { name: 'rucio-1', card: { index: 1, device: one, shown: 'card 1' } };
  const config = { device: 'gpu', threads: 3, threadsGiven: true } as const;

  it('are everybody’s, and its own behind them', () => {
    const argv = [
      '--gpus=all',
      '--coordinator',
      'c:1',
      '--workers-per-gpu',
      '2',
      '--end-with-parent',
      '--lstm',
      'fused',
    ];
    expect(workerWords(argv, config, seat, [1, 4])).toEqual(
      '--coordinator c:1 --lstm fused --name rucio-1 --device gpu --threads 3 --supervised'.split(' '),
    );
  });

  it('share the cores and the ports', () => {
    const words = workerWords([], { ...config, threadsGiven: false, http: '[::1]:9464' }, seat, [3, 1]);
    expect(words.slice(4)).toEqual([
      '--threads',
      String(availableCores()),
      '--supervised',
      '--http',
      '[::1]:9467',
    ]);
  });

  it('have a port each, or none is begun', () => {
    const http = '127.0.0.1:65535';
    expect(() => workerWords([], { ...config, http }, seat, [1, 2])).toThrow(
      `--http ${http}: expected 2 ports from this one on, a worker each`,
    );
  });
});
