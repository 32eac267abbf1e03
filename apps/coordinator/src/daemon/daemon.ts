import { HealthImplementation } from 'grpc-health-check';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { oneLine, systemTrouble } from '@rocinante/base';
import { anyGuard, serveHttp, tokenGuard, type Guard, type HttpServer, type Routes } from '@rocinante/http';
import { createLogger, type Logger, type LogLevel } from '@rocinante/log';
import {
  healthRoutes,
  workerRoutes,
  type DiscoveredWorker,
  type MeteredRunState,
  type Refusal,
} from '@rocinante/metrics';
import { listen, serverTraffic, type ListeningServer } from '@rocinante/wire';
import { DOCTOR_POOL } from '../doctor/coordinator-probe.js';
import { isExpected } from '../errors.js';
import { CoordinatorMetrics, type HeldRun } from '../metrics/coordinator-metrics.js';
import { DaemonNotifier } from '../notify/daemon-notifier.js';
import type { NotifyTarget } from '../notify/notify-target.js';
import { Page } from '../page/page.js';
import { WorkerPhases } from '../page/worker-phases.js';
import type { Session } from '../service/session.js';
import { TrainingService } from '../service/training-service.js';
import { VERSION } from '../version.js';
import type { ActiveRun } from './active-run.js';
import { AuditLog, clientField } from './audit-log.js';
import { ContentStore } from './content-store.js';
import { DaemonSecurity, type SecurityOptions } from './daemon-security.js';
import { bringRuns, probe, type DaemonStore } from './daemon-store.js';
import { EntryHub } from './entry-hub.js';
import { RefusalLog } from './refusal-log.js';
import { secondsLeftOf, stateOf } from './run-report.js';
import { observersOf } from './run-observers.js';
import { RunStore, type StoredRun } from './run-store.js';
import { removeUnused } from './unused-folder.js';
import { RunsService } from './runs-service.js';
import { StoreRemainders } from './store-remainders.js';
import { Scheduler } from './scheduler.js';

/** How often contents that no run names are looked for. */
const COLLECT_INTERVAL_MS = 3_600_000;

/** Characters of a refusal in the log: what was refused is others' words. */
const REFUSAL_LENGTH_MAX = 500;

/** The services that grpc.health.v1 is asked about; the empty name is the whole server. */
const HEALTH_NAMES = ['', 'rocinante.training.v1.Training', 'rocinante.training.v1.Runs'];

export interface DaemonOptions extends SecurityOptions {
  /** `host:port` for workers and operators. */
  readonly listen: string;
  /** `host:port` for Prometheus, probes and people. */
  readonly http: string;
  /** `host:port` at which others reach `http`; null for the name by which they ask. */
  readonly advertise: string | null;
  /** The directory of runs, texts and weights. */
  readonly data: string;
  /** Who is told what happens to runs; null or absent for nobody. */
  readonly notify?: NotifyTarget | null;
  /** Where runs are kept beside the directory; null for nowhere. */
  readonly store?: DaemonStore | null;
  /** The folder of event files for TensorBoard, a folder in it for each run; null for none. */
  readonly tensorboard?: string | null;
  readonly logLevel: LogLevel;
}

/**
 * A coordinator as a daemon: it holds many runs, works on one at a time for each pool of workers, and answers operators,
 * workers and Prometheus until it is stopped.
 */
export class Daemon {
  readonly #logger: Logger;
  readonly #store: RunStore;
  readonly #contents: ContentStore;
  readonly #scheduler: Scheduler;
  readonly #remainders: StoreRemainders | null;
  readonly #service: TrainingService;
  readonly #metrics: CoordinatorMetrics;
  readonly #security: DaemonSecurity;
  readonly #audit: AuditLog;
  readonly #refusalRecord: AuditLog;
  readonly #refusals = new RefusalLog(
    (code, message, client) => {
      this.#logger.warn({ code, ...clientField(client) }, `refused: ${message}`);
      this.#refusalRecord.refused(code, message, client);
    },
    () => performance.now(),
  );
  readonly #health = new HealthImplementation(statusMap('NOT_SERVING'));
  readonly #hub = new EntryHub();
  readonly #runs: RunsService;
  readonly #notifier: DaemonNotifier | null;
  readonly #page: Page;
  #server: ListeningServer | null = null;
  #http: HttpServer | null = null;
  #routes: Routes = new Map();
  #collector: NodeJS.Timeout | null = null;
  #stopReloading: () => void = () => undefined;
  readonly #onFatal: (error: unknown) => void;
  #ending = false;

  private constructor(
    options: DaemonOptions,
    security: DaemonSecurity,
    store: RunStore,
    contents: ContentStore,
    onFatal: (error: unknown) => void,
  ) {
    this.#security = security;
    this.#onFatal = onFatal;
    this.#store = store;
    this.#contents = contents;
    this.#logger = createLogger({ level: options.logLevel });
    this.#audit = new AuditLog(join(options.data, 'audit.jsonl'), this.#logger);
    this.#refusalRecord = new AuditLog(join(options.data, 'refused.jsonl'), this.#logger);
    store.onWriteFailure((error) => this.#logger.error(error.message));
    this.#metrics = new CoordinatorMetrics({
      version: VERSION,
      dataDirectory: options.data,
      traffic: serverTraffic,
      runs: () => this.#store.runs().map((run) => heldRun(run, this.#scheduler.active(run.id))),
      now: () => performance.now(),
    });
    this.#service = new TrainingService({
      opened: (session) => this.#opened(session),
      closed: (session, reason, lost) => this.#closed(session, reason, lost),
      refused: (code, message) => this.#refused(code, message),
      late: (session, lines) =>
        this.#logger.warn(
          { worker: session.name, lines },
          'lines of its log are not kept: they came after the end of their run',
        ),
    });
    this.#remainders = options.store
      ? new StoreRemainders({ store, contents, logger: this.#logger, outside: options.store })
      : null;
    this.#scheduler = new Scheduler(
      {
        store,
        contents,
        service: this.#service,
        hub: this.#hub,
        logger: this.#logger,
        outside: options.store ?? null,
        remainders: this.#remainders,
        observers: (id, prepared) =>
          observersOf(
            {
              metrics: this.#metrics,
              notifier: this.#notifier,
              tensorboard: options.tensorboard ? resolve(options.tensorboard) : null,
              warn: (run, message) => this.#logger.warn({ run }, message),
            },
            id,
            prepared,
          ),
        ended: (id) => {
          this.#metrics.end(id);
          this.#notifier?.ended(id);
        },
      },
      onFatal,
    );
    const parts = {
      store,
      contents,
      hub: this.#hub,
      scheduler: this.#scheduler,
      service: this.#service,
      boundBy: (run: string) => this.#metrics.boundBy(run),
      dropped: (code: Refusal, message: string, client: string | null) =>
        this.#refused(code, message, client),
    };
    this.#runs = new RunsService({ ...parts, audit: this.#audit });
    this.#page = new Page({
      ...parts,
      stepPhases: (run) => this.#metrics.stepPhases(run),
      workerPhases: new WorkerPhases(() => this.#service.sessions),
      holderOf: this.#security.holderOf,
      audit: this.#audit,
      onFatal,
      unreadable: (run, error) =>
        this.#logger.error({ run }, `its page cannot be shown: ${oneLine(systemTrouble(error))}`),
    });
    this.#notifier = options.notify ? this.#notifierTo(options.notify) : null;
  }

  /**
   * Opens the data directory, listens, and goes on with the runs that are there.
   * @param onFatal told of a programmer's error.
   * @throws {RocinanteError} an address is not allowed or taken, or the data directory cannot be used.
   */
  static async start(options: DaemonOptions, onFatal: (error: unknown) => void): Promise<Daemon> {
    const { listen: grpc, http } = options;
    const security = new DaemonSecurity(options, { '--listen': grpc, '--http': http });
    const data = resolve(options.data);
    if (options.store) await probe(options.store);
    const logger = createLogger({ level: options.logLevel });
    const isNew = !existsSync(data);
    const store = await RunStore.open(data, async (isFresh) => {
      if (!options.store || !isFresh) return;
      await bringRuns(options.store, data, (run, message) => logger.info({ run }, message));
    });
    try {
      const contents = await ContentStore.open(data);
      const daemon = new Daemon({ ...options, data }, security, store, contents, onFatal);
      await daemon.#listen(options);
      return daemon;
    } catch (error) {
      if (isNew) removeUnused(data);
      await store.close();
      throw error;
    }
  }

  /** `host:port` for workers and operators, and for HTTP. */
  get addresses(): { readonly grpc: string; readonly http: string } {
    return { grpc: this.#server!.address, http: this.#http!.address };
  }

  /** All that HTTP serves. */
  get routes(): Routes {
    return this.#routes;
  }

  /** Ends within 10 s: active runs are stopped, each with a checkpoint, and go on when the daemon is started again. */
  async stop(): Promise<void> {
    this.#ending = true;
    if (this.#collector) clearInterval(this.#collector);
    this.#stopReloading();
    for (const name of HEALTH_NAMES) this.#health.setStatus(name, 'NOT_SERVING');
    this.#logger.info(
      'stopping: active runs get a checkpoint, and go on when this coordinator is started again',
    );
    await Promise.all([this.#scheduler.end(), this.#remainders?.stop()]);
    const told = this.#notifier?.close();
    // Whoever watches a run that waits would keep the server from ending.
    this.#hub.close();
    this.#page.close();
    this.#service.close();
    await this.#server?.stop();
    await this.#http?.stop();
    await told;
    await Promise.all([this.#audit.written(), this.#refusalRecord.written()]);
    await this.#store.close();
  }

  async #listen(options: DaemonOptions): Promise<void> {
    const tls = this.#security.tls ?? undefined;
    const holderOf = this.#security.holderOf ?? undefined;
    // Whoever is known by any of these; with none, everybody may ask for everything.
    const guards: Guard[] = [
      ...(holderOf ? [tokenGuard(holderOf)] : []),
      ...(this.#page.guard ? [this.#page.guard] : []),
    ];
    this.#server = await listen(
      options.listen,
      {
        training: this.#service.handlers,
        runs: this.#runs.handlers,
        further: (server) => this.#health.addToServer(server),
        refused: (code, message, client) => this.#refused(code, message, client),
      },
      { tls, holderOf },
    );
    try {
      this.#routes = new Map([
        ...healthRoutes(this.#metrics, () => (this.#ending ? 'it is stopping' : null)),
        ...workerRoutes({
          workers: () => this.#service.sessions.map(discovered),
          now: () => performance.now(),
          advertise: options.advertise,
          contentType: this.#metrics.contentType,
        }),
        ...this.#page.routes,
      ]);
      this.#http = await serveHttp(options.http, this.#routes, {
        tls,
        guard: guards.length === 0 ? undefined : anyGuard(guards),
        // A certificate's names are nobody else's.
        ownNames: [options.http, options.advertise ?? options.http, ...(tls?.names ?? [])],
        unknown: this.#page.unknown,
        onDropped: (code, message, client) => this.#refused(code, message, client),
        onError: (error, path) => {
          this.#logger.error({ err: error, path }, 'this could not be answered');
          if (!isExpected(error)) this.#onFatal(error);
        },
      });
    } catch (error) {
      await this.#server.stop();
      throw error;
    }
    for (const name of HEALTH_NAMES) this.#health.setStatus(name, 'SERVING');
    const { grpc, http } = this.addresses;
    this.#reload();
    this.#logger.info(
      { listen: grpc, http, data: options.data, ...this.#security.summary },
      'coordinator is up',
    );
    this.#collect();
    this.#collector = setInterval(() => this.#collect(), COLLECT_INTERVAL_MS);
    this.#notifier?.start();
    this.#scheduler.start();
    this.#remainders?.start();
  }

  #notifierTo(target: NotifyTarget): DaemonNotifier {
    const { host, secret } = target;
    const unsigned = secret === null ? 'notices are not signed: give --notify-secret-file' : null;
    this.#logger.info({ notify: host }, unsigned ?? 'notices are signed');
    const store = this.#store;
    const notifier = new DaemonNotifier({
      target,
      runs: () => store.runs(),
      find: (id) => store.find(id),
      directory: (id) => store.directory(id),
      waitingReason: (id) => stateOf(store.find(id), this.#scheduler.active(id)).reason,
      warn: (line) => this.#logger.warn(line),
    });
    this.#hub.onEntry = (id, entry) => notifier.entry(id, entry);
    return notifier;
  }

  /** Certificates and tokens that change on the disk count from then on. */
  #reload(): void {
    const { tls } = this.#security;
    if (tls) this.#metrics.certificateShown(tls.notAfter);
    this.#stopReloading = this.#security.watch({
      certificate: (material) => {
        this.#server!.replaceCertificate(material);
        this.#http!.replaceCertificate(material);
        this.#metrics.certificateShown(material.notAfter);
        this.#logger.info({ notAfter: material.notAfter }, 'another certificate is shown from now on');
      },
      tokens: () => {
        this.#server!.recheck();
        this.#http!.recheck();
        this.#logger.info('the book of tokens was read again');
      },
      failed: ({ code, message }) =>
        this.#logger.error({ code }, `${message}; what was read before counts on`),
    });
  }

  #opened(session: Session): void {
    this.#metrics.opened(session);
    const { protocol, name, pool } = session;
    this.#logger[isVisit(session) ? 'debug' : 'info']({ protocol, worker: name, pool }, 'worker joined');
  }

  #closed(session: Session, reason: string, lost: boolean): void {
    this.#metrics.closed(session, reason, lost);
    this.#logger[isVisit(session) ? 'debug' : lost ? 'warn' : 'info'](
      { worker: session.name, pool: session.pool },
      lost ? `worker lost: ${reason}` : 'worker left',
    );
  }

  #refused(code: Refusal, message: string, client?: string | null): void {
    this.#metrics.refused(code);
    this.#refusals.refused(code, message.slice(0, REFUSAL_LENGTH_MAX), client);
  }

  #collect(): void {
    this.#contents
      .collect(() => this.#store.namedContents(), Date.now())
      .then(
        (bytes) => bytes > 0 && this.#logger.info({ bytes }, 'removed contents that no run names'),
        (error: Error) => this.#logger.warn(`contents that no run names were not removed: ${error.message}`),
      );
  }
}

/** Whether a worker is `doctor`, which joins for a moment to see that it could. */
function isVisit({ pool }: Session): boolean {
  return pool === DOCTOR_POOL;
}

/** A run as metrics know it, with its state as they name it: `running` for RUN_STATE_RUNNING. */
function heldRun(run: StoredRun, active: ActiveRun | undefined): HeldRun {
  const { id, name, pool, endedAt } = run;
  const { state } = stateOf(run, active);
  const metered = String(state).replace('RUN_STATE_', '').toLowerCase() as MeteredRunState;
  return { id, name, pool, state: metered, endedAt, secondsLeft: secondsLeftOf(state, active) };
}

/** A worker as Prometheus finds it: what its series are called elsewhere, too. */
function discovered({ label, pool, httpAddress, metrics }: Session): DiscoveredWorker {
  return { worker: label, pool, httpAddress, metrics };
}

function statusMap(status: 'SERVING' | 'NOT_SERVING'): Record<string, 'SERVING' | 'NOT_SERVING'> {
  return Object.fromEntries(HEALTH_NAMES.map((name) => [name, status]));
}
