/**
 * Goal: whoever is named by --notify hears of each thing that happens to a run, once, signed, also through kills of the coordinator,
 * and a run never suffers from it. Method: real processes and a receiver that checks signatures by itself; each kind by what
 * causes it.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chmodSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { Daemon, until } from '../support/daemon.js';
import { LightWorker } from '../support/light-worker.js';
import { NoticeReceiver, type ReceivedNotice } from '../support/notice-receiver.js';
import { Rocinante, Workspace } from '../support/rocinante.js';
import { smallConfig, smallOrder } from '../support/small-run.js';

const SECRET = 'a secret that is long enough';
vi.setConfig({ testTimeout: 240_000 });

const workspace = new Workspace();
const STEPS = 60;
/** Of a micro-batch: with it a run takes half a minute at least, and next to no time once the test has seen what it wants to. */
const SLOW_MS = 150;
const QUICK_MS = 1;
let receiver: NoticeReceiver;
let daemon: Daemon;
let env: NodeJS.ProcessEnv;
/** Of a run of STEPS whose receiver takes everything. */
let weightsSha256: unknown;
/** The worker that is there to the end of the coordinator's life. */
let steady: FaultyWorker;

/** A worker whose session ends for its own fault, which counts as lost. */
class FaultyWorker extends LightWorker {
  fail(): void {
    this.send({ hello: { protocolMin: 1, protocolMax: 1, name: this.name, threads: 1 } });
  }
}

const worker = (name: string, computeMs: number): FaultyWorker =>
  new FaultyWorker(daemon.grpc, name, { computeMs });

const startRun = async (steps: number): Promise<string> =>
  (await daemon.startRun(smallOrder(workspace, steps))).id;

/** Kills the coordinator, and starts it again with a worker. */
async function killed(): Promise<void> {
  await daemon.stop('SIGKILL');
  daemon = await daemon.again({ env });
  steady = worker('steady', QUICK_MS);
}

beforeAll(async () => {
  receiver = await NoticeReceiver.start(SECRET);
  const file = workspace.write('secret', `${SECRET}\n`);
  chmodSync(file, 0o600);
  env = {
    ROCINANTE_NOTIFY: `http://${receiver.host}/hunter2`,
    ROCINANTE_NOTIFY_SECRET_FILE: file,
    ROCINANTE_NOTIFY_STUCK: '1',
  };
  daemon = await Daemon.start({ data: workspace.in('data'), env });
}, 180_000);

afterAll(async () => {
  await daemon.end();
  receiver.stop();
  workspace.remove();
});

it('hears that a run is stuck, goes on, lost a worker, and is done', async () => {
  const run = await startRun(STEPS);
  expect((await receiver.gets(run, 'stuck')).reason).toContain('waits for workers');
  const doomed = worker('doomed', SLOW_MS);
  await receiver.gets(run, 'goes-on');
  steady = worker('steady', SLOW_MS);
  await until(
    'both at work',
    () => daemon.events(run).filter(({ event }) => event === 'worker-joined').length === 2,
  );
  doomed.fail();
  expect((await receiver.gets(run, 'worker-lost')).lost).toEqual({ count: 1, workers: ['doomed'] });
  steady.computeMs = QUICK_MS;
  const { step, text } = await receiver.gets(run, 'finished');
  expect(step).toBe(STEPS);
  expect(text).toBe(`run ${run} is done: step ${STEPS} of ${STEPS}`);
  expect(receiver.of(run, 'finished')).toHaveLength(1);
  ({ weightsSha256 } = await daemon.ended(run));
  const said = JSON.stringify(daemon.log);
  expect(said).not.toContain('hunter2');
  expect(said).not.toContain(SECRET);
});

it('hears of an end that the coordinator was killed before telling, and of none twice', async () => {
  const before = receiver.notices.length;
  steady.computeMs = SLOW_MS;
  const run = await startRun(STEPS);
  await daemon.stepsTaken(run, 2);
  // Nobody takes notices while the run comes to its end, in the coordinator’s second life.
  receiver.status = 503;
  await killed();
  expect(await daemon.ended(run)).toMatchObject({ state: 'done', weightsSha256 });
  const isEnd = ({ kind, run: { id } }: ReceivedNotice): boolean => kind === 'finished' && id === run;
  await until('an attempt to tell', () => receiver.seen.some(isEnd));
  const { id } = receiver.seen.find(isEnd)!;
  await daemon.stop('SIGKILL');
  receiver.status = 200;
  daemon = await daemon.again({ env });
  expect((await receiver.gets(run, 'finished')).id).toBe(id);
  // An end is told at least once: it is once where the coordinator has noted that it was heard.
  const marks = join(daemon.data, 'runs', run, 'notices.json');
  await until('the mark', () => (JSON.parse(readFileSync(marks, 'utf8')) as { ended: boolean }).ended);
  await killed();
  const heard = receiver.notices.slice(before).filter(({ kind }) => kind === 'finished');
  expect(heard.map(({ run: { id } }) => id)).toEqual([run]);
});

it.skipIf(process.env.ROCINANTE_LONG !== '1')(
  'hears that a run was stopped, and that one failed',
  async () => {
    const run = await startRun(100_000);
    await daemon.stepsTaken(run, 5);
    await daemon.json(['run', 'stop', run, '--reason', 'enough of it']);
    expect((await receiver.gets(run, 'stopped')).reason).toContain('enough of it');
    const folder = join(daemon.data, 'runs', run, 'checkpoints');
    for (const name of readdirSync(folder)) writeFileSync(join(folder, name), 'damaged');
    await daemon.json(['run', 'resume', run]);
    expect((await receiver.gets(run, 'failed')).reason).toContain('checkpoint');
  },
);

it.skipIf(process.env.ROCINANTE_LONG !== '1')('hears that a run of train diverged', async () => {
  const config = workspace.write('wild.json', {
    ...smallConfig,
    optimizer: { clipNorm: 0, learningRate: 1 },
    schedule: { kind: 'constant', warmupSteps: 40 },
    divergence: { anchorEverySteps: 10 },
  });
  const order = smallOrder(workspace, 100).with(3, config);
  const words = ['train', '--json', '--workers', '1', '--threads', '1', '--run-dir', workspace.in('wild')];
  const train = new Rocinante([...words, ...order], env);
  const { code, stderr } = await train.finished;
  expect(code).toBe(1);
  const notice = await receiver.gets('wild', 'diverged');
  expect(notice).toMatchObject({ goesOn: false });
  expect(notice.reason).toContain('the loss, smoothed, has risen');
  expect(receiver.of('wild', 'failed')).toEqual([]);
  expect(stderr).not.toContain('notice to');
});

it.skipIf(process.env.ROCINANTE_LONG !== '1')(
  'says that a receiver sent it elsewhere, and not where',
  async () => {
    receiver.status = 302;
    const words = ['train', '--json', ...smallOrder(workspace, 10), '--run-dir', workspace.in('trained')];
    const { code, stdout, stderr } = await new Rocinante([...words, '--workers', '1', '--threads', '1'], env)
      .finished;
    expect(code).toBe(0);
    expect(stderr).toContain(
      `notice to ${receiver.host} not delivered, expected a status from 200 to 299, received 302`,
    );
    expect(stdout + stderr).not.toContain('hunter2');
  },
);

it.skipIf(process.env.ROCINANTE_LONG !== '1')(
  'waits ten seconds at most for a receiver that says nothing',
  async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const words = ['train', '--json', ...smallOrder(workspace, 10), '--run-dir', workspace.in('silent')];
    const notify = { ...env, ROCINANTE_NOTIFY: `http://127.0.0.1:${port}/` };
    const process = new Rocinante([...words, '--workers', '1', '--threads', '1'], notify);
    await process.says(/the best so far/);
    const began = performance.now();
    const { code, stderr } = await process.finished;
    silent.closeAllConnections();
    silent.close();
    expect(code).toBe(0);
    expect(stderr).toContain('not delivered');
    expect(performance.now() - began).toBeLessThan(15_000);
  },
);
