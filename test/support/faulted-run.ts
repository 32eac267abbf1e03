import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Daemon, until, WorkerProcess, type RunJson } from './daemon.js';
import { faultText, type Fault, type Happened } from './fault-schedule.js';
import type { Host } from './network.js';
import { rocinante } from './rocinante.js';

/** Much longer than anything takes that is waited for, on a machine with much else to do too. */
const FAULT_TIMEOUT_MS = 120_000;

/** Where a run's processes are. */
export interface FaultPlace {
  /** The folder that the coordinator's `--data` names. */
  readonly data: string;
  /** A host for each process; without them all run on this machine, and no link can be cut. */
  readonly hosts?: { readonly coordinator: Host; readonly workers: ReadonlyMap<string, Host> };
}

/** A daemon's one run, and the faults that befall its processes and links. */
export class FaultedRun {
  readonly #names: readonly string[];
  readonly #place: FaultPlace;
  readonly #workers = new Map<string, WorkerProcess>();
  /** Those that wait for SIGCONT. */
  readonly #halted = new Map<string, ChildProcess>();
  /** Those whose link is cut, and what will heal it. */
  readonly #cutOff = new Map<string, NodeJS.Timeout>();
  readonly #happened: Happened[] = [];
  #daemon: Daemon | null = null;
  #run = '';

  /** @param names of the workers: where one cannot be hit, the next in this order is. */
  constructor(names: readonly string[], place: FaultPlace) {
    this.#names = names;
    this.#place = place;
  }

  /** What has happened until now. */
  get happened(): readonly Happened[] {
    return this.#happened;
  }

  /** The run's directory. */
  get directory(): string {
    return join(this.#place.data, 'runs', this.#run);
  }

  /** The run's entries of one event. */
  entries(event: string): Record<string, unknown>[] {
    return this.#daemon!.events(this.#run).filter((entry) => entry.event === event);
  }

  /**
   * Starts coordinator, workers and run, lets faults happen one after another, and brings the run to its end once all workers
   * are together again. Prints what happened, also where this fails.
   * @param order the options of `run start`, for a run without an end.
   */
  async play(seed: number, order: readonly string[], faults: readonly Fault[]): Promise<void> {
    const begunAt = performance.now();
    const late = faults.flatMap((fault) => (fault.kind === 'worker-begun' ? [fault.worker] : []));
    try {
      this.#daemon = await this.#startDaemon();
      for (const name of this.#names) if (!late.includes(name)) this.#begin(name);
      for (const worker of this.#workers.values()) await worker.says(/joined the coordinator/);
      ({ id: this.#run } = await this.#daemon.startRun([...order, '--checkpoint', '1']));
      for (const fault of faults) this.#happened.push(await this.#happen(fault));
      await this.#together();
      await this.#daemon.toItsEnd(this.#run);
    } finally {
      const seconds = ((performance.now() - begunAt) / 1000).toFixed(1);
      const missing = faults.slice(this.#happened.length);
      const lines = missing.map((fault) => `not happened: ${faultText({ fault })}`);
      console.log([`seed ${seed}, ${seconds} s:`, ...this.#happened.map(faultText), ...lines].join('\n  '));
    }
  }

  /** What operators are told of the run. */
  shown(): Promise<RunJson> {
    return this.#daemon!.json(['run', 'show', this.#run]);
  }

  /** What `verify` says of the run's directory. @throws {Error} it does not agree. */
  async verified(): Promise<Record<string, unknown>> {
    const { code, stdout, stderr } = await rocinante(['verify', this.directory, '--json']);
    if (code !== 0) throw new Error(`verify ended with ${code}:\n${stdout}${stderr}`);
    return JSON.parse(stdout.trim().split('\n').at(-1)!) as Record<string, unknown>;
  }

  /** Waits until every link is healed, and every worker has joined the coordinator and the run and not lost it since. */
  async #together(): Promise<void> {
    const isJoined = ([name, { log }]: [string, WorkerProcess]): boolean =>
      log.findLast(({ msg }) => /the coordinator at/.test(msg))?.msg.startsWith('joined') === true &&
      this.#isAtWork(name);
    const all = (): boolean => this.#cutOff.size === 0 && [...this.#workers].every(isJoined);
    await until('all workers together again', all, FAULT_TIMEOUT_MS);
  }

  /** The run's last entries, and the last lines of the logs of its processes. */
  get lastWords(): string[] {
    const services = [...this.#workers.values(), ...(this.#daemon === null ? [] : [this.#daemon])];
    const entries = this.#run === '' ? [] : this.#daemon!.events(this.#run).slice(-20);
    const logs = services.flatMap(({ log }) => log.slice(-10));
    return [...entries, ...logs].map((entry) => JSON.stringify(entry));
  }

  /** Ends all processes at once, and heals all links. */
  async end(): Promise<void> {
    for (const [worker, healing] of this.#cutOff) {
      clearTimeout(healing);
      this.#hostOf(worker)!.heal();
    }
    this.#cutOff.clear();
    await Promise.all([...this.#workers.values()].map((worker) => worker.stop('SIGKILL')));
    await this.#daemon?.end();
  }

  /** Waits for a fault's step, and lets it happen. */
  async #happen(fault: Fault): Promise<Happened> {
    await this.#awaits(`step ${fault.step}`, () => this.#step >= fault.step);
    let worker: string | undefined;
    if (fault.kind !== 'worker-begun' && fault.kind !== 'coordinator-killed') {
      await this.#awaits('a worker to hit', () => (worker = this.#toHit(fault)) !== undefined);
    }
    const happened = { fault, at: performance.now(), atStep: this.#step };
    switch (fault.kind) {
      case 'worker-begun':
        this.#begin(fault.worker);
        return happened;
      case 'worker-killed':
        await this.#workers.get(worker!)!.stop('SIGKILL');
        await this.#awaits(`the loss of ${worker}`, () => !this.#isAtWork(worker!));
        this.#halted.delete(worker!);
        this.#begin(worker!);
        return { ...happened, worker };
      case 'worker-halted':
        await this.#halt(worker!, fault.haltedMs);
        return { ...happened, worker };
      case 'coordinator-killed': {
        const lives = this.entries('started').length;
        await this.#daemon!.stop('SIGKILL');
        await pause(fault.awayMs);
        this.#daemon = await this.#startDaemon(this.#daemon);
        await this.#awaits('the coordinator’s return', () => this.entries('started').length > lives);
        return happened;
      }
      case 'link-cut': {
        const host = this.#hostOf(worker!)!;
        host.cut(fault.how);
        const heal = (): void => {
          host.heal();
          this.#cutOff.delete(worker!);
        };
        this.#cutOff.set(worker!, setTimeout(heal, fault.cutMs));
        return { ...happened, worker };
      }
    }
  }

  async #halt(worker: string, ms: number): Promise<void> {
    const { process } = this.#workers.get(worker)!;
    process.kill('SIGSTOP');
    await until(`${worker} halted`, () => isHalted(process.pid!), FAULT_TIMEOUT_MS);
    this.#halted.set(worker, process);
    setTimeout(() => {
      process.kill('SIGCONT');
      if (this.#halted.get(worker) === process) this.#halted.delete(worker);
    }, ms);
  }

  /**
   * The worker that a fault names, or the next in order where that one is not at work: waiting for it could outlast the run.
   * One that is halted, or cut off, may be killed.
   */
  #toHit({ kind, worker }: Extract<Fault, { worker: string }>): string | undefined {
    const first = this.#names.indexOf(worker);
    const names = [...this.#names.slice(first), ...this.#names.slice(0, first)];
    const isSpared = (name: string): boolean =>
      (kind === 'worker-halted' && this.#halted.has(name)) || (kind === 'link-cut' && this.#cutOff.has(name));
    return names.find((name) => this.#isAtWork(name) && !isSpared(name));
  }

  /** Waits until something is so in the run, which is not to end before. */
  async #awaits(what: string, isSo: () => boolean): Promise<void> {
    const hasCome = (): boolean => {
      if (isSo()) return true;
      if (this.entries('finished').length > 0) throw new Error(`${this.#run} ended before ${what}`);
      return false;
    };
    await until(`${what} in ${this.#run}`, hasCome, FAULT_TIMEOUT_MS);
  }

  /** Steps closed by now. */
  get #step(): number {
    return (this.entries('step').at(-1)?.step as number | undefined) ?? 0;
  }

  /**
   * Whether a worker has joined more often since the coordinator started than it has left: one that comes back over a link that
   * was cut may be missed only afterwards.
   */
  #isAtWork(worker: string): boolean {
    const events = this.#daemon!.events(this.#run);
    const since = events.slice(events.findLastIndex(({ event }) => event === 'started') + 1);
    const count = (kind: string): number =>
      since.filter(({ event, worker: of }) => event === kind && of === worker).length;
    return count('worker-joined') > count('worker-left');
  }

  #begin(name: string): void {
    const within = this.#hostOf(name)?.within;
    this.#workers.set(name, new WorkerProcess(this.#daemon!.grpc, name, [], {}, within));
  }

  #startDaemon(before: Daemon | null = null): Promise<Daemon> {
    const host = this.#place.hosts?.coordinator;
    const args = host === undefined ? [] : ['--insecure'];
    if (before !== null) return before.again({ args });
    const addresses = host && {
      listen: `${host.address}:7070`,
      http: `${host.address}:7071`,
      within: host.within,
    };
    return Daemon.start({ data: this.#place.data, args, ...addresses });
  }

  #hostOf(worker: string): Host | undefined {
    return this.#place.hosts?.workers.get(worker);
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** State T of proc_pid_stat(5); it follows the command's name, in brackets. */
const isHalted = (pid: number): boolean => /\) T /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
