/**
 * Goal: a worker that would give other bits gets no work, whoever comes first and whatever is killed, unless the operator
 * admits it, which the record says then. Method: real processes; one worker's engine is held to SSE4.1, which has no fused
 * multiply-add, so that it rounds otherwise than the others'.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Daemon, until, WorkerProcess, type RunJson } from '../support/daemon.js';
import { ENDLESS, Undisturbed } from '../support/open-end.js';
import { Workspace } from '../support/rocinante.js';
import { workersIn } from '../support/run-ledger.js';
import { smallConfig, smallText } from '../support/small-run.js';

/** From the coordinator's return to the run's first new step. */
const GOES_ON_WITHIN_MS = 10_000;

/** oneDNN reads it when it is loaded. */
const OTHER_BITS = { ONEDNN_MAX_CPU_ISA: 'SSE41' };

interface Shown extends RunJson {
  readonly idleWorkers: readonly { name: string; standing: string; reason: string }[];
  readonly joiningProof: string | null;
  readonly notExactSince: number | null;
  readonly incidents: readonly { kind: string; worker: string | null; cause: string }[];
}

const workspace = new Workspace();
const workers: WorkerProcess[] = [];
let args: string[];
let undisturbed: Undisturbed;
let daemon: Daemon;

beforeAll(() => {
  const order = [
    ...['--corpus', workspace.write('corpus.txt', smallText(40_000))],
    ...['--config', workspace.write('config.json', smallConfig), '--batch', '64', '--micro-batch', '8'],
  ];
  undisturbed = new Undisturbed(workspace, order);
  args = [...order, '--steps', String(ENDLESS)];
});
afterAll(async () => {
  await Promise.all(workers.map((worker) => worker.stop('SIGKILL')));
  await daemon?.end();
  workspace.remove();
});

function join(name: string, env: NodeJS.ProcessEnv = {}): WorkerProcess {
  const worker = new WorkerProcess(daemon.grpc, name, ['--pool', 'default'], env);
  workers.push(worker);
  return worker;
}

async function leave(worker: WorkerProcess): Promise<void> {
  workers.splice(workers.indexOf(worker), 1);
  await worker.stop('SIGKILL');
}

const of = (run: string, event: string): Record<string, unknown>[] =>
  daemon.events(run).filter((entry) => entry.event === event);

const happens = (run: string, event: string, count = 1): Promise<void> =>
  until(`${count} ${event} in ${run}`, () => of(run, event).length >= count);

const show = (run: string): Promise<Shown> => daemon.json<Shown>(['run', 'show', run]);

describe('a worker that gives other bits', { timeout: 180_000 }, () => {
  it('is parked with a line that says why, until the coordinator is killed before there is a step, and it comes back first', async () => {
    daemon = await Daemon.start({ data: workspace.in('data') });
    const one = join('one');
    const other = join('other', OTHER_BITS);
    for (const worker of [one, other]) await worker.says(/joined the coordinator/);
    const { id } = await daemon.startRun([...args, '--min-workers', '2', '--checkpoint', '0']);
    await until('a proof', () => of(id, 'joining-proof').length === 1);
    const first = of(id, 'joining-proof')[0].worker as string;
    const [admitted, parked] = first === 'one' ? [one, other] : [other, one];
    await happens(id, 'worker-parked');
    const [entry] = of(id, 'worker-parked');
    const line =
      `worker ${parked.name} is parked: its joining proof is another than that of ${first}, which the run began with: ` +
      `${parked.name} is TensorFlow `;
    expect(entry.worker).toBe(parked.name);
    expect((entry.message as string).startsWith(line)).toBe(true);
    expect(entry.message).toMatch(/; one is TensorFlow .*|; other is TensorFlow .*/);
    expect(entry.message).toMatch(/--exact off admits it$/);
    // Once in the coordinator's log, and in the run's.
    const logged = (): unknown[] => daemon.log.filter(({ msg }) => msg === entry.message);
    await until('its line', () => logged().length > 0);
    expect(logged()).toHaveLength(1);
    await until('the reason', async () => /parked/.test((await show(id)).reason));
    const shown = await show(id);
    expect(shown).toMatchObject({
      state: 'waiting',
      joiningProof: of(id, 'joining-proof')[0].sha256,
      notExactSince: null,
      idleWorkers: [{ name: parked.name, standing: 'parked' }],
    });
    expect(shown.incidents.map(({ kind, worker }) => [kind, worker])).toContainEqual([
      'worker-parked',
      parked.name,
    ]);
    expect((await daemon.command(['run', 'show', id])).stdout).toMatch(/workers without work:\n.*\n.*parked/);
    expect(await daemon.metric(`rocinante_coordinator_parked_workers{run="${id}"}`)).toBe(1);

    // No step was closed, so the proof binds nobody behind the kill; the parked one comes back first.
    await leave(admitted);
    await happens(id, 'worker-left');
    await until('the line', () => of(id, 'notice').some(({ message }) => /it waits/.test(message as string)));
    await daemon.stop('SIGKILL');
    daemon = await daemon.again();
    await happens(id, 'joining-proof', 2);
    const [before, since] = of(id, 'joining-proof');
    expect(since.worker).toBe(parked.name);
    expect(since.sha256).not.toBe(before.sha256);
    expect(await show(id)).toMatchObject({ joiningProof: since.sha256, idleWorkers: [] });
    expect(of(id, 'worker-parked')).toHaveLength(1);
    expect(of(id, 'step')).toEqual([]);
    await leave(parked);
    await daemon.command(['run', 'stop', id]);
    await daemon.ended(id);
  });

  it('computes nothing of a run that others begin, which ends with the undisturbed bits', async () => {
    const one = join('one');
    const two = join('two');
    const { id } = await daemon.startRun([...args, '--min-workers', '2', '--checkpoint', '1']);
    await daemon.stepsTaken(id, 5);
    const other = join('other', OTHER_BITS);
    await happens(id, 'worker-parked');
    // Killed in the middle: the checkpoint, or the event log, keeps the proof, and the other is parked again.
    await daemon.stop('SIGKILL');
    daemon = await daemon.again();
    const up = Date.parse(daemon.log.find(({ msg }) => msg === 'coordinator is up')!.time);
    const stepSince = (): Record<string, unknown> | undefined =>
      of(id, 'step').find(({ time }) => Date.parse(time as string) > up);
    await until('a new step', () => stepSince() !== undefined);
    await happens(id, 'worker-parked', 2);
    // Who stayed had everything still, and the run went on soon.
    for (const worker of [one, two]) {
      const ready = worker.log.filter(({ msg }) => msg.startsWith('ready to work for the run'));
      expect(ready.map(({ msg }) => /everything was here still$/.test(msg))).toEqual([false, true]);
    }
    const goesOnMs = Date.parse(stepSince()!.time as string) - up;
    console.log(`the coordinator's return to the first new step: ${goesOnMs} ms`);
    expect(goesOnMs).toBeLessThan(GOES_ON_WITHIN_MS);
    const { step } = await daemon.toItsEnd(id);
    const { weightsSha256 } = await undisturbed.of(step as number);
    expect(await show(id)).toMatchObject({ state: 'done', weightsSha256, notExactSince: null });
    expect(of(id, 'worker-joined').map(({ worker }) => worker)).not.toContain('other');
    expect(workersIn(daemon.runDir(id))).not.toContain('other');
    for (const worker of [one, two, other]) await leave(worker);
  });

  it('is admitted by --exact off, which log, page, checkpoint and weights say', async () => {
    const one = join('one');
    const { id } = await daemon.startRun([
      ...args,
      '--min-workers',
      '1',
      '--exact',
      'off',
      '--checkpoint',
      '0',
    ]);
    await daemon.stepsTaken(id, 5);
    const other = join('other', OTHER_BITS);
    await until('work of the other', () => workersIn(daemon.runDir(id)).has('other'));
    const { step } = await daemon.toItsEnd(id);
    const [entry] = of(id, 'not-exact');
    const since = entry.atStep as number;
    expect(entry).toMatchObject({
      worker: 'other',
      message: expect.stringContaining('--exact off') as string,
    });
    expect(since).toBeGreaterThanOrEqual(5);
    const shown = await show(id);
    expect(shown).toMatchObject({ state: 'done', notExactSince: since, idleWorkers: [] });
    expect(shown.weightsSha256).not.toBe((await undisturbed.of(step as number)).weightsSha256);
    const page = (await daemon.command(['run', 'show', id])).stdout;
    expect(page).toContain(`not exact since step ${since}`);
    expect(page).toContain('workers of any kind (--exact off)');
    const weights = workspace.in('weights.safetensors');
    await daemon.command(['weights', 'pull', id, '--out', weights]);
    expect(readFileSync(weights, 'latin1')).toContain(`not exact since step ${since}`);
    // It stays so, and the proof too: with --exact auto the other is parked again.
    await daemon.json(['run', 'resume', id, '--steps', String(ENDLESS), '--exact', 'auto']);
    await happens(id, 'worker-parked');
    await daemon.command(['run', 'stop', id]);
    await daemon.ended(id);
    expect(await show(id)).toMatchObject({ notExactSince: since, joiningProof: shown.joiningProof });
    for (const worker of [one, other]) await leave(worker);
  });
});
