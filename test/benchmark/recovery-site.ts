import { existsSync, readFileSync } from 'node:fs';
import { Service, until, type RunJson } from '../support/daemon.js';
import { Network, type Host } from '../support/network.js';
import { Rocinante, Workspace } from '../support/rocinante.js';

/** No wait of a measurement is longer. The longest that is expected, a silent link, is some ten seconds. */
const WAIT_MS = 60_000;
/** Steps that all workers share before something is done to one: the pace is then even. */
const SETTLED_STEPS = 3;
/** The first steps are issued twice, while they find their grids. */
const FIRST_STEPS = 10;
const PORT = 7070;
const RUN = 'r1';

/** A step's close, as `events.jsonl` dates it, in milliseconds since 1970, and who computed it, from `ledger.jsonl`. */
export interface Close {
  readonly step: number;
  readonly time: number;
  readonly workers: readonly string[];
}

interface Entry {
  readonly event: string;
  readonly time: string;
  readonly [field: string]: unknown;
}

interface LedgerEntry {
  readonly kind: string;
  readonly step: number;
  readonly computed: readonly { readonly worker: string }[];
}

/** A coordinator, workers of one thread and one run that does not end; on this host, or on one of its own each. */
export class Site {
  readonly #workspace = new Workspace();
  readonly #network: Network | null;
  readonly #coordinatorHost: Host | null;
  readonly #hosts = new Map<string, Host>();
  readonly #services: Service[] = [];
  #address: string;
  #http: string;
  daemon!: Service;

  /** @param hosts names of workers that get a host each, as the coordinator does; where none is named, there is no network. */
  constructor(hosts: readonly string[] = []) {
    this.#network = hosts.length === 0 ? null : new Network();
    this.#coordinatorHost = this.#network?.host('coordinator') ?? null;
    for (const name of hosts) this.#hosts.set(name, this.#network!.host(name));
    const address = this.#coordinatorHost?.address;
    this.#address = address === undefined ? '127.0.0.1:0' : `${address}:${PORT}`;
    this.#http = address === undefined ? '127.0.0.1:0' : `${address}:${PORT + 1}`;
  }

  /** Starts all, and waits until the workers share the run's steps. */
  async start(workers: readonly string[]): Promise<void> {
    await this.startDaemon();
    for (const name of workers) await this.startWorker(name).says(/joined the coordinator/);
    const options = ['--preset', 'quick', '--corpus', 'bundled', '--epochs', '1000'];
    const start = ['run', 'start', ...options, '--json', '--coordinator', this.#address];
    const command = new Rocinante(start, {}, this.#coordinatorHost?.within);
    const { code, stdout, stderr } = await limited('the start of the run', command.finished);
    if (code !== 0) throw new Error(`run start ended with ${code}:\n${stderr}`);
    const { id } = JSON.parse(stdout.trim().split('\n').at(-1)!) as RunJson;
    if (id !== RUN) throw new Error(`expected the run ${RUN}, received ${id}`);
    await this.settled(workers, 0);
  }

  /** Starts the coordinator, at the ports that it had before, and gives when its log said that it is up. */
  async startDaemon(): Promise<number> {
    const addresses = ['--listen', this.#address, '--http', this.#http];
    const open = this.#network === null ? [] : ['--insecure'];
    const args = ['serve', '--data', this.#workspace.in('data'), ...addresses, ...open];
    this.daemon = this.#service(args, this.#coordinatorHost);
    await limited('the coordinator', this.daemon.says(/"coordinator is up"/));
    const { time, listen, http } = this.daemon.log.find(({ msg }) => msg === 'coordinator is up')!;
    [this.#address, this.#http] = [listen as string, http as string];
    return Date.parse(time);
  }

  startWorker(name: string): Service {
    const args = ['worker', '--coordinator', this.#address, '--name', name, '--threads', '1'];
    return this.#service(args, this.#hosts.get(name) ?? null);
  }

  host(name: string): Host {
    return this.#hosts.get(name)!;
  }

  service(name: string): Service {
    return this.#services.findLast(({ process }) => process.spawnargs.includes(name))!;
  }

  /** Waits until the workers have shared some steps that closed after a moment. */
  async settled(workers: readonly string[], since: number): Promise<void> {
    const shared = (close: Close): boolean => workers.every((name) => close.workers.includes(name));
    await until(`steps shared by ${workers.join(' and ')}`, () => {
      const closes = this.#closes(since);
      const last = closes.slice(-SETTLED_STEPS);
      const first = since === 0 ? FIRST_STEPS : 0;
      return closes.length >= first + SETTLED_STEPS && last.every(shared);
    });
  }

  /** Waits for the first step that closed after a moment and of whose workers something is so. */
  async close(what: string, since: number, isSo: (close: Close) => boolean): Promise<Close> {
    let found: Close | undefined;
    await until(what, () => (found = this.#closes(since).find(isSo)) !== undefined, WAIT_MS);
    return found!;
  }

  /** Waits for an event of a worker after a moment; gives the event's time. */
  async event(event: string, worker: string, since: number): Promise<number> {
    const find = (): Entry | undefined =>
      this.#events(since).find((entry) => entry.event === event && entry.worker === worker);
    await until(`${event} of ${worker}`, () => find() !== undefined, WAIT_MS);
    return Date.parse(find()!.time);
  }

  /** The longest time without a step's close between two moments, in milliseconds. */
  longestPause(from: number, to: number): number {
    const closes = this.#closes(from).map(({ time }) => time);
    const moments = [from, ...closes.filter((time) => time < to), to];
    return Math.max(...moments.slice(1).map((time, index) => time - moments[index]));
  }

  /** Ends what was started here, and leaves nothing. */
  async end(): Promise<void> {
    await Promise.all(this.#services.map((service) => limited('an end', service.stop('SIGKILL'))));
    this.#network?.remove();
    this.#workspace.remove();
  }

  /** Steps closed after a moment that the ledger has, in the order of their closes. */
  #closes(since: number): Close[] {
    const workers = new Map<number, string[]>();
    for (const entry of this.#read<LedgerEntry>('ledger.jsonl')) {
      if (entry.kind === 'step')
        workers.set(
          entry.step,
          entry.computed.map(({ worker }) => worker),
        );
    }
    const steps = this.#events(since).filter(({ event }) => event === 'step');
    const closes = steps.map(({ step, time }) => ({ step: step as number, time: Date.parse(time) }));
    const inLedger = closes.filter(({ step }) => workers.has(step));
    return inLedger.map((close) => ({ ...close, workers: workers.get(close.step)! }));
  }

  #events(since: number): Entry[] {
    return this.#read<Entry>('events.jsonl').filter(({ time }) => Date.parse(time) > since);
  }

  /** The whole lines of one of the run's files. */
  #read<Line>(file: string): Line[] {
    const path = this.#workspace.in('data', 'runs', RUN, file);
    if (!existsSync(path)) return [];
    const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as Line);
  }

  #service(args: readonly string[], host: Host | null): Service {
    const service = new Service(args, {}, host?.within);
    this.#services.push(service);
    return service;
  }
}

/** The same promise, which fails where it takes too long. */
export async function limited<Value>(what: string, promise: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${WAIT_MS / 1000} s in vain for ${what}`)), WAIT_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
