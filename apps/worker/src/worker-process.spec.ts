/** The program itself, as a local worker's parent or a person starts it: how it ends. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WireError } from '@rocinante/wire';
import { assignment, scriptedRun, ScriptedCoordinator, until } from './spec-scripted-coordinator.js';

const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));

/** What is promised, from the signal to the end. */
const ENDS_WITHIN_MS = 10_000;

let coordinator: ScriptedCoordinator;
let child: ChildProcess;
let stderr: string;
let environment: NodeJS.ProcessEnv;

beforeEach(async () => {
  environment = {};
  coordinator = await ScriptedCoordinator.start();
});
afterEach(async () => {
  child.kill('SIGKILL');
  await coordinator.stop();
});

/** Whatever cards there are on this machine, these tests see none. */
const cardless = { ROCINANTE_DRIVER_ROOT: '/nowhere', PATH: '/nowhere' };

function start(...args: string[]): void {
  const all = ['--coordinator', coordinator.address, '--threads', '1', '--no-corpus-cache', ...args];
  child = spawn(process.execPath, ['--single-threaded-gc', program, ...all], {
    stdio: ['pipe', 'ignore', 'pipe'],
    env: { ...process.env, ...cardless, ...environment },
  });
  stderr = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (stderr += text));
}

async function end(): Promise<{ code: number | null; signal: string | null; ms: number }> {
  const started = performance.now();
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { code, signal, ms: performance.now() - started };
}

/** What the log says, in order. */
function messages(): string[] {
  return stderr
    .split('\n')
    .slice(0, -1)
    .filter((line) => line.startsWith('{'))
    .map((line) => (JSON.parse(line) as { msg: string }).msg);
}

describe('a worker that is told to stop', { timeout: 120_000 }, () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'leaves and ends with 0 on %s in the middle of its work',
    async (signal) => {
      start();
      await coordinator.message('credit', () => true);
      // More work than is done when the signal comes: the engine is in the middle of it.
      const run = scriptedRun('long', 640, { version: 1, assignment: 1 });
      coordinator.startRun(run);
      await coordinator.message('ready');
      coordinator.sendParameters(run, 1);
      coordinator.send({
        assign: assignment(
          run,
          1,
          1,
          Array.from({ length: 32 }, (_, k) => k),
        ),
      });
      await until(() => coordinator.credits > 8 + run.layout.ranges.length - 1, 'parameters');
      child.kill(signal);
      const { code, ms } = await end();
      expect({ code, stderr }).toMatchObject({ code: 0 });
      expect(ms).toBeLessThan(ENDS_WITHIN_MS);
      expect(coordinator.leftBy).toBe(1);
      expect(coordinator.received.some(({ report }) => report)).toBe(false);
      expect(messages().at(-1)).toBe(`stopping: received ${signal}`);
    },
  );

  it('ends with 0 while it waits for a coordinator, and has told what it overrules', async () => {
    await coordinator.stop();
    environment = { TF_DETERMINISTIC_OPS: '0', NVIDIA_TF32_OVERRIDE: '0' };
    start('--precision', 'tf32');
    await until(() => stderr.includes('waiting for the coordinator'), 'a line');
    child.kill('SIGTERM');
    expect(await end()).toMatchObject({ code: 0 });
    expect(messages().slice(0, 2)).toEqual([
      'TF_DETERMINISTIC_OPS=0 of the environment is overruled by 1: the same run is to give the same bits',
      'NVIDIA_TF32_OVERRIDE=0 of the environment is not regarded: --precision decides on it',
    ]);
  });

  it('ends at once at the second signal', async () => {
    start();
    await coordinator.message('credit');
    coordinator.holdSessions = true;
    child.kill('SIGTERM');
    await until(() => stderr.includes('stopping'), 'a line');
    child.kill('SIGTERM');
    // The coordinator does not let it go: whoever waits for that does not end.
    expect(await end()).toMatchObject({ code: 130 });
  });

  it('ends with its parent', async () => {
    start('--end-with-parent');
    await coordinator.message('credit');
    child.stdin!.end();
    expect(await end()).toMatchObject({ code: 0 });
  });
});

describe('a worker on a processor that is told how to compute LSTM layers', { timeout: 120_000 }, () => {
  it.each([
    [
      'cudnn',
      ['lstm=plain'],
      'LSTM path plain is used, and not cudnn: expected a GPU, and the engine computes on a processor',
    ],
    ['fused', ['lstm=fused', 'threads=1'], /^LSTM path fused: it agrees with plain to .* threads, here 1$/],
  ])(
    'takes what is there of %s, says so in one line, and tells the coordinator',
    async (choice, told, line) => {
      start('--lstm', choice);
      const { hello } = await coordinator.message('hello');
      const { features } = hello!.engine!;
      expect(features.slice(features.length - told.length)).toEqual(told);
      // What it logged before comes by another way.
      const lines = (): string[] => messages().filter((message) => message.startsWith('LSTM path'));
      await until(() => lines().length > 0, 'a line');
      expect(lines()).toEqual([expect.stringMatching(line)]);
    },
  );
});

describe('a worker that cannot work', { timeout: 120_000 }, () => {
  it('ends with 1 and the coordinator’s word where they share no protocol', async () => {
    await coordinator.stop();
    const refusal = new WireError('PROTOCOL_VERSION', 'worker a: expected protocol 2, received 1');
    coordinator = await ScriptedCoordinator.start('127.0.0.1:0', refusal);
    start();
    expect(await end()).toMatchObject({ code: 1 });
    expect(messages()).toEqual([
      `the coordinator at ${coordinator.address} sent this worker away: ${refusal.message}`,
    ]);
  });

  it('ends with 1 where its HTTP port is taken, and names it', async () => {
    start('--http', coordinator.address);
    expect(await end()).toMatchObject({ code: 1 });
    expect(messages()).toEqual([expect.stringContaining(`cannot serve HTTP at ${coordinator.address}`)]);
  });

  it('ends with 2 and one line where it is to compute on a card and there is none', async () => {
    start('--device', 'gpu');
    expect(await end()).toMatchObject({ code: 2 });
    expect(messages()).toEqual([
      '--device gpu: no NVIDIA driver: expected 525.60.13 or newer, found none; install it, or use --device cpu',
    ]);
  });

  it.each([
    [['--device', 'tpu'], /^rocinante: option '--device <name>' argument 'tpu' is invalid/],
    [
      ['--threads', '0'],
      /^rocinante: option '--threads <n>' argument '0' is invalid\. expected a whole number/,
    ],
    [
      ['--lstm', 'abacus'],
      /'--lstm <path>' argument 'abacus' is invalid\. Allowed choices are auto, cudnn, /,
    ],
    [['--pool', ''], /^rocinante: option '--pool <name>' argument '' is invalid\. expected 1 to 64/],
    [
      ['--http', '0.0.0.0:9464'],
      /^rocinante: --http: expected a loopback address .*, received 0\.0\.0\.0:9464/,
    ],
    [['--nonsense'], /^rocinante: unknown option '--nonsense'/],
  ])('ends with 2 and one line for %j', async (args, line) => {
    start(...args);
    expect(await end()).toMatchObject({ code: 2 });
    expect(stderr).toMatch(line);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });
});
