/**
 * Goal: the tour of the README, from a corpus on an operator's machine to text that the trained network writes. Method: the
 * commands themselves, one after the other, over one daemon and two workers that were there before it; what each command
 * says with `--json` is checked to the field, and weights against those that `train` makes of the same configuration.
 */
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '@rocinante/base';
import { Daemon, until, WorkerProcess, type LogLine, type RunJson } from '../support/daemon.js';
import { WORKERS_BACK_MS } from '../support/promised-times.js';
import {
  ended,
  hash,
  measured,
  number,
  outcome,
  preparing,
  run,
  time,
  type Comparison,
  type Shown,
} from '../support/run-answers.js';
import { ENDLESS, endAfter, Undisturbed } from '../support/open-end.js';
import { Rocinante, rocinante, train, Workspace, type Summary } from '../support/rocinante.js';
import { smallConfig, smallText } from '../support/small-run.js';

/** Of the two runs that wait behind the long one. */
const SHORT = 20;
/** Of the small run's network. */
const PARAMETERS = 9_524;

const workspace = new Workspace();
const text = smallText(40_000);
const corpus = workspace.write('whale.txt', text);
const config = workspace.write('config.json', smallConfig);
const sizes = ['--config', config, '--corpus', corpus, '--batch', '64', '--micro-batch', '8'];
const corpusSha256 = sha256(new TextEncoder().encode(text));

let daemon: Daemon;
const workers: WorkerProcess[] = [];
let watching: Rocinante;
let third: WorkerProcess;
/** Steps of the long run when it is given an end, and of the one that it becomes. */
let end: number;
let longer: number;
/** What `train` makes of the longer run. */
let trainedLonger: Summary;
let trainedDir: string;

const urgentRun = { tags: ['whales'], note: 'for the paper', priority: 5 };

/** What `run start` says beside the run, where the text was there. */
const sentNothing = { corpusSha256, sent: [] };

beforeAll(async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const listen = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  server.close();
  workers.push(new WorkerProcess(listen, 'sancho'), new WorkerProcess(listen, 'dulcinea'));
  for (const worker of workers) await worker.says(/waiting for the coordinator/);
  daemon = await Daemon.start({ data: workspace.in('data'), listen });
  for (const worker of workers) await worker.says(/joined the coordinator/);
}, 240_000);

afterAll(async () => {
  await Promise.all(workers.map((worker) => worker.stop('SIGKILL')));
  await daemon?.end();
  workspace.remove();
});

describe('the tour', { timeout: 240_000 }, () => {
  it('finds workers that were there first, soon', () => {
    const up = Date.parse(daemon.log.find(({ msg }) => msg === 'coordinator is up')!.time);
    const joined = daemon.log.filter(({ msg }) => msg === 'worker joined');
    expect(joined.map(({ worker }) => worker).sort()).toEqual(['dulcinea', 'sancho']);
    for (const { time } of joined) expect(Date.parse(time) - up).toBeLessThan(WORKERS_BACK_MS);
  });

  it('corpus push: sends a text once', async () => {
    const answer = { sha256: corpusSha256, bytes: Buffer.byteLength(text) };
    expect(await daemon.json(['corpus', 'push', corpus])).toEqual({ ...answer, known: false });
    expect(await daemon.json(['corpus', 'push', corpus])).toEqual({ ...answer, known: true });
  });

  it('run start: begins one run, and queues others by priority', async () => {
    const long = ['--name', 'long', '--tag', 'whales', '--tag', 'first', '--min-workers', '3'];
    expect(await daemon.startRun([...sizes, ...long, '--steps', String(ENDLESS)])).toEqual({
      ...run('r1', 'long', { tags: ['whales', 'first'], startedAt: time, ...preparing }),
      ...sentNothing,
    });
    expect(await daemon.startRun([...sizes, '--steps', String(SHORT), '--seed', '2'])).toEqual({
      ...run('r2', 'r2', { queuePosition: 1 }),
      ...sentNothing,
    });
    const urgent = ['--name', 'urgent', '--note', 'for the paper', '--priority', '5', '--tag', 'whales'];
    expect(await daemon.startRun([...sizes, ...urgent, '--steps', String(SHORT)])).toEqual({
      ...run('r3', 'urgent', { ...urgentRun, queuePosition: 1 }),
      ...sentNothing,
    });
  });

  it('run list: shows the active run, then the queue in its order, and finds runs by a tag', async () => {
    const listed = [
      run('r1', 'long', {
        ...{ state: 'waiting', reason: 'it waits for workers: 2 of 3 are there', workers: 2 },
        ...{ tags: ['whales', 'first'], startedAt: time, stepsTotal: ENDLESS },
        ...{ workerHours: number, activeHours: number },
      }),
      run('r3', 'urgent', { ...urgentRun, queuePosition: 1 }),
      run('r2', 'r2', { queuePosition: 2 }),
    ];
    // Its text is prepared, and its workers prepare for it, in their own time.
    const isListed = async (): Promise<boolean> =>
      (await daemon.json(['run', 'show', 'long'])).reason === (listed[0] as RunJson).reason;
    await until('the first run to wait for another worker', isListed);
    expect(await daemon.json(['run', 'list'])).toEqual({ runs: listed, leftOut: 0 });
    expect(await daemon.json(['run', 'list', '--tag', 'whales'])).toEqual({
      runs: listed.slice(0, 2),
      leftOut: 0,
    });
    expect((await daemon.command(['run', 'list'])).stdout).toMatch(/long.*waiting[^]*urgent[^]*r2/);
  });

  it('run watch: shows a run, from its waiting for a third worker', async () => {
    watching = new Rocinante(['run', 'watch', 'long', '--json', '--coordinator', daemon.grpc]);
    await watching.says(/waiting: it waits for workers: 2 of 3 are there/);
    third = daemon.worker('rocin');
    await watching.says(/rocin joined/);
    await watching.says(new RegExp(`step \\d+/1,000,000, epoch 1 \\(\\d+ %\\), loss \\d\\.\\d{4}`));
  });

  it('run show: an active run’s workers and their shares', async () => {
    await daemon.stepsTaken('r1', 5);
    const show = (): Promise<Shown> => daemon.json<Shown>(['run', 'show', 'long']);
    // One that is late may have no part in a step, and is not measured before it had one.
    const isMeasured = ({ workerShares }: Shown): boolean =>
      workerShares.every(({ microBatchesPerSecond }) => microBatchesPerSecond !== null) &&
      workerShares.reduce((sum, { microBatches }) => sum + microBatches, 0) === 8;
    let shown = await show();
    await until('a rate of each worker', async () => isMeasured(shown) || isMeasured((shown = await show())));
    const { workerShares, state, workers } = shown;
    expect({ state, workers }).toEqual({ state: 'running', workers: 3 });
    expect(workerShares.map(({ name }) => name).sort()).toEqual(['dulcinea', 'rocin', 'sancho']);
    for (const share of workerShares) {
      expect(share).toEqual({
        ...{
          name: expect.any(String) as string,
          threads: 1,
          device: 'cpu',
          model: expect.any(String) as string,
          lstm: 'plain',
        },
        ...{ microBatches: number, microBatchesPerSecond: number, joinedAt: time, card: null },
      });
    }
    expect(workerShares.reduce((sum, { microBatches }) => sum + microBatches, 0)).toBe(8);
  });

  it('run stop: ends the run at its next step, and the watching with it', async () => {
    // An evaluation is behind it.
    await daemon.stepsTaken('r1', 30);
    const stopping = await daemon.json(['run', 'stop', 'long', '--reason', 'lunch']);
    expect(['stopping', 'stopped']).toContain(stopping.state);
    const { code, stdout, stderr } = await watching.finished;
    const { step, state, reason } = await daemon.json(['run', 'show', 'long']);
    const stopped = { state: 'stopped', reason: `stopped after step ${step}: lunch` };
    expect({ state, reason }).toEqual(stopped);
    expect(step).toBeGreaterThanOrEqual(30);
    expect(code).toBe(3);
    expect(stderr).toContain(`\n${stopped.reason}; go on with: ./rocinante run resume r1`);
    expect(JSON.parse(stdout)).toEqual(outcome({ ...stopped, steps: step, weightsSha256: null, run: 'r1' }));
  });

  it('the queue goes on by itself, also where a worker leaves', async () => {
    expect((await third.stop()).code).toBe(0);
    await Promise.all(['r2', 'r3'].map((id) => daemon.ended(id)));
    const { runs } = await daemon.json<{ runs: RunJson[] }>(['run', 'list']);
    // The last ended first.
    expect(runs.map(({ id, state }) => ({ id, state }))).toEqual([
      { id: 'r2', state: 'done' },
      { id: 'r3', state: 'done' },
      { id: 'r1', state: 'stopped' },
    ]);
    const done = { state: 'done', reason: `all ${SHORT} steps are closed`, step: SHORT, stepsTotal: SHORT };
    expect(runs[1]).toEqual(
      run('r3', 'urgent', { ...urgentRun, ...done, ...measured, endedAt: time, weightsSha256: hash }),
    );
  });

  it('run resume: goes on to the weights of a run that was never stopped', async () => {
    const { step } = await daemon.json(['run', 'show', 'long']);
    const goesOn = (stepsTotal: number, more: object = {}): object =>
      run('r1', 'long', { tags: ['whales', 'first'], ...measured, ...preparing, step, stepsTotal, ...more });
    // With so many it takes no step.
    expect(await daemon.json(['run', 'resume', 'long', '--min-workers', '4'])).toEqual(goesOn(ENDLESS));
    await daemon.json(['run', 'stop', 'long']);
    await daemon.ended('r1');
    end = endAfter(step);
    const resume = ['run', 'resume', 'long', '--min-workers', '1', '--steps', String(end)];
    expect(await daemon.json(resume)).toEqual(goesOn(end, { windowsPerSecond: null }));
    const undisturbed = new Undisturbed(workspace, sizes);
    const { weightsSha256, validationLoss, loss, runDir } = await undisturbed.of(end);
    expect(await daemon.json(['run', 'watch', 'long'])).toEqual(
      outcome({ ...ended(end), run: 'r1', weightsSha256, validationLoss, loss }),
    );
    trainedDir = runDir;
  });

  it('run resume: goes on with a longer schedule', async () => {
    longer = end + 20;
    trainedLonger = await train(['--resume', '--steps', String(longer), '--run-dir', trainedDir]);
    const { weightsSha256, validationLoss, loss, bestStep, bestValidationLoss } = trainedLonger;
    expect(await daemon.json(['run', 'resume', 'long', '--steps', String(longer), '--watch'])).toEqual(
      outcome({
        ...{ ...ended(longer), run: 'r1', weightsSha256, validationLoss, loss },
        ...{ bestStep, bestValidationLoss },
      }),
    );
  });

  it('run show: says all of a run, with the curve drawn', async () => {
    const { state, reason } = ended(longer);
    const shown = await daemon.json<Shown>(['run', 'show', 'long']);
    const record = JSON.parse(readFileSync(`${trainedDir}/config.json`, 'utf8')) as { config: object };
    expect(shown).toEqual({
      ...run('r1', 'long', {
        ...{ tags: ['whales', 'first'], ...measured, step: longer, stepsTotal: longer, endedAt: time },
        ...{ state, reason },
        ...{ loss: trainedLonger.loss, validationLoss: trainedLonger.validationLoss },
        ...{ weightsSha256: trainedLonger.weightsSha256 },
      }),
      config: record.config,
      limits: {
        minWorkers: 1,
        maxHours: null,
        checkpointSeconds: 60,
        keepLast: 3,
        keepEverySteps: 0,
        exact: 'auto',
        auditShare: 0,
        normChecks: 'on',
      },
      corpus: { name: 'whale.txt', sha256: corpusSha256 },
      workerShares: [],
      idleWorkers: [],
      joiningProof: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      notExactSince: null,
      history: expect.any(Array) as object,
      incidents: expect.any(Array) as object,
      curve: expect.any(Array) as object,
      checkpoints: expect.arrayContaining([`step-${String(longer).padStart(8, '0')}.safetensors`]) as object,
      bestCheckpoint: expect.stringMatching(/^step-\d{8}\.safetensors$/) as string,
      bytesSent: number,
      bytesReceived: number,
      boundBy: null,
    });
    // A step brings two or three workers the parameters, and the coordinator a sum from each of them that has a part in it.
    const parameterBytes = 4 * PARAMETERS;
    for (const bytes of [shown.bytesSent, shown.bytesReceived]) {
      expect(bytes).toBeGreaterThan(longer * parameterBytes);
      expect(bytes).toBeLessThan(4 * longer * parameterBytes);
    }
    expect(shown.incidents.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['issued-again', 'resumed', 'length-changed']),
    );
    expect(shown.history.at(-1)).toMatchObject({
      step: longer,
      validationLoss: trainedLonger.validationLoss,
    });
    expect(shown.curve.at(-1)!.step).toBe(longer);
    const page = (await daemon.command(['run', 'show', 'long'])).stdout;
    expect(page).toMatch(/^run +r1 long\nstate +done/);
    expect(page).toContain('┼─');
    expect(page).toMatch(new RegExp(`^steps +${longer}$`, 'm'));
  });

  it('run logs: says what a worker logged about a run', async () => {
    const { stdout } = await daemon.command(['run', 'logs', 'long', '--worker', 'sancho', '--json']);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as LogLine);
    // What it said itself, and what the run's events say of it.
    for (const line of lines)
      expect(JSON.stringify(line)).toMatch(/"worker":"sancho"|"workers":\[[^\]]*"sancho"/);
    expect(lines.map(({ msg }) => msg).join('\n')).toMatch(/^ready to work for the run: prepared in /m);
    for (const line of lines)
      expect(line).toMatchObject({ time, level: 'info', run: 'r1', msg: expect.any(String) as string });
    const all = (await daemon.command(['run', 'logs', 'long'])).stdout;
    expect(all).toMatch(/sancho.*ready to work for the run/);
    expect(all).toMatch(/dulcinea.*ready to work for the run/);
    expect(all).toMatch(new RegExp(`INFO +step ${longer}: done: all ${longer} steps are closed`));
    expect(all).not.toContain('{');
    const last = (await daemon.command(['run', 'logs', 'long', '--tail', '3'])).stdout;
    expect(last).toBe(all.split('\n').slice(-4).join('\n'));
  });

  it('run compare: finds where two runs differ, and where they part', async () => {
    const [shorter, other] = await Promise.all(
      ['urgent', 'r2'].map((name) => daemon.json<Comparison>(['run', 'compare', 'long', name])),
    );
    expect(shorter).toEqual({
      first: expect.objectContaining({ id: 'r1', step: longer }) as object,
      second: expect.objectContaining({ id: 'r3', step: SHORT }) as object,
      differences: [{ key: 'steps', first: longer, second: SHORT }],
      stepsInCommon: SHORT,
      partedAt: null,
      losses: [1, 5, 9, 12, 16, 20].map((step) => ({ step, first: number, second: number })),
      evaluations: expect.arrayContaining([{ step: longer, first: number, second: null }]) as object,
      best: {
        first: { step: number, epoch: number, validationLoss: number },
        second: { step: number, epoch: number, validationLoss: number },
      },
      ledgers: { steps: SHORT, partedAt: null, differ: [] },
    });
    for (const { first, second } of shorter.losses) expect(second).toBe(first);
    expect(other).toMatchObject({
      differences: [
        { key: 'seed', first: 1, second: 2 },
        { key: 'steps', first: longer, second: SHORT },
      ],
      partedAt: 1,
      ledgers: { steps: SHORT, partedAt: 1, differ: ['grid', 'sum', 'parameters'] },
    });
  });

  it('weights pull, sample: the pulled file is the trained one, and writes its text', async () => {
    const path = workspace.in('whale.safetensors');
    const pulled = await daemon.json(['weights', 'pull', 'long', '--out', path]);
    const file = readFileSync(path);
    expect(pulled).toEqual({
      ...{ run: 'r1', which: 'final', path, bytes: file.length, sha256: sha256(file), step: longer },
      weightsSha256: trainedLonger.weightsSha256,
    });
    expect(sha256(file.subarray(8 + Number(file.readBigUInt64LE())))).toBe(trainedLonger.weightsSha256);
    const sample = async (weights: string): Promise<object> => {
      const { code, stdout } = await rocinante([
        'sample',
        weights,
        '--length',
        '60',
        '--seed',
        '3',
        '--json',
      ]);
      expect(code).toBe(0);
      return JSON.parse(stdout) as object;
    };
    const drawn = await sample(path);
    expect(drawn).toMatchObject({ text: expect.stringMatching(/^[^]{60}/) as string, length: 60, seed: 3 });
    expect(drawn).toEqual(await sample(`${trainedDir}/weights/final.safetensors`));
  });

  it('run rm: removes a run and what it held', async () => {
    const removed = await daemon.json<{ bytes: number }>(['run', 'rm', 'urgent']);
    expect(removed).toEqual({ run: 'r3', bytes: number });
    expect(removed.bytes).toBeGreaterThan(3 * PARAMETERS * 4);
    expect(existsSync(workspace.in('data', 'runs', 'r3'))).toBe(false);
    const { runs } = await daemon.json<{ runs: RunJson[] }>(['run', 'list']);
    expect(runs.map(({ id }) => id)).toEqual(['r1', 'r2']);
    const { code, stderr } = await daemon.command(['run', 'show', 'urgent']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/urgent/);
  });
});
