/**
 * Goal: a machine's cards are worked on by one command: each has a worker, what fails comes back or is set aside by name while the
 * others go on, and what nvidia-smi tells of a card reaches the operator. Method: the real commands, with a stand-in for
 * nvidia-smi that lists two cards. Workers compute on the processor, since there is no card; `--device auto` lets them, and each says so.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Daemon, until, WorkerProcess, type LogLine } from '../support/daemon.js';
import { events, Rocinante, Workspace } from '../support/rocinante.js';
import { stepsTaken } from '../support/running-train.js';
import { smallOrder } from '../support/small-run.js';
import { CARD_UUIDS, standInCards } from '../support/stand-in-cards.js';

const workspace = new Workspace();
const env = standInCards(workspace);
let daemon: Daemon;
beforeAll(async () => {
  daemon = await Daemon.start({ data: workspace.in('data') });
}, 60_000);
afterAll(async () => {
  await daemon?.end();
  workspace.remove();
});

interface Shown {
  readonly workerShares: readonly { name: string; card: Record<string, unknown> | null }[];
}

it(
  'a run goes on through the deaths of workers on cards, and is done on the card that is left',
  { timeout: 180_000 },
  async () => {
    const machine = new WorkerProcess(daemon.grpc, 'rucio', ['--gpus', 'all', '--device', 'auto'], env);
    const says = async (pattern: RegExp, times = 1): Promise<LogLine> => {
      const found = (): LogLine[] => machine.log.filter(({ msg }) => pattern.test(msg));
      await until(`${pattern}, ${times} times`, () => found().length >= times);
      return found()[times - 1];
    };
    try {
      await says(/^joined the coordinator/, 2);
      const { id } = await daemon.startRun([...smallOrder(workspace, 100_000), '--name', 'mill']);
      await daemon.stepsTaken(id, 3);

      // What is told of cards: all of one, of the other what it does not tell is null.
      let shares: Shown['workerShares'] = [];
      await until('both cards', async () => {
        shares = (await daemon.json<Shown>(['run', 'show', id])).workerShares;
        return shares.length === 2 && shares.every(({ card }) => card?.xidErrors === 0);
      });
      const cards = new Map(shares.map(({ name, card }) => [name, card]));
      expect(cards.get('rucio-0')).toEqual({
        number: '0',
        uuid: CARD_UUIDS[0],
        model: 'NVIDIA H200',
        utilization: 0.97,
        memoryUsedBytes: 41022 * 2 ** 20,
        memoryTotalBytes: 143771 * 2 ** 20,
        temperatureCelsius: 64,
        powerWatts: 402.12,
        throttled: ['sw_power_cap'],
        uncorrectedEccErrors: 0,
        xidErrors: 0,
      });
      expect(cards.get('rucio-1')).toMatchObject({ number: '1', powerWatts: null, throttled: [] });

      // A worker that is killed comes back and works; at its second death its card is out.
      const kill = async (times: number): Promise<void> => {
        const { pid } = await says(/^rucio-1 begins/, times);
        process.kill(pid as number, 'SIGKILL');
      };
      await kill(1);
      await says(/^ready to work for the run/, 3);
      await kill(2);
      const { msg } = await says(/is set aside/);
      expect(msg).toMatch(
        new RegExp(
          `^card 1 \\(NVIDIA H200, ${CARD_UUIDS[1]}\\) is set aside: rucio-1 failed twice, and was ended by SIGKILL: .*; the others go on: rucio-0$`,
        ),
      );
      const { step } = daemon.events(id).findLast(({ event }) => event === 'step')!;
      await daemon.stepsTaken(id, (step as number) + 3);
      await daemon.json(['run', 'stop', id]);
      await daemon.ended(id);
      const last = await daemon.startRun([...smallOrder(workspace, 5), '--name', 'last']);
      expect(await daemon.ended(last.id)).toMatchObject({ state: 'done' });

      // Whoever is left ends in time.
      const { pid } = await says(/^rucio-0 begins/);
      const began = performance.now();
      expect((await machine.stop()).code).toBe(0);
      expect(performance.now() - began).toBeLessThan(15_000);
      expect(() => readFileSync(join('/proc', String(pid), 'environ'))).toThrow();
      expect(machine.log.at(-1)!.msg).toBe('rucio-0 ended with exit code 0');
    } finally {
      await machine.stop('SIGKILL');
    }
  },
);

it('train has a worker on each place of a card', { timeout: 120_000 }, async () => {
  const cards = ['--gpus', '1', '--workers-per-gpu', '2', '--device', 'auto'];
  const runDir = workspace.in('run');
  // As long as it takes till both are there: the first to come could do a short run alone.
  const run = new Rocinante(['train', ...smallOrder(workspace, 100_000), '--run-dir', runDir, ...cards], env);
  await stepsTaken(run, runDir, 1);
  const joined = (): unknown[] =>
    events(runDir).flatMap(({ event, worker }) => (event === 'worker-joined' ? [worker] : []));
  await until('both workers', () => joined().length === 2);
  run.process.kill('SIGINT');
  expect((await run.finished).code).toBe(130);
  expect(joined().sort()).toEqual(['worker-1a', 'worker-1b']);
});
