/**
 * Goal: whoever is named by --notify hears of each thing that happens to a run, once, signed, also through kills of the coordinator,
 * and a run never suffers from it. Method: real processes and a receiver that checks signatures by itself; each kind by what
 * causes it.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { Daemon, until, WorkerProcess } from '../support/daemon.js';
import { NoticeReceiver, type ReceivedNotice } from '../support/notice-receiver.js';
import { Rocinante, Workspace } from '../support/rocinante.js';
import { smallConfig, smallOrder } from '../support/small-run.js';

const SECRET = 'a secret that is long enough';
vi.setConfig({ testTimeout: 60_000 });

const workspace = new Workspace();
const workers: WorkerProcess[] = [];
let receiver: NoticeReceiver;
let daemon: Daemon;
let env: NodeJS.ProcessEnv;

const worker = (name: string): WorkerProcess => {
  const started = new WorkerProcess(daemon.grpc, name);
  workers.push(started);
  return started;
};

const startRun = async (steps: number, ...more: string[]): Promise<string> =>
  (await daemon.startRun([...smallOrder(workspace, steps), ...more])).id;

beforeAll(async () => {
  receiver = await NoticeReceiver.start(SECRET);
  const file = workspace.write('secret', `${SECRET}\n`);
  env = {
    ROCINANTE_NOTIFY: `http://${receiver.host}/hunter2`,
    ROCINANTE_NOTIFY_SECRET_FILE: file,
    ROCINANTE_NOTIFY_STUCK: '1',
  };
  daemon = await Daemon.start({ data: workspace.in('data'), env });
}, 60_000);

afterAll(async () => {
  await Promise.all(workers.map((one) => one.stop('SIGKILL')));
  await daemon.end();
  receiver.stop();
  workspace.remove();
});

it('hears that a run is stuck, goes on, lost a worker, and is done', async () => {
  const run = await startRun(400);
  expect((await receiver.gets(run, 'stuck')).reason).toContain('waits for workers');
  const [doomed] = [worker('doomed'), worker('steady')];
  await receiver.gets(run, 'goes-on');
  await until(
    'both at work',
    () => daemon.events(run).filter(({ event }) => event === 'worker-joined').length === 2,
  );
  await doomed.stop('SIGKILL');
  expect((await receiver.gets(run, 'worker-lost')).lost).toEqual({ count: 1, workers: ['doomed'] });
  const { step, text } = await receiver.gets(run, 'finished');
  expect(step).toBe(400);
  expect(text).toBe(`run ${run} is done: step 400 of 400`);
  expect(receiver.of(run, 'finished')).toHaveLength(1);
});

it('hears of an end that the coordinator was killed before telling, and of none twice', async () => {
  const before = receiver.notices.length;
  const run = await startRun(60);
  await daemon.stepsTaken(run, 5);
  await daemon.stop('SIGKILL');
  // Nobody takes notices while the run comes to its end, in the coordinator’s second life.
  receiver.status = 503;
  daemon = await daemon.again({ env });
  await daemon.ended(run);
  const isEnd = ({ kind, run: { id } }: ReceivedNotice): boolean => kind === 'finished' && id === run;
  await until('an attempt to tell', () => receiver.seen.some(isEnd));
  await daemon.stop('SIGKILL');
  receiver.status = 200;
  daemon = await daemon.again({ env });
  await receiver.gets(run, 'finished');
  await daemon.stop('SIGKILL');
  daemon = await daemon.again({ env });
  const heard = receiver.notices.slice(before).filter(({ kind }) => kind === 'finished');
  expect(heard.map(({ run: { id } }) => id)).toEqual([run]);
});

it('hears that a run was stopped, and that one failed', async () => {
  const run = await startRun(100_000);
  await daemon.stepsTaken(run, 5);
  await daemon.json(['run', 'stop', run, '--reason', 'enough of it']);
  expect((await receiver.gets(run, 'stopped')).reason).toContain('enough of it');
  const folder = join(daemon.data, 'runs', run, 'checkpoints');
  for (const name of readdirSync(folder)) writeFileSync(join(folder, name), 'damaged');
  await daemon.json(['run', 'resume', run]);
  expect((await receiver.gets(run, 'failed')).reason).toContain('checkpoint');
});

it('hears that a run diverged', async () => {
  const config = workspace.write('wild.json', {
    ...smallConfig,
    optimizer: { clipNorm: 0, learningRate: 1 },
    schedule: { kind: 'constant', warmupSteps: 40 },
    divergence: { anchorEverySteps: 10 },
  });
  const run = await startRun(100, '--config', config);
  const notice = await receiver.gets(run, 'diverged');
  expect(notice).toMatchObject({ goesOn: false });
  expect(notice.reason).toContain('the loss, smoothed, has risen');
});

it('does not change a run of train whose receiver sends it elsewhere', async () => {
  const run = await startRun(10);
  const { weightsSha256 } = (await daemon.ended(run)) as { weightsSha256: string };
  receiver.status = 302;
  const words = ['train', '--json', ...smallOrder(workspace, 10), '--run-dir', workspace.in('trained')];
  const { code, stdout, stderr } = await new Rocinante([...words, '--workers', '1', '--threads', '1'], env)
    .finished;
  expect(code).toBe(0);
  expect(JSON.parse(stdout.trim().split('\n').at(-1)!)).toMatchObject({ weightsSha256 });
  expect(stderr).toContain(
    `notice to ${receiver.host} not delivered, expected a status from 200 to 299, received 302`,
  );
  const said = [stdout, stderr, JSON.stringify(daemon.log)].join();
  expect(said).not.toContain('hunter2');
  expect(said).not.toContain(SECRET);
});

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
