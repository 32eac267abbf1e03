/**
 * Goal: a coordinator and two workers on three machines come through links that are slow, cut and healed, to the bits of an
 * undisturbed run. Method: a network namespace for each machine, on a bridge; real processes. Links of 0.8 Mbit/s make the
 * run last through the cuts without much computing.
 */
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Service, until, type LogLine, type RunJson } from '../support/daemon.js';
import { Network, networkHindrance, type Host } from '../support/network.js';
import { rocinante, Rocinante, train, Workspace, type Summary } from '../support/rocinante.js';
import { smallConfig, smallText } from '../support/small-run.js';

/** A seed of `seeded-links.spec.ts` cuts and heals links in every run of the tests; this one is slower, and says more. */
const hindrance = process.env.ROCINANTE_LONG === '1' ? networkHindrance() : 'only with --long';
const PORT = 7070;
/** A worker is back so soon after its link is. */
const RETURN_MS = 3_000;

interface Incident {
  readonly kind: string;
  readonly worker: string | null;
  readonly step: number;
}

/** Three machines: a coordinator on the first, a worker on each of the others. */
class Machines {
  readonly workspace = new Workspace();
  readonly #network = new Network();
  readonly #coordinator = this.#network.host('coordinator');
  readonly hosts: readonly Host[] = ['sancho', 'dulcinea'].map((name) => this.#network.host(name));
  readonly #services: Service[] = [];
  daemon!: Service;
  workers: readonly Service[] = [];

  /** @param rate of each worker's link, each way. */
  limit(rate: string): void {
    for (const host of this.hosts) host.limit(rate);
  }

  async start(): Promise<void> {
    const address = `${this.#coordinator.address}:${PORT}`;
    this.workers = ['sancho', 'dulcinea'].map((name, index) => {
      const options = ['--coordinator', address, '--name', name, '--threads', '1'];
      return this.#service(this.hosts[index], ['worker', ...options]);
    });
    const addresses = ['--listen', address, '--http', `${this.#coordinator.address}:7071`, '--insecure'];
    const data = this.workspace.in('data');
    this.daemon = this.#service(this.#coordinator, ['serve', '--data', data, ...addresses]);
    await this.daemon.says(/"coordinator is up"/);
    for (const worker of this.workers) await worker.says(/joined the coordinator/);
  }

  /** One of the operator's commands, on the coordinator's machine. */
  async json<Answer = RunJson>(args: readonly string[]): Promise<Answer> {
    const there = ['--json', '--coordinator', `${this.#coordinator.address}:${PORT}`];
    const { code, stdout, stderr } = await new Rocinante([...args, ...there], {}, this.#coordinator.within)
      .finished;
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}:\n${stderr}`);
    return JSON.parse(stdout.trim().split('\n').at(-1)!) as Answer;
  }

  /** Steps that the first run has closed. */
  get step(): number {
    const path = this.workspace.in('data', 'runs', 'r1', 'events.jsonl');
    return existsSync(path) ? readFileSync(path, 'utf8').split('"event":"step"').length - 1 : 0;
  }

  async end(): Promise<void> {
    await Promise.all(this.#services.map((service) => service.stop('SIGKILL')));
    this.#network.remove();
    this.workspace.remove();
  }

  #service(host: Host, args: readonly string[]): Service {
    const service = new Service(args, {}, host.within);
    this.#services.push(service);
    return service;
  }
}

/** A run's text and configuration, as options. */
function runOptions(workspace: Workspace): string[] {
  const corpus = workspace.write('corpus.txt', smallText(40_000));
  const config = workspace.write('config.json', smallConfig);
  const sizes = ['--batch', '64', '--micro-batch', '8', '--steps', '80'];
  return ['--corpus', corpus, '--config', config, ...sizes];
}

const seconds = (count: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, count * 1000));

const title = 'three machines, one link down for 20 s and the other silent for 20 s, for 6 s both at once';

describe.skipIf(hindrance !== null)(`${title}${hindrance === null ? '' : ` (${hindrance})`}`, () => {
  let machines: Machines;
  let options: string[];
  let undisturbed: Summary;
  let slow: RunJson;
  let shown: RunJson & { readonly incidents: readonly Incident[] };
  /** Moments, and the steps closed by then. */
  const at: Record<string, { readonly time: number; readonly step: number }> = {};
  const note = (moment: string): void => void (at[moment] = { time: Date.now(), step: machines.step });

  beforeAll(async () => {
    machines = new Machines();
    const [sancho, dulcinea] = machines.hosts;
    options = runOptions(machines.workspace);
    undisturbed = await train([...options, '--run-dir', machines.workspace.in('undisturbed')]);
    machines.limit('800kbit');
    await machines.start();
    await machines.json(['run', 'start', ...options]);
    await until('the tenth step', () => machines.step >= 10);

    sancho.cut('down');
    note('sancho cut');
    await until('the loss of sancho', () =>
      machines.daemon.log.some(({ worker, msg }) => worker === 'sancho' && msg.startsWith('worker lost')),
    );
    note('sancho missed');
    await seconds(14 - (Date.now() - at['sancho cut'].time) / 1000);
    dulcinea.cut('silent');
    await seconds(1);
    note('both away');
    await seconds(5);
    note('sancho healed');
    sancho.heal();
    await seconds(14);
    note('dulcinea healed');
    dulcinea.heal();
    slow = await machines.json(['run', 'watch', 'r1']);
    shown = await machines.json<typeof shown>(['run', 'show', 'r1']);
  }, 180_000);

  afterAll(() => machines?.end());

  it('end with the bits of the undisturbed run, and a ledger that holds', async () => {
    const { weightsSha256, validationLoss } = undisturbed;
    expect(shown).toMatchObject({ state: 'done', weightsSha256, validationLoss });
    const verified = await rocinante(['verify', machines.workspace.in('data', 'runs', 'r1'), '--json']);
    expect(verified).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(verified.stdout)).toMatchObject({ agrees: true, problems: [], weightsSha256 });
  });

  it('leave the other worker at work, and the run waiting where both are away', () => {
    expect(at['both away'].step).toBeGreaterThan(at['sancho missed'].step + 3);
    expect(at['sancho healed'].step).toBe(at['both away'].step);
    expect(at['dulcinea healed'].step).toBeGreaterThan(at['sancho healed'].step + 3);
    expect(shown.step).toBeGreaterThan(at['dulcinea healed'].step);
  });

  it.each([
    { worker: 'sancho', index: 0 },
    { worker: 'dulcinea', index: 1 },
  ])('have $worker back within 3 s of the healing', ({ worker, index }) => {
    const healed = at[`${worker} healed`].time;
    const joinedAfter = (log: readonly LogLine[], words: string): number => {
      const joined = log.filter((line) => line.worker === worker && line.msg.startsWith(words));
      return joined.map(({ time }) => Date.parse(time)).find((time) => time > healed)! - healed;
    };
    expect(joinedAfter(machines.workers[index].log, 'joined the coordinator')).toBeLessThan(RETURN_MS);
    expect(joinedAfter(machines.daemon.log, 'worker joined')).toBeLessThan(RETURN_MS);
  });

  it('are told of as lost workers, once each', () => {
    const lost = shown.incidents.filter(({ kind }) => kind === 'worker-lost');
    expect(lost.map(({ worker }) => worker)).toEqual(['sancho', 'dulcinea']);
    // Another step may be closed by the time that its loss is read of.
    expect(lost[0].step).toBeGreaterThanOrEqual(at['sancho cut'].step);
    expect(lost[0].step).toBeLessThanOrEqual(at['sancho missed'].step);
  });

  it('work as well, and faster, at 100 Mbit/s', { timeout: 180_000 }, async () => {
    machines.limit('100mbit');
    const fast = await machines.json(['run', 'start', ...options, '--watch']);
    expect(fast).toMatchObject({ state: 'done', weightsSha256: undisturbed.weightsSha256 });
    expect(fast.windowsPerSecond).toBeGreaterThan(slow.windowsPerSecond as number);
  });
});
