/**
 * Goal: a daemon and a worker that are killed in the middle cost a run nothing but time, and the run's record says what
 * happened. Method: `kill -9` of real processes, while one run has ended, one is active and two wait; what `run list` and
 * `run show` say before and after, and the weights of `train`.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Daemon, until, WorkerProcess, type RunJson } from '../support/daemon.js';
import { WORKERS_BACK_MS } from '../support/promised-times.js';
import { ENDLESS, endAfter, Undisturbed } from '../support/open-end.js';
import { Workspace, type Summary } from '../support/rocinante.js';
import { smallConfig, smallText } from '../support/small-run.js';

const SHORT = 10;

interface Incident {
  readonly time: string;
  readonly step: number;
  readonly kind: string;
  readonly worker: string | null;
  readonly cause: string;
}

interface Shown extends RunJson {
  readonly incidents: readonly Incident[];
  readonly history: readonly object[];
  readonly bytesSent: number;
  readonly bytesReceived: number;
}

const workspace = new Workspace();
const workers: WorkerProcess[] = [];
/** An undisturbed run as long as the active one in the end. */
let trained: Summary;
let steps: number;
let daemon: Daemon;
let killedAt: number;
let listedBefore: RunJson[];
let listedAfter: RunJson[];
let shown: Shown;
/** The active run's, on the disk when the daemon was killed, and the steps that it had closed by then. */
let recorded: Pick<Shown, 'bytesSent' | 'bytesReceived'>;
let closed: number;

/** Runs in the order of `run list`. */
async function list(): Promise<RunJson[]> {
  return (await daemon.json<{ runs: RunJson[] }>(['run', 'list'])).runs;
}

beforeAll(async () => {
  const files = ['--corpus', workspace.write('corpus.txt', smallText(40_000))];
  const sizes = [
    '--config',
    workspace.write('config.json', smallConfig),
    '--batch',
    '64',
    '--micro-batch',
    '8',
  ];
  const start = (...options: string[]): Promise<RunJson> => daemon.startRun([...files, ...sizes, ...options]);
  daemon = await Daemon.start({ data: workspace.in('data') });
  workers.push(new WorkerProcess(daemon.grpc, 'sancho'), new WorkerProcess(daemon.grpc, 'dulcinea'));
  for (const worker of workers) await worker.says(/joined the coordinator/);
  await start('--steps', String(SHORT), '--name', 'ended');
  await start('--steps', String(ENDLESS), '--checkpoint', '1', '--name', 'active', '--min-workers', '1');
  await start('--steps', String(SHORT), '--name', 'last', '--seed', '2');
  await start('--steps', String(SHORT), '--name', 'next', '--priority', '1', '--note', 'soon', '--tag', 'x');

  await daemon.stepsTaken('r2', 15);
  killedAt = Date.now();
  await workers[0].stop('SIGKILL');
  await until('the loss of sancho', () => daemon.events('r2').some(({ event }) => event === 'worker-left'));
  listedBefore = await list();
  await daemon.stop('SIGKILL');
  recorded = daemon.record('r2') as unknown as Shown;
  closed = daemon.events('r2').filter(({ event }) => event === 'step').length;

  daemon = await daemon.again();
  listedAfter = await list();
  workers.push(new WorkerProcess(daemon.grpc, 'rocin'));
  // It goes on, and makes way for the queue; then it is brought to its end.
  await daemon.stepsTaken('r2', closed + 5);
  await daemon.json(['run', 'stop', 'active']);
  for (const id of ['r2', 'r3', 'r4']) await daemon.ended(id);
  steps = endAfter(daemon.record('r2').step as number);
  await daemon.json(['run', 'resume', 'active', '--steps', String(steps), '--watch']);
  trained = await new Undisturbed(workspace, [...files, ...sizes]).of(steps);
  shown = await daemon.json<Shown>(['run', 'show', 'active']);
}, 300_000);

afterAll(async () => {
  await Promise.all(workers.map((worker) => worker.stop('SIGKILL')));
  await daemon?.end();
  workspace.remove();
});

describe('a daemon that was killed and started again', () => {
  it('has its runs, its queue and its history', () => {
    expect(listedBefore.map(({ name, state }) => [name, state])).toEqual([
      ['active', 'running'],
      ['next', 'queued'],
      ['last', 'queued'],
      ['ended', 'done'],
    ]);
    const [, ...others] = listedBefore;
    const [active, ...othersAfter] = listedAfter;
    expect(othersAfter).toEqual(others);
    expect(active).toMatchObject({ id: 'r2', name: 'active', stepsTotal: ENDLESS });
    expect(['waiting', 'running']).toContain(active.state);
  });

  it('has its workers back soon', () => {
    const up = Date.parse(daemon.log.find(({ msg }) => msg === 'coordinator is up')!.time);
    const back = workers[1].log.filter(({ msg }) => msg.startsWith('joined the coordinator'));
    expect(back).toHaveLength(2);
    expect(Date.parse(back[1].time) - up).toBeLessThan(WORKERS_BACK_MS);
  });

  it('goes on with the active run, to the bits of an undisturbed one', () => {
    const { weightsSha256, validationLoss } = trained;
    expect(shown).toMatchObject({ state: 'done', step: steps, weightsSha256, validationLoss });
    expect(daemon.events('r2').flatMap((entry) => (entry.event === 'step' ? [entry.step] : []))).toEqual(
      Array.from({ length: steps }, (_, index) => index + 1),
    );
  });

  it('keeps count of what the run moved, before the kill and after it', () => {
    // Each step brings every worker the parameters once, and the coordinator the sum of each; single bytes do not matter. Of the
    // time before the kill the record knows, which is written every five seconds.
    const parameterBytes =
      4 * (daemon.events('r2').find(({ event }) => event === 'started')!.parameters as number);
    const since = (steps - closed) * parameterBytes;
    expect(since).toBeGreaterThan(0);
    expect(shown.bytesSent).toBeGreaterThan(recorded.bytesSent + since);
    expect(shown.bytesReceived).toBeGreaterThan(recorded.bytesReceived + since);
    expect(shown.bytesReceived).toBeLessThan(4 * (closed + steps) * parameterBytes);
  });

  it('goes on with the queue in its order', async () => {
    expect((await list()).map(({ name, state }) => [name, state])).toEqual([
      ['active', 'done'],
      ['last', 'done'],
      ['next', 'done'],
      ['ended', 'done'],
    ]);
  });
});

describe('run show', () => {
  const ofKind = (kind: string): Incident[] => shown.incidents.filter((incident) => incident.kind === kind);

  it('tells of the step that was issued again, with the workers whose part did not fit', () => {
    const [first] = ofKind('issued-again');
    expect(first).toMatchObject({ step: 1, cause: 'the first step finds its grid' });
    expect(['sancho', 'dulcinea']).toContain(first.worker);
    const logged = daemon.events('r2').filter(({ event }) => event === 'issued-again');
    expect(ofKind('issued-again').map(({ time, step, cause }) => ({ time, step, cause }))).toEqual(
      logged.flatMap(({ time, atStep, cause, workers }) =>
        (workers as string[]).map(() => ({ time, step: atStep, cause })),
      ),
    );
  });

  it('tells of the lost worker', () => {
    const { atStep } = daemon.events('r2').find(({ event }) => event === 'worker-left')!;
    const lost = ofKind('worker-lost').filter(({ worker }) => worker === 'sancho');
    expect(lost).toEqual([
      {
        kind: 'worker-lost',
        worker: 'sancho',
        step: atStep,
        time: expect.any(String) as string,
        cause: 'its connection was lost',
      },
    ]);
    expect(lost[0].step).toBeGreaterThanOrEqual(15);
    expect(Date.parse(lost[0].time) - killedAt).toBeGreaterThanOrEqual(0);
    expect(Date.parse(lost[0].time) - killedAt).toBeLessThan(WORKERS_BACK_MS);
  });

  it('tells of the coordinator that was resumed', () => {
    // Another is the operator's, to its end.
    const resumed = ofKind('resumed').slice(0, -1);
    expect(resumed).toEqual([
      {
        kind: 'resumed',
        worker: null,
        step: expect.any(Number) as number,
        time: expect.any(String) as string,
        cause: expect.any(String) as string,
      },
    ]);
    const [{ step, cause, time }] = resumed;
    const checkpoint = `step-${String(step).padStart(8, '0')}.safetensors`;
    expect(cause).toBe(`the coordinator was started again; it went on from ${checkpoint}`);
    expect(Date.parse(time)).toBeGreaterThan(Date.parse(ofKind('worker-lost')[0].time));
  });

  it('says the same on its page, in the order of time', async () => {
    const times = shown.incidents.map(({ time }) => time);
    expect(times).toEqual(times.toSorted());
    const { stdout } = await daemon.command(['run', 'show', 'active']);
    const [, table] = /\nincidents:\n.*\n([^]*?)\n\n/.exec(stdout)!;
    expect(table.split('\n').map((row) => row.trim().replace(/ {2,}/g, '|'))).toEqual(
      shown.incidents.map(({ step, time, kind, worker, cause }) =>
        [step, time.slice(0, 19).replace('T', ' '), kind, worker ?? '-', cause].join('|'),
      ),
    );
  });
});
