/**
 * Clean endings: a worker that is told to end hands back what it holds, a coordinator saves a checkpoint, each exits with 0
 * within 10 s whatever is in progress, and a second signal ends it at once. The weights show that nothing was lost.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, expect, it } from 'vitest';
import { Daemon, until, WorkerProcess } from '../support/daemon.js';
import { Undisturbed } from '../support/open-end.js';
import { Workspace } from '../support/rocinante.js';
import { smallConfig, smallOrder, smallText } from '../support/small-run.js';

const END_MS = 10_000;
/** Less than the 5 s for which a coordinator that is told once waits for the step in progress. */
const AT_ONCE_MS = 4_000;

const workspace = new Workspace();
const order = smallOrder(workspace);
const undisturbed = new Undisturbed(workspace, order);
let workers: WorkerProcess[] = [];
let daemon: Daemon;

afterEach(async () => {
  for (const worker of workers.filter(({ process }) => process.exitCode === null)) {
    worker.process.kill('SIGKILL');
    await worker.finished;
  }
  workers = [];
  await daemon.end();
});
afterAll(() => workspace.remove());

async function joined(name: string): Promise<WorkerProcess> {
  const worker = new WorkerProcess(daemon.grpc, name);
  workers.push(worker);
  await worker.says(/joined the coordinator/);
  return worker;
}

/** Tells a service to end: its exit code, and how long it took. */
async function timed(
  service: Daemon | WorkerProcess,
): Promise<{ readonly code: number | null; readonly ms: number }> {
  const began = performance.now();
  const { code } = await service.stop('SIGTERM');
  return { code, ms: performance.now() - began };
}

it('a worker hands back its work and leaves', { timeout: 300_000 }, async () => {
  daemon = await Daemon.start({ data: workspace.in('worker') });
  const [leaving] = [await joined('leaving'), await joined('staying')];
  const { id } = await daemon.startRun(order);
  await daemon.stepsTaken(id, 20);
  const { code, ms } = await timed(leaving);
  expect(code).toBe(0);
  expect(ms).toBeLessThan(END_MS);
  const { step, weightsSha256 } = await daemon.toItsEnd(id);
  expect(weightsSha256).toBe((await undisturbed.of(step as number)).weightsSha256);
  const [left] = daemon.events(id).filter(({ event }) => event === 'worker-left');
  expect(left).toMatchObject({ worker: 'leaving', lost: false });
});

it(
  'a worker in the middle of a long micro-batch ends too, and at once where it is told twice',
  {
    timeout: 180_000,
  },
  async () => {
    // A micro-batch of some seconds of one thread; one for each worker.
    const layers = [256, 256].map((units) => ({ units, dropout: 0 }));
    const config = workspace.write('long.json', {
      ...smallConfig,
      network: { ...smallConfig.network, layers },
      text: { window: 100, heldOut: false },
    });
    const text = workspace.write('longer.txt', smallText(100_000));
    daemon = await Daemon.start({ data: workspace.in('long') });
    const [told, toldTwice] = [await joined('told'), await joined('told-twice')];
    const options = ['--batch', '512', '--micro-batch', '256', '--steps', '9', '--min-workers', '2'];
    const { id } = await daemon.startRun(['--corpus', text, '--config', config, ...options]);
    await until(
      'both to work',
      () => daemon.events(id).filter(({ event }) => event === 'worker-joined').length === 2,
    );
    const once = await timed(told);
    expect(once.code).toBe(0);
    expect(once.ms).toBeLessThan(END_MS);
    toldTwice.process.kill('SIGTERM');
    await toldTwice.says(/stopping: received SIGTERM/);
    const twice = await timed(toldTwice);
    expect([0, 130]).toContain(twice.code);
    expect(twice.ms).toBeLessThan(AT_ONCE_MS);
    // Neither waited for the end of its micro-batch.
    expect(daemon.events(id).filter(({ event }) => event === 'step')).toEqual([]);
    const leaving = (): Record<string, unknown>[] =>
      daemon.events(id).filter(({ event }) => event === 'worker-left');
    // The coordinator hears of an end a moment after it.
    await until('both to be missed', () => leaving().length === 2);
    const left = leaving();
    expect(left.map(({ worker }) => worker)).toEqual(['told', 'told-twice']);
    // One that is told twice does not wait until its farewell is out.
    expect(left[0]).toMatchObject({ lost: false });
  },
);

it(
  'a coordinator saves a checkpoint, though its worker is stuck; and ends at once where it is told twice',
  {
    timeout: 240_000,
  },
  async () => {
    daemon = await Daemon.start({ data: workspace.in('coordinator') });
    const worker = await joined('own');
    const { id } = await daemon.startRun(order);

    // While steps are quick.
    await daemon.stepsTaken(id, 20);
    let ended = await timed(daemon);
    expect(ended.code).toBe(0);
    expect(ended.ms).toBeLessThan(END_MS);
    const { step } = daemon.record(id) as { step: number };
    const checkpoints = readdirSync(join(daemon.data, 'runs', id, 'checkpoints'));
    expect(checkpoints).toContain(`step-${String(step).padStart(8, '0')}.safetensors`);
    expect(daemon.record(id).state).toBe('active');

    // While a step takes as long as it likes.
    daemon = await daemon.again();
    await daemon.stepsTaken(id, step + 10);
    worker.process.kill('SIGSTOP');
    ended = await timed(daemon);
    worker.process.kill('SIGCONT');
    expect(ended.code).toBe(0);
    expect(ended.ms).toBeLessThan(END_MS);
    const later = (daemon.record(id) as { step: number }).step;
    expect(later).toBeGreaterThanOrEqual(step + 10);
    expect(readdirSync(join(daemon.data, 'runs', id, 'checkpoints'))).toContain(
      `step-${String(later).padStart(8, '0')}.safetensors`,
    );

    // At the second signal.
    daemon = await daemon.again();
    await daemon.stepsTaken(id, later + 10);
    worker.process.kill('SIGSTOP');
    daemon.process.kill('SIGTERM');
    await daemon.says(/"stopping: /);
    ended = await timed(daemon);
    worker.process.kill('SIGCONT');
    expect(ended.code).toBe(0);
    expect(ended.ms).toBeLessThan(AT_ONCE_MS);

    daemon = await daemon.again();
    const done = await daemon.toItsEnd(id);
    const { weightsSha256 } = await undisturbed.of(done.step as number);
    expect(done).toMatchObject({ state: 'done', weightsSha256 });
  },
);

it('a coordinator that prepares a text', { timeout: 180_000 }, async () => {
  daemon = await Daemon.start({ data: workspace.in('preparing') });
  const text = workspace.write('long.txt', smallText(1_000_000).repeat(40));
  const config = workspace.write('folded.json', {
    ...smallConfig,
    text: { window: 20, normalisation: 'reference' },
  });
  const { id, state, reason } = await daemon.startRun(['--corpus', text, '--config', config, '--steps', '5']);
  expect({ state, reason }).toEqual({ state: 'waiting', reason: 'its text is being prepared' });
  const { code, ms } = await timed(daemon);
  expect(code).toBe(0);
  expect(ms).toBeLessThan(END_MS);
  // It goes on when the coordinator comes back.
  expect(daemon.record(id).state).toBe('active');
});
