/**
 * Goal: a cluster goes from one protocol to the next under a run, workers first and the coordinator last, and back with its
 * workers, and the run does not notice. Method: real processes of this release and of copies of it that speak the next version
 * and the one after; one run goes through all pairings. While a worker is replaced the run waits for it; with
 * ROCINANTE_LONG=1 it goes on with the other, which takes more steps. How many there were by the end, an undisturbed run takes too.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeLine } from '@rocinante/ledger';
import { dialRuns, PROTOCOL_VERSION as N, PROTOCOL_VERSION_MIN as OLDEST } from '@rocinante/wire';
import { Daemon, until, WorkerProcess } from '../support/daemon.js';
import { otherRelease } from '../support/other-release.js';
import { Rocinante, train, Workspace, type Finished } from '../support/rocinante.js';
import { smallOrder } from '../support/small-run.js';

const LONG = process.env.ROCINANTE_LONG === '1';
const MIN_WORKERS = LONG ? 1 : 2;
/** Far more than the run takes until it is told how many it is to have. */
const STEPS = 100_000;
/** Steps in which both workers have a part, before the next change. */
const STEPS_EACH = 5;
/** Nothing here is about time: what is waited for comes on a machine with much else to do too. */
const PATIENCE_MS = 150_000;

describe('a rolling upgrade', { timeout: 300_000 }, () => {
  const workspace = new Workspace();
  const order = smallOrder(workspace, STEPS);
  const workers = new Map<string, WorkerProcess>();
  const daemons: Daemon[] = [];
  /** Launchers: none is this release's. */
  let next: string;
  let afterNext: string;
  let daemon: Daemon;

  beforeAll(async () => {
    next = otherRelease(workspace.in('next'), N + 1);
    afterNext = otherRelease(workspace.in('after-next'), N + 2);
    daemon = await Daemon.start({ data: workspace.in('data') });
    daemons.push(daemon);
  }, 120_000);

  afterAll(async () => {
    await Promise.all([...workers.values()].map((worker) => worker.stop('SIGKILL')));
    await Promise.all(daemons.map((one) => one.end()));
    workspace.remove();
  }, 120_000);

  /** Puts a machine's worker on a release, in place of the one that works there: the protocol that it then speaks. */
  async function put(name: string, release?: string): Promise<unknown> {
    const before = workers.get(name);
    if (before) expect((await before.stop()).code).toBe(0);
    const heardBefore = heard(name).length;
    workers.set(name, new WorkerProcess(daemon.grpc, name, [], {}, [], release));
    return joined(name, heardBefore, 0);
  }

  /** The protocols in which a machine's worker joined the present coordinator, one after the other; and as the worker says. */
  function heard(name: string): unknown[] {
    const lines = daemon.log.filter(({ msg, worker }) => msg === 'worker joined' && worker === name);
    return lines.map(({ protocol }) => protocol);
  }
  function said(name: string): unknown[] {
    const lines = workers.get(name)!.log.filter(({ msg }) => msg.startsWith('joined the coordinator'));
    return lines.map(({ protocol }) => protocol);
  }

  /** Waits until both sides have told of a further session: its protocol. */
  async function joined(name: string, heardBefore: number, saidBefore: number): Promise<unknown> {
    const both = (): boolean => heard(name).length > heardBefore && said(name).length > saidBefore;
    await until(`${name} to join`, both, PATIENCE_MS);
    expect(said(name).at(-1)).toBe(heard(name).at(-1));
    return heard(name).at(-1);
  }

  /** Who had a part in each step, by the run's ledger. */
  function parts(): string[][] {
    const lines = readFileSync(join(daemon.data, 'runs', 'r1', 'ledger.jsonl'), 'utf8')
      .split('\n')
      .slice(0, -1);
    return lines.flatMap((line) => {
      const decoded = decodeLine(line);
      if ('problem' in decoded || decoded.record.kind !== 'step') return [];
      return [decoded.record.computed.map(({ worker }) => worker.replace(/#\d+$/, ''))];
    });
  }

  /** Waits for steps in which both machines have a part from now on. */
  async function bothWork(): Promise<void> {
    const before = parts().length;
    await until(
      'work of both',
      () => {
        const since = parts().slice(before);
        return since.filter((names) => new Set(names).size === 2).length >= STEPS_EACH;
      },
      PATIENCE_MS,
    );
  }

  it('begins with a run on a cluster of one release', async () => {
    expect([await put('sancho'), await put('dulcinea')]).toEqual([N, N]);
    const run = await daemon.startRun([...order, '--min-workers', String(MIN_WORKERS)]);
    expect(run.id).toBe('r1');
    await daemon.stepsTaken('r1', STEPS_EACH);
    await bothWork();
  });

  it('goes on with one new worker and one old one under the old coordinator', async () => {
    expect(await put('sancho', next)).toBe(N);
    await bothWork();
  });

  it('goes on with new workers and operators under the old coordinator, which refuses what is two releases apart', async () => {
    const list = ['run', 'list', '--json', '--coordinator', daemon.grpc];
    const [spoken, listed, refused] = await Promise.all([
      put('dulcinea', next),
      new Rocinante(list, {}, [], next).finished,
      new WorkerProcess(daemon.grpc, 'rocin', [], {}, [], afterNext).finished,
    ]);
    expect(spoken).toBe(N);
    expect(listed.code, listed.stderr).toBe(0);
    expect(JSON.parse(listed.stdout)).toMatchObject({ runs: [{ id: 'r1' }] });
    const advice = 'this coordinator is too old for it: upgrade release by release, workers first';
    const range = `expected protocol ${OLDEST} to ${N}, received ${N + 1} to ${N + 2}`;
    expect([refused.code, errorsOf(refused)]).toEqual([
      1,
      [`the coordinator at ${daemon.grpc} sent this worker away: worker rocin: ${range}; ${advice}`],
    ]);
    const counter = 'rocinante_coordinator_refused_connections_total{why="PROTOCOL_VERSION"}';
    expect(await daemon.metric(counter)).toBe(1);
    await bothWork();
  });

  it('speaks the new protocol once the coordinator is new too', async () => {
    const saidBefore = { sancho: said('sancho').length, dulcinea: said('dulcinea').length };
    expect((await daemon.stop()).code).toBe(0);
    daemon = await daemon.again({ program: next });
    daemons.push(daemon);
    expect(await joined('sancho', 0, saidBefore.sancho)).toBe(N + 1);
    expect(await joined('dulcinea', 0, saidBefore.dulcinea)).toBe(N + 1);
    await bothWork();
  });

  it('speaks both protocols with a new worker and one that went back, and the old one with old workers', async () => {
    expect(await put('sancho')).toBe(N);
    await bothWork();
    expect(heard('dulcinea').at(-1)).toBe(N + 1);
    expect(await put('dulcinea')).toBe(N);
    await bothWork();
  });

  it('ends with the weights of an undisturbed run', async () => {
    const client = dialRuns(daemon.grpc);
    await answered((told) => client.stop({ run: 'r1' }, {}, told));
    const steps = (await daemon.over('r1', PATIENCE_MS)).step + STEPS_EACH;
    await answered((told) => client.resume({ run: 'r1', steps }, {}, told));
    client.close();
    const over = daemon.over('r1', PATIENCE_MS);
    const quiet = ['--workers', '2', '--threads', '1', '--run-dir', workspace.in('undisturbed')];
    const undisturbed = await train([...order, '--steps', String(steps), ...quiet]);
    const { weightsSha256, state } = await over;
    expect([state, weightsSha256]).toEqual(['RUN_STATE_DONE', undisturbed.weightsSha256]);
  });

  it.runIf(LONG)('leaves no worker behind that is two releases old', async () => {
    const far = await Daemon.start({ data: workspace.in('far'), program: afterNext });
    daemons.push(far);
    const refused = await new WorkerProcess(far.grpc, 'rocin').finished;
    const range = `expected protocol ${N + 1} to ${N + 2}, received ${OLDEST} to ${N}`;
    expect([refused.code, errorsOf(refused)]).toEqual([
      1,
      [
        `the coordinator at ${far.grpc} sent this worker away: worker rocin: ${range}; ` +
          'it is too old for this coordinator: upgrade it',
      ],
    ]);
  });
});

/** Waits for an answer; fails where it is a refusal. */
function answered(ask: (told: (error: Error | null) => void) => unknown): Promise<void> {
  return new Promise((resolve, reject) => ask((error) => (error ? reject(error) : resolve())));
}

/** What a process logged as errors. */
function errorsOf({ stderr }: Finished): string[] {
  const lines = stderr.split('\n').filter((line) => line.includes('"level":"error"'));
  return lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
}
