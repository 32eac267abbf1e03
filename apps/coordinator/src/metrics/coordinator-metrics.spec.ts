/** The coordinator's metrics as a scraper reads them: a run is told event by event, with a clock that the test turns. */
import { tmpdir } from 'node:os';
import { beforeEach, describe, expect, it } from 'vitest';
import { coordinatorDefinitions } from '@rocinante/metrics';
import { noProgress } from '@rocinante/training';
import { DOCTOR_POOL } from '../doctor/coordinator-probe.js';
import { CoordinatorMetrics, type HeldRun } from './coordinator-metrics.js';
import type { MeteredRun, RunMetrics } from './run-metrics.js';

let now: number;
let metrics: CoordinatorMetrics;
let held: readonly HeldRun[];
let traffic: { bytesSent: number; bytesReceived: number };

const a = { worker: 'a#1', label: 'a', name: 'a', pool: 'default' };
const b = { worker: 'b#2', label: 'b#2', name: 'b', pool: 'big' };

const run = {
  id: 'r1',
  parameterBytes: 4_000,
  config: {
    schedule: { kind: 'constant', warmupSteps: 16 },
    optimizer: { learningRate: 1 },
    divergence: { rateFactor: 0.25 },
  },
  shape: {
    checkpointIntervalMs: 'auto',
    stepsTotal: 100,
    windowsPerEpoch: 40,
    microBatchesPerStep: 4,
    windowsPerMicroBatch: 2,
    evaluationWindows: 8,
    rangeCount: 1,
  },
  progress: noProgress,
} as unknown as MeteredRun;

beforeEach(() => {
  now = 1_000;
  traffic = { bytesSent: 0, bytesReceived: 0 };
  held = [
    { id: 'r1', name: 'first', pool: 'default', state: 'running', endedAt: null, secondsLeft: 90 },
    { id: 'r2', name: 'r2', pool: 'default', state: 'queued', endedAt: null, secondsLeft: null },
    { id: 'r3', name: 'third', pool: 'big', state: 'queued', endedAt: null, secondsLeft: null },
    { id: 'r0', name: 'r0', pool: 'default', state: 'done', endedAt: ended, secondsLeft: null },
  ];
  metrics = new CoordinatorMetrics({
    version: '1.2.3',
    dataDirectory: tmpdir(),
    traffic: () => traffic,
    runs: () => held,
    now: () => now,
  });
});

const ended = '2026-11-24T10:00:00.000Z';

/** All series, by name and labels. */
async function series(): Promise<Map<string, number>> {
  const lines = (await metrics.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  );
}

async function value(name: string): Promise<number | undefined> {
  return (await series()).get(`rocinante_coordinator_${name}`);
}

/** A step of 2 s in which a computes three micro-batches and b one, for so many seconds. */
async function step(
  run: RunMetrics,
  step: number,
  [computesA, computesB]: [number, number] = [1.5, 1.4],
): Promise<void> {
  run.stepIssued(step, 1);
  run.assigned(a, { id: 2 * step, kind: 'train', microBatches: [0, 1, 2] });
  run.parametersReceived(a);
  run.assigned(b, { id: 2 * step + 1, kind: 'train', microBatches: [3] });
  run.parametersReceived(b);
  await Promise.resolve();
  now += computesA * 1000;
  run.reported(a, { assignment: 2 * step, computeSeconds: computesA });
  now += Math.max(0, computesB - computesA) * 1000;
  run.reported(b, { assignment: 2 * step + 1, computeSeconds: computesB });
  run.granted(2 * step);
  run.granted(2 * step + 1);
  run.rangeArrived(a, 2 * step);
  run.rangeAdded();
  run.rangeArrived(b, 2 * step + 1);
  run.rangeAdded();
  run.applyAsked(1);
  now += 2_000 - Math.max(computesA, computesB) * 1000;
  run.rangeApplied();
  const closed = { step, epoch: Math.floor(step / 5), windows: 8, loss: 3 - step };
  run.stepClosed(closed, null, {
    learningRate: 1 / (step + 1),
    clipping: { norm: 1.5 + step, factor: 0.5 },
  });
}

describe("a coordinator's metrics", () => {
  it('count parked workers until they leave or the run is over', async () => {
    const of = metrics.begin(run);
    const parked = (): Promise<number | undefined> => value('parked_workers{run="r1"}');
    expect(await parked()).toBe(0);
    of.workerParked(a);
    of.workerParked(b);
    of.idleLeft({ label: 'preparing' });
    expect(await parked()).toBe(2);
    of.idleLeft(a);
    expect(await parked()).toBe(1);
    of.finished('done');
    expect(await parked()).toBe(0);
  });

  it('has series for every metric in the table once a run has saved, evaluated, and closed a step', async () => {
    const observed = metrics.begin(run);
    observed.workerJoined(a);
    observed.workerJoined(b);
    await step(observed, 0);
    observed.recorded({ validationLoss: 2.5 });
    observed.checkpointSaved({ bytes: 1, seconds: 0.1, reason: 'start' });
    held = [
      ...held,
      { id: 'r9', name: 'r9', pool: 'default', state: 'failed', endedAt: ended, secondsLeft: null },
    ];
    metrics.opened(b);
    metrics.closed(b, 'gone', true);
    const names = [...(await series()).keys()].map((name) => name.replace(/\{.*/, ''));
    for (const { name, type } of Object.values(coordinatorDefinitions)) {
      expect(names).toContain(type === 'histogram' ? `${name}_count` : name);
    }
  });

  it('tells what a step was', async () => {
    const observed = metrics.begin(run);
    observed.workerJoined(a);
    observed.workerJoined(b);
    for (let i = 0; i < 6; i++) await step(observed, i);
    const found = await series();
    const expected = {
      'step{run="r1"}': 6,
      'planned_steps{run="r1"}': 100,
      'remaining_seconds{run="r1"}': 90,
      'epoch{run="r1"}': 2,
      'loss_nats{run="r1"}': -2,
      'learning_rate{run="r1"}': 1 / 6,
      'gradient_norm{run="r1"}': 6.5,
      'windows_total{run="r1"}': 48,
      'windows_per_second{run="r1"}': 4,
      'step_duration_seconds_sum{run="r1"}': 12,
      'worker_share_ratio{run="r1",worker="a"}': 0.75,
      'worker_share_ratio{run="r1",worker="b#2"}': 0.25,
      'bound_by{run="r1",by="compute",worker=""}': 1,
      'bound_by{run="r1",by="wire",worker=""}': 0,
      'bound_by{run="r1",by="coordinator",worker=""}': 0,
    };
    for (const [name, value] of Object.entries(expected)) {
      expect([name, found.get(`rocinante_coordinator_${name}`)]).toEqual([name, value]);
    }
    expect(
      found.get('rocinante_coordinator_step_phase_duration_seconds_sum{run="r1",phase="wait"}'),
    ).toBeCloseTo(9);
    expect(
      found.get('rocinante_coordinator_step_phase_duration_seconds_sum{run="r1",phase="apply"}'),
    ).toBeCloseTo(3);
  });

  it('names the worker that the others wait for, and no other after it has left', async () => {
    const observed = metrics.begin(run);
    observed.workerJoined(a);
    observed.workerJoined(b);
    await step(observed, 0, [0.5, 1.5]);
    expect(await value('bound_by{run="r1",by="worker",worker="b#2"}')).toBe(1);
    expect(await value('bound_by{run="r1",by="compute",worker=""}')).toBe(0);
    observed.workerLeft(b);
    expect(await value('bound_by{run="r1",by="worker",worker="b#2"}')).toBeUndefined();
    expect(await value('worker_share_ratio{run="r1",worker="b#2"}')).toBeUndefined();
  });

  it('counts steps issued again, and micro-batches handed out again', async () => {
    const observed = metrics.begin(run);
    observed.stepIssued(0, 1);
    observed.assigned(a, { id: 1, kind: 'train', microBatches: [0, 1] });
    observed.assigned(b, { id: 2, kind: 'train', microBatches: [2, 3] });
    observed.workerLeft(b);
    observed.assigned(a, { id: 3, kind: 'train', microBatches: [2, 3] });
    observed.assigned(a, { id: 4, kind: 'evaluate', microBatches: [0, 1] });
    observed.stepIssued(0, 2);
    observed.assigned(a, { id: 5, kind: 'train', microBatches: [0, 1, 2, 3] });
    expect(await value('reissued_steps_total{run="r1"}')).toBe(1);
    expect(await value('repeated_micro_batches_total{run="r1"}')).toBe(2);
  });

  it('counts micro-batches that others were given since a worker was late', async () => {
    const observed = metrics.begin(run);
    expect(await value('late_micro_batches_total{run="r1"}')).toBe(0);
    observed.late({ microBatches: [3, 5, 8] });
    observed.late({ microBatches: [3] });
    expect(await value('late_micro_batches_total{run="r1"}')).toBe(4);
  });

  it('counts second words by cause and verdict, those of an audit that agree too', async () => {
    const observed = metrics.begin(run);
    observed.secondWord({ cause: 'audit', verdict: 'stands' });
    observed.secondWord({ cause: 'audit', verdict: 'stands' });
    observed.secondWord({ cause: 'norm', verdict: 'refuted' });
    const expected = {
      norm: { stands: 0, refuted: 1, unsettled: 0, unheld: 0 },
      audit: { stands: 2, refuted: 0, unsettled: 0, unheld: 0 },
    };
    for (const [cause, verdicts] of Object.entries(expected)) {
      for (const [verdict, count] of Object.entries(verdicts)) {
        const labels = `{run="r1",cause="${cause}",verdict="${verdict}"}`;
        expect([labels, await value(`second_words_total${labels}`)]).toEqual([labels, count]);
      }
    }
  });

  it('counts the strikes of a worker by its label, and shows them when it is gone', async () => {
    const observed = metrics.begin(run);
    const strikes = (worker: string): Promise<number | undefined> =>
      value(`strikes_total{run="r1",worker="${worker}"}`);
    observed.workerJoined(a);
    observed.workerJoined(b);
    expect([await strikes('a'), await strikes('b#2')]).toEqual([0, 0]);
    observed.struck({ worker: 'a#1' });
    observed.workerLeft(a);
    observed.workerLeft(b);
    expect([await strikes('a'), await strikes('b#2')]).toEqual([1, undefined]);
    observed.workerJoined({ ...a, worker: 'a#3' });
    observed.struck({ worker: 'a#3' });
    expect(await strikes('a')).toBe(2);
    expect(await strikes('a#3')).toBeUndefined();
  });

  it('counts workers that are set aside until they leave or the run is over', async () => {
    const observed = metrics.begin(run);
    const setAside = (): Promise<number | undefined> => value('set_aside_workers{run="r1"}');
    expect(await setAside()).toBe(0);
    for (const worker of [a, b]) {
      observed.workerJoined(worker);
      observed.struck(worker);
      observed.setAside(worker);
    }
    expect(await setAside()).toBe(2);
    expect(await value('parked_workers{run="r1"}')).toBe(0);
    expect(await value('strikes_total{run="r1",worker="a"}')).toBe(1);
    expect(await value('worker_share_ratio{run="r1",worker="a"}')).toBeUndefined();
    observed.idleLeft(a);
    expect(await setAside()).toBe(1);
    observed.finished('done');
    expect(await setAside()).toBe(0);
  });

  it("computes the newest checkpoint's age when it is scraped", async () => {
    const observed = metrics.begin(run);
    now += 5_000;
    expect(await value('checkpoint_age_seconds{run="r1"}')).toBe(5);
    expect(await value('checkpoint_interval_seconds{run="r1"}')).toBe(10);
    observed.checkpointSaved({ bytes: 21_000_000, seconds: 0.2, reason: 'interval' });
    observed.checkpointFailed();
    now += 90_000;
    expect(await value('checkpoint_age_seconds{run="r1"}')).toBe(90);
    expect(await value('checkpoint_size_bytes{run="r1"}')).toBe(21_000_000);
    expect(await value('checkpoint_interval_seconds{run="r1"}')).toBe(20);
    expect(await value('checkpoints_total{run="r1",reason="interval"}')).toBe(1);
    expect(await value('checkpoints_total{run="r1",reason="end"}')).toBe(0);
    expect(await value('checkpoint_failures_total{run="r1"}')).toBe(1);
  });

  it('has no interval of checkpoints for a run that makes none by the clock', async () => {
    metrics.begin({ ...run, shape: { ...run.shape, checkpointIntervalMs: 0 } });
    expect(await value('checkpoint_interval_seconds{run="r1"}')).toBeUndefined();
  });

  it('tells how long a run has not got on, and that being held is something else', async () => {
    const observed = metrics.begin(run);
    const age = (): Promise<number | undefined> => value('progress_age_seconds{run="r1"}');
    now += 30_000;
    expect(await age()).toBe(30);
    await step(observed, 0);
    now += 40_000;
    expect(await age()).toBe(40);
    observed.evaluated();
    now += 3_000;
    expect(await age()).toBe(3);
    observed.released();
    expect(await age()).toBe(0);
  });

  it('counts divergences, and measures from where the run went back to', async () => {
    const observed = metrics.begin(run);
    observed.finished('done');
    expect(await value('divergences_total{run="r1"}')).toBe(0);
    observed.finished('diverged');
    now += 60_000;
    const rollbacks = [{ fromStep: 6, toStep: 4 }];
    observed.wentBack({ ...noProgress, step: 4, lastLoss: 1.25, rollbacks });
    now += 1_000;
    expect(await value('divergences_total{run="r1"}')).toBe(1);
    expect(await value('step{run="r1"}')).toBe(4);
    // The next step's, of the warm-up and after one rollback.
    expect(await value('learning_rate{run="r1"}')).toBe((5 / 16) * 0.25);
    expect(await value('progress_age_seconds{run="r1"}')).toBe(1);
    expect(await value('checkpoint_age_seconds{run="r1"}')).toBe(1);
  });

  it('tells the state of runs that wait, are active or have just ended, and what a run is', async () => {
    metrics.begin(run);
    held = [
      ...held,
      { id: 'r4', name: 'r4', pool: 'default', state: 'waiting', endedAt: null, secondsLeft: null },
    ];
    const shown = async (name: string): Promise<string[]> =>
      [...(await series()).keys()].filter((key) => key.startsWith(`rocinante_coordinator_${name}{`));
    const stateOf = (run: string, state: string): string =>
      `rocinante_coordinator_run_state{run="${run}",state="${state}"}`;
    expect(await shown('run_state')).toEqual([
      stateOf('r1', 'running'),
      stateOf('r2', 'queued'),
      stateOf('r3', 'queued'),
      stateOf('r4', 'waiting'),
    ]);
    expect(await shown('run_info')).toHaveLength(4);
    expect(await value('run_info{run="r1",name="first",pool="default"}')).toBe(1);
    expect(await value('parameters_size_bytes{run="r1"}')).toBe(4_000);
    metrics.end('r1');
    held = [{ id: 'r1', name: 'first', pool: 'default', state: 'failed', endedAt: ended, secondsLeft: null }];
    expect(await shown('run_state')).toEqual([stateOf('r1', 'failed')]);
    now += 120_000;
    expect([...(await shown('run_state')), ...(await shown('run_info'))]).toEqual([]);
  });

  it('begins where a resumed run stands', async () => {
    const progress = {
      ...noProgress,
      step: 7,
      lastLoss: 1.5,
      history: [{ step: 5, epoch: 1, loss: 1.6, validationLoss: 1.75 }],
    };
    metrics.begin({ ...run, progress });
    expect(await value('step{run="r1"}')).toBe(7);
    expect(await value('epoch{run="r1"}')).toBe(2);
    expect(await value('loss_nats{run="r1"}')).toBe(1.5);
    expect(await value('held_out_loss_nats{run="r1"}')).toBe(1.75);
    expect(await value('learning_rate{run="r1"}')).toBe(8 / 16);
  });

  it('keeps the series of a run for two minutes after its end, and not one of them longer', async () => {
    const before = [...(await series()).keys()];
    const observed = metrics.begin(run);
    observed.workerJoined(a);
    observed.workerJoined(b);
    await step(observed, 0, [0.5, 1.5]);
    observed.recorded({ validationLoss: 2 });
    observed.late({ microBatches: [0] });
    observed.secondWord({ cause: 'norm', verdict: 'unsettled' });
    observed.struck(a);
    observed.struck(b);
    observed.setAside(b);
    observed.workerLeft(a);
    observed.checkpointSaved({ bytes: 1, seconds: 1, reason: 'end' });
    metrics.end('r1');
    now += 119_000;
    expect(await value('loss_nats{run="r1"}')).toBe(3);
    held = held.filter(({ id }) => id !== 'r1');
    now += 1_000;
    const isOfRun = (key: string): boolean => key.includes('run="r1"');
    expect([...(await series()).keys()]).toEqual(before.filter((key) => !isOfRun(key)));
  });

  it('begins anew for a run that is resumed soon after its end', async () => {
    const observed = metrics.begin(run);
    observed.workerJoined(a);
    observed.workerJoined(b);
    await step(observed, 0, [0.5, 1.5]);
    metrics.end('r1');
    metrics.begin(run);
    now += 200_000;
    expect(await value('windows_total{run="r1"}')).toBe(0);
    expect([...(await series()).keys()].filter((name) => name.includes('worker="b#2"'))).toEqual([]);
  });

  it('counts workers by pool, and drops a pool with its last worker', async () => {
    expect(await value('live_workers{pool="default"}')).toBe(0);
    metrics.opened(a);
    metrics.opened(a);
    metrics.opened(b);
    expect(await value('live_workers{pool="default"}')).toBe(2);
    expect(await value('live_workers{pool="big"}')).toBe(1);
    metrics.closed(a, 'stopped', false);
    metrics.closed(a, 'stopped', false);
    metrics.closed(b, 'gone', true);
    expect(await value('live_workers{pool="default"}')).toBe(0);
    expect(await value('live_workers{pool="big"}')).toBeUndefined();
    expect(await value('lost_workers_total')).toBe(1);
  });

  it('names lost workers until they are back, for a day, and a bounded number', async () => {
    const lost = (worker: string, pool = 'default'): Promise<number | undefined> =>
      value(`worker_lost{pool="${pool}",worker="${worker}"}`);
    for (const worker of [a, b]) metrics.opened(worker);
    metrics.closed(a, 'gone', true);
    metrics.closed(b, 'stopped', false);
    expect([await lost('a'), await lost('b', 'big')]).toEqual([1, undefined]);
    metrics.opened({ ...a, pool: 'big' });
    expect(await lost('a')).toBe(1);
    metrics.opened(a);
    expect(await lost('a')).toBeUndefined();
    metrics.closed(a, 'gone', true);
    now += 24 * 3_600_000 - 1;
    expect(await lost('a')).toBe(1);
    now += 1;
    expect(await lost('a')).toBeUndefined();
    for (let number = 0; number < 1_025; number++) metrics.closed({ ...a, name: `w${number}` }, 'gone', true);
    expect([await lost('w0'), await lost('w1'), await lost('w1024')]).toEqual([undefined, 1, 1]);
  });

  it('names no worker as lost while a session of its name goes on, nor a doctor that was killed', async () => {
    const lost = async (): Promise<string[]> =>
      [...(await series()).keys()].filter((name) => name.startsWith('rocinante_coordinator_worker_lost'));
    // It dialled anew before its old session was known to be lost.
    for (let time = 0; time < 2; time++) metrics.opened(a);
    metrics.closed(a, 'no sign of life', true);
    expect(await value('live_workers{pool="default"}')).toBe(1);
    expect(await lost()).toEqual([]);
    expect(await value('lost_workers_total')).toBe(1);
    metrics.closed(a, 'gone', true);
    expect(await lost()).toEqual(['rocinante_coordinator_worker_lost{pool="default",worker="a"}']);
    metrics.opened(a);
    metrics.closed(a, 'stopped', false);
    const doctor = { ...a, name: 'doctor@box', pool: DOCTOR_POOL };
    metrics.opened(doctor);
    metrics.closed(doctor, 'gone', true);
    expect(await lost()).toEqual([]);
  });

  it('tells when runs failed that are failed still, whether they were active in this process or not', async () => {
    const failed = (id: string, endedAt: string): HeldRun => ({
      ...{ id, name: `name of ${id}`, pool: 'big', state: 'failed', endedAt, secondsLeft: null },
    });
    const shown = async (): Promise<[string, number][]> =>
      [...(await series())].filter(([key]) => key.includes('run_failed_timestamp'));
    held = [...held, failed('r5', '2026-11-24T10:00:00.000Z')];
    expect(await shown()).toEqual([
      [
        'rocinante_coordinator_run_failed_timestamp_seconds{run="r5",name="name of r5",pool="big"}',
        Date.UTC(2026, 10, 24, 10) / 1000,
      ],
    ]);
    held = Array.from({ length: 25 }, (_, index) =>
      failed(`r${index}`, `2026-11-24T10:00:${10 + index}.000Z`),
    );
    const keys = (await shown()).map(([key]) => key);
    expect(keys).toHaveLength(20);
    expect(keys[0]).toContain('run="r24"');
  });

  it('counts bytes, refusals and ignored messages, and runs by state', async () => {
    traffic = { bytesSent: 100, bytesReceived: 10 };
    expect(await value('sent_bytes_total')).toBe(100);
    traffic = { bytesSent: 150, bytesReceived: 30 };
    expect(await value('sent_bytes_total')).toBe(150);
    expect(await value('received_bytes_total')).toBe(30);
    metrics.refused('MALFORMED');
    metrics.refused('UNKNOWN_CORPUS');
    metrics.begin(run).ignored({ what: 'range' });
    const found = await series();
    expect(found.get('rocinante_coordinator_refused_connections_total{why="MALFORMED"}')).toBe(1);
    expect(found.get('rocinante_coordinator_refused_connections_total{why="UNKNOWN_CORPUS"}')).toBe(1);
    expect(found.get('rocinante_coordinator_refused_connections_total{why="TIMEOUT"}')).toBe(0);
    expect(found.get('rocinante_coordinator_ignored_messages_total{what="range"}')).toBe(1);
    expect(found.get('rocinante_coordinator_runs{state="queued"}')).toBe(2);
    expect(found.get('rocinante_coordinator_runs{state="failed"}')).toBe(0);
    expect(found.get('rocinante_coordinator_disk_free_bytes')).toBeGreaterThan(0);
  });
});
