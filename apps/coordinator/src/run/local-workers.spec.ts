// Goal: a card that fails is given the time of a reset before its worker comes again, and is left by all of its workers once it is
// set aside. Method: the real workers, for which no coordinator is there; they are killed and stopped by their process ids.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { SEAT_RESTART_WAIT_MS, WORKER_MEMORY, type CardSeat } from '@rocinante/engine';
import { LocalWorkers } from './local-workers.js';

const card = { index: 0, device: 'GPU-11111111-2222-3333-4444-555555555550', shown: 'card 0' };
const seats: readonly CardSeat[] = ['worker-0a', 'worker-0b'].map((name) => ({ name, card }));

const TOKEN = 'rcn_that-nobody-else-may-see-0123456789';

let notices: { line: string; at: number }[];
let gone: (readonly string[])[];
let workers: LocalWorkers;
beforeEach(() => {
  [notices, gone] = [[], []];
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await workers.stop();
});

function start(onCard: readonly CardSeat[]): void {
  workers = new LocalWorkers({
    count: 1,
    seats: onCard,
    threads: 1,
    device: 'auto',
    precision: 'float32',
    lstm: 'auto',
    corpusCache: false,
    notice: (line) => notices.push({ line, at: performance.now() }),
    onWay: () => undefined,
    onGone: (left) => gone.push(left),
  });
  workers.start({ address: '127.0.0.1:1', token: TOKEN });
}

async function until<T>(what: string, find: () => T | undefined): Promise<T> {
  const end = performance.now() + 60_000;
  for (;;) {
    const found = find();
    if (found !== undefined) return found;
    if (performance.now() > end) throw new Error(`${what}: not within 60 s`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The process of a worker by its name, another one than those that were. */
function pidOf(name: string, not: readonly number[] = []): Promise<number> {
  return until(`the process of ${name}`, () => {
    const lines = execFileSync('ps', ['-o', 'pid=,stat=,args=', '--ppid', String(process.pid)], {
      encoding: 'utf8',
    });
    const own = lines
      .split('\n')
      .filter((line) => line.includes(`--name ${name} `) && !/^\s*\d+ Z/.test(line));
    return own.map((line) => Number.parseInt(line, 10)).find((pid) => !not.includes(pid));
  });
}

it('waits before it starts a worker again on its card, and sets the card aside at the second failure', async () => {
  start(seats.slice(0, 1));
  const first = await pidOf('worker-0a');
  process.kill(first, 'SIGKILL');
  const { at } = await until('the notice', () =>
    notices.find(({ line }) => line.endsWith('starting it again')),
  );
  const second = await pidOf('worker-0a', [first]);
  // A timer is as exact as a millisecond.
  expect(performance.now() - at).toBeGreaterThan(SEAT_RESTART_WAIT_MS - 2);
  expect(gone).toEqual([]);
  process.kill(second, 'SIGKILL');
  await until('its end', () => gone.at(0));
  expect(notices.at(-1)!.line).toMatch(
    /^worker-0a on card 0 was ended by SIGKILL.*; it failed twice, and the card is set aside$/,
  );
  expect(gone).toEqual([[]]);
}, 150_000);

it('kills who sits on a card that is set aside and does not end', async () => {
  start(seats);
  const [stuck, first] = [await pidOf('worker-0a'), await pidOf('worker-0b')];
  process.kill(stuck, 'SIGSTOP');
  process.kill(first, 'SIGKILL');
  process.kill(await pidOf('worker-0b', [first]), 'SIGKILL');
  await until('both ends', () => gone.at(1));
  expect(gone).toEqual([['worker-0a'], []]);
  expect(notices.at(-1)!.line).toMatch(
    /^worker-0a on card 0 was ended by SIGKILL.*; it is not started again$/,
  );
}, 150_000);

it('starts a worker with its memory held as workers hold it, and its token, in place of any of this process’s, in the environment alone', async () => {
  const others = { ROCINANTE_TOKEN: 'that-of-another-coordinator-0123456789', ROCINANTE_TOKEN_FILE: '/none' };
  for (const [name, value] of Object.entries(others)) vi.stubEnv(name, value);
  start(seats.slice(0, 1));
  const pid = await pidOf('worker-0a');
  const words = (file: string): string[] => readFileSync(`/proc/${pid}/${file}`, 'utf8').split('\0');
  const environment = words('environ');
  // glibc cuts what it has read into its parts.
  expect(environment.join(':')).toContain(`GLIBC_TUNABLES=${WORKER_MEMORY.GLIBC_TUNABLES}`);
  const tokens = environment.filter((word) => word.startsWith('ROCINANTE_TOKEN'));
  expect(tokens).toEqual([`ROCINANTE_TOKEN=${TOKEN}`]);
  expect(words('cmdline').join(' ')).not.toContain(TOKEN);
});
