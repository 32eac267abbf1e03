/**
 * Goal: of 64 workers on a run one takes work and stands still, one sends without end what nobody asked for, and one its
 * metrics without end; the first is passed over, the others cut off, and the rest go on to the bits that one worker gives. Method: light workers on a real
 * coordinator.
 */
import { status } from '@grpc/grpc-js';
import { afterAll, afterEach, expect, it } from 'vitest';
import { Daemon, until } from '../support/daemon.js';
import { LightWorker } from '../support/light-worker.js';
import { ENDLESS } from '../support/open-end.js';
import { Workspace } from '../support/rocinante.js';
import { smallText } from '../support/small-run.js';
import { FloodingWorker, StallingWorker, TalkingWorker } from '../support/unruly-workers.js';

const WORKERS = 64;

const workspace = new Workspace();
let daemon: Daemon | undefined;
let workers: LightWorker[] = [];

async function allLeave(): Promise<void> {
  for (const worker of workers) worker.leave();
  await Promise.all(workers.map(({ ended }) => ended));
  workers = [];
}

afterEach(async () => {
  await allLeave();
  await daemon?.end();
});
afterAll(() => workspace.remove());

it('a worker that stands still and two that flood, among 64', { timeout: 240_000 }, async () => {
  daemon = await Daemon.start({ data: workspace.in('data') });
  const { grpc } = daemon;
  const config = workspace.write('config.json', {
    preset: 'quick',
    network: { input: 'one-hot', layers: [{ units: 64, dropout: 0 }] },
    text: { window: 20, stride: 20 },
    batch: { size: 2 * WORKERS, microBatch: 2 },
    steps: ENDLESS,
  });
  const corpus = workspace.write('corpus.txt', smallText(60_000));
  const order = ['--config', config, '--corpus', corpus];

  const stalling = new StallingWorker(grpc, 'stalling');
  const flooding = new FloodingWorker(grpc, 'flooding');
  const talking = new TalkingWorker(grpc, 'talking');
  const others = Array.from({ length: WORKERS - 3 }, (_, index) => new LightWorker(grpc, `light-${index}`));
  workers = [stalling, flooding, talking, ...others];
  // It begins when all are there, and goes on without those that are cut off.
  const { id } = await daemon.startRun([...order, '--min-workers', String(WORKERS - 2)]);
  const events = (kind: string): Record<string, unknown>[] =>
    daemon!.events(id).filter(({ event }) => event === kind);
  // Passed over, and none of what it was given counts.
  await until('the late one to be told of', () => events('late').some(({ worker }) => worker === 'stalling'));
  await until('work of all others', () => others.every(({ microBatches }) => microBatches > 0));
  await until('both to be missed', () => events('worker-left').filter(({ lost }) => lost).length === 2);
  // Without the one that stands still.
  const { step, weightsSha256 } = await daemon.toItsEnd(id, WORKERS - 3);
  expect(stalling.microBatches).toBe(0);
  // Cut off by name, before its messages fill the log.
  expect(await flooding.ended).toMatchObject({
    code: status.INVALID_ARGUMENT,
    details: expect.stringContaining('no more reports and ranges than it was asked for') as string,
  });
  const lost = events('worker-left').filter(({ lost }) => lost);
  expect(lost.map(({ worker }) => worker).sort()).toEqual(['flooding', 'talking']);
  expect(await talking.ended).toMatchObject({
    code: status.INVALID_ARGUMENT,
    details: expect.stringContaining('messages a second of its own accord') as string,
  });
  expect(events('ignored').filter(({ worker }) => worker === 'flooding').length).toBeLessThan(100);

  await allLeave();
  workers = [new LightWorker(grpc, 'alone', { computeMs: 1 })];
  const alone = await daemon.startRun([...order, '--steps', String(step)]);
  expect(await daemon.ended(alone.id)).toMatchObject({ state: 'done', step, weightsSha256 });
});
