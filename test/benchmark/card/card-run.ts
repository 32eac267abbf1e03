import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Daemon, until, type WorkerProcess } from '../../support/daemon.js';
import type { Precision } from '@rocinante/training';
import { batchWords, WAIT_SECONDS_MAX, type Setting } from './setting.js';
import { begun, demandTime, ended } from './what-runs.js';

/** A step's close. */
export interface Close {
  readonly step: number;
  readonly epoch: number;
  readonly loss: number;
  readonly windows: number;
  /** Milliseconds since 1970. */
  readonly time: number;
}

/** Shape and length of a run. */
export interface RunOrder {
  readonly windows: number;
  readonly microBatches: number;
  /** Null for one that does not end by itself. */
  readonly steps: number | null;
}

const ENDLESS = 1_000_000;

/** Workers that are told to end have ended by then; those of a card are ended by the command that has them. */
const END_MS_MAX = 12_000;

/** A coordinator and workers of its own on the device, over gRPC on this machine: what a run is, whoever starts it. */
export class CardRun {
  readonly #setting: Setting;
  readonly #precision: Precision;
  readonly #daemon: Daemon;
  #workers: WorkerProcess[] = [];
  #workerCount = 0;

  private constructor(setting: Setting, precision: Precision, daemon: Daemon) {
    this.#setting = setting;
    this.#precision = precision;
    this.#daemon = daemon;
  }

  static async start(setting: Setting, precision: Precision): Promise<CardRun> {
    const data = setting.workspace.in(`data-${performance.now()}`);
    let run: CardRun | undefined;
    // It has a process before it listens, which is to be ended too.
    await Daemon.start({ data }, (daemon) => begun((run = new CardRun(setting, precision, daemon))));
    return run!;
  }

  /** Starts so many workers, all on the one card, in place of those before, and waits until they have joined. */
  async work(count: number): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.stop('SIGTERM')));
    demandTime();
    const { device, threads } = this.#setting.options;
    const each = ['--device', device, '--precision', this.#precision, '--threads', String(threads)];
    // One command has all of a card's workers.
    const commands = device === 'gpu' ? 1 : count;
    const shared = device === 'gpu' ? ['--gpus', 'all', '--workers-per-gpu', String(count)] : [];
    this.#workers = Array.from({ length: commands }, (_, index) =>
      this.#daemon.worker(`rucio-${count}${index}`, [...each, ...shared]),
    );
    this.#workerCount = count;
    const joined = (): number =>
      this.#workers.flatMap(({ log }) => log.filter(({ msg }) => msg.startsWith('joined the coordinator')))
        .length;
    const isThere = (): boolean => {
      this.#demandWorkers();
      return joined() >= count;
    };
    await until(`${count} workers on the device`, isThere, this.#waitMs);
  }

  /** Queues a run; its id. */
  async begin({ windows, microBatches, steps }: RunOrder): Promise<string> {
    const { configFile } = this.#setting;
    const { id } = await this.#daemon.startRun([
      ...['--config', configFile, ...batchWords(windows, microBatches)],
      ...['--precision', this.#precision, '--steps', String(steps ?? ENDLESS), '--checkpoint', '0'],
      ...['--min-workers', String(this.#workerCount)],
    ]);
    return id;
  }

  /** Runs one to its end. @throws {Error} it did not come to it. */
  async whole(order: RunOrder): Promise<{ readonly id: string; readonly weightsSha256: string }> {
    const id = await this.begin(order);
    await this.#until(id, `${order.steps} steps`, () => this.#daemon.record(id).state === 'done');
    const { weightsSha256 } = this.#daemon.record(id);
    return { id, weightsSha256: weightsSha256 as string };
  }

  /** Waits until so many steps are closed. @throws {Error} it does not come to that. */
  async closed(id: string, count: number): Promise<void> {
    await this.#until(id, `${count} steps`, () => this.closes(id).length >= count);
  }

  closes(id: string): Close[] {
    const steps = this.#daemon.events(id).filter(({ event }) => event === 'step');
    return steps.map((step) => ({ ...(step as unknown as Close), time: Date.parse(step.time as string) }));
  }

  /** How many micro-batches, or shares of them, each worker computed, by the ledger. */
  shares(id: string): Map<string, number> {
    const path = join(this.#daemon.data, 'runs', id, 'ledger.jsonl');
    const shares = new Map<string, number>();
    for (const line of readFileSync(path, 'utf8').split('\n').slice(0, -1)) {
      const { kind, computed } = JSON.parse(line) as { kind: string; computed?: { worker: string }[] };
      if (kind !== 'step') continue;
      for (const { worker } of computed!) shares.set(worker, (shares.get(worker) ?? 0) + 1);
    }
    return shares;
  }

  async stop(id: string): Promise<void> {
    await this.#daemon.json(['run', 'stop', id]);
    await this.#daemon.over(id);
  }

  /** Waits for something of a run; where it does not come, the run is stopped, since the next one waits for its end. */
  async #until(id: string, what: string, isSo: () => boolean): Promise<void> {
    const isSoYet = (): boolean => {
      const { state, reason } = this.#daemon.record(id);
      if (state === 'failed' || state === 'stopped') throw new Error(`the run ${state}: ${String(reason)}`);
      this.#demandWorkers();
      // It would be waited for in vain: its joining proof is another one.
      const parked = this.#daemon.events(id).find(({ event }) => event === 'worker-parked');
      if (parked !== undefined) throw new Error(String(parked.message));
      return isSo();
    };
    try {
      await until(what, isSoYet, this.#waitMs);
    } catch (error) {
      demandTime();
      await this.#daemon.command(['run', 'stop', id]);
      const complaint = this.#workers
        .flatMap(({ log }) => log)
        .findLast(({ level }) => level === 'warn' || level === 'error');
      const said = complaint === undefined ? '' : `; a worker said: ${complaint.msg}`;
      throw new Error((error as Error).message + said, { cause: error });
    }
  }

  get #waitMs(): number {
    return WAIT_SECONDS_MAX[this.#setting.options.device] * 1000;
  }

  /** @throws {Error} a worker has ended. */
  #demandWorkers(): void {
    const gone = this.#workers.find(
      ({ process }) => process.exitCode !== null || process.signalCode !== null,
    );
    if (gone !== undefined) throw new Error(`a worker ended: ${gone.log.at(-1)?.msg ?? 'without a word'}`);
  }

  async end(): Promise<void> {
    ended(this);
    const limit = new Promise((resolve) => setTimeout(resolve, END_MS_MAX).unref());
    await Promise.race([Promise.all(this.#workers.map((worker) => worker.stop('SIGTERM'))), limit]);
    await this.#daemon.end();
  }
}
