import {
  coordinatorDefinitions,
  MetricSet,
  observeProcess,
  RUN_STATES,
  type MeteredRunState,
  type Refusal,
} from '@rocinante/metrics';
import { DOCTOR_POOL } from '../doctor/coordinator-probe.js';
import { freeBytes } from '../run/disk-space.js';
import type { SessionObserver } from '../service/training-service.js';
import { RunMetrics, type MeteredRun } from './run-metrics.js';

/** States that a run does not leave by itself: they are told of it for a while, and not for ever. */
const ENDED_STATES: readonly MeteredRunState[] = ['stopped', 'done', 'failed'];

/** For how long a run's series are served after its end: its last values are scraped, and labels do not grow for ever. */
const ENDED_RUN_KEPT_MS = 120_000;

/** Of how many failed runs it is told when they failed. */
const FAILED_RUNS_MAX = 20;

/** For how long a lost worker is told of that does not come back, and of how many at most: workers choose their names. */
const LOST_WORKER_KEPT_MS = 24 * 3_600_000;
const LOST_WORKERS_MAX = 1_024;

/** A run that the coordinator holds, active or not. */
export interface HeldRun {
  readonly id: string;
  readonly name: string;
  readonly pool: string;
  readonly state: MeteredRunState;
  /** RFC 3339; null for one that has not ended. */
  readonly endedAt: string | null;
  /** To its last step; null where that is not known, and for one that is not running. */
  readonly secondsLeft: number | null;
}

interface LostLabels {
  readonly pool: string;
  readonly worker: string;
}

/** A worker's session, as far as it is told of. */
interface OfSession {
  readonly pool: string;
  readonly name: string;
}

export interface CoordinatorMetricsParts {
  /** The release. */
  readonly version: string;
  /** Where runs are kept: the disk whose room is told. */
  readonly dataDirectory: string;
  /** Bytes moved by gRPC since the process began. */
  readonly traffic: () => { readonly bytesSent: number; readonly bytesReceived: number };
  /** Each run that the coordinator holds. */
  readonly runs: () => Iterable<HeldRun>;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
}

/**
 * A coordinator's metrics: told what happens, measured at each scrape. It is an observer of sessions;
 * what happens in a run goes to the RunMetrics that `begin` gives.
 */
export class CoordinatorMetrics implements SessionObserver {
  readonly #set = new MetricSet(coordinatorDefinitions);
  readonly #parts: CoordinatorMetricsParts;
  /** By id: runs with series, and when their series are to be removed; null while they are active. */
  readonly #runs = new Map<string, { readonly metrics: RunMetrics; removeAt: number | null }>();
  readonly #workersByPool = new Map<string, number>([['default', 0]]);
  /** Live sessions by pool and name: a worker may dial anew before its old session is known to be lost. */
  readonly #sessionsByName = new Map<string, number>();
  /** Workers that were lost and are not back, in the order of their loss. */
  readonly #lostWorkers = new Map<string, { readonly labels: LostLabels; readonly removeAt: number }>();
  readonly #counted = { bytesSent: 0, bytesReceived: 0 };

  constructor(parts: CoordinatorMetricsParts) {
    this.#parts = parts;
    observeProcess(this.#set, parts.version);
    this.#set.beforeScrape(() => this.#measure());
    this.#set.metrics.liveWorkers.set({ pool: 'default' }, 0);
    this.#set.metrics.certificateExpiry.set(NaN);
  }

  get contentType(): string {
    return this.#set.contentType;
  }

  /** Everything in Prometheus's text format. */
  text(): Promise<string> {
    return this.#set.text();
  }

  /** A run becomes active: series that it has from before, within two minutes, begin anew. */
  begin(run: MeteredRun): RunMetrics {
    this.#runs.get(run.id)?.metrics.remove();
    this.#removeEnded();
    const metrics = new RunMetrics(this.#set, run, this.#parts.now);
    this.#runs.set(run.id, { metrics, removeAt: null });
    return metrics;
  }

  /** A run is active no more, however that came. */
  end(run: string): void {
    const found = this.#runs.get(run);
    if (found) found.removeAt = this.#parts.now() + ENDED_RUN_KEPT_MS;
  }

  /** What an active run is bound by, as RunMetrics says it; empty for any other. */
  boundBy(run: string): string {
    return this.#runs.get(run)?.metrics.boundBy ?? '';
  }

  /** Where the time of a run's last steps went, as RunMetrics says it; null for one that is not active. */
  stepPhases(run: string): RunMetrics['stepPhases'] {
    const found = this.#runs.get(run);
    return found?.removeAt === null ? found.metrics.stepPhases : null;
  }

  opened({ pool, name }: OfSession): void {
    this.#countWorkers(pool, 1);
    const key = nameKey(pool, name);
    this.#sessionsByName.set(key, (this.#sessionsByName.get(key) ?? 0) + 1);
    this.#forgetLost(key);
  }

  /** @param lost whether that was no decision of the worker's. */
  closed({ pool, name: worker }: OfSession, _reason: string, lost: boolean): void {
    this.#countWorkers(pool, -1);
    const key = nameKey(pool, worker);
    const live = (this.#sessionsByName.get(key) ?? 0) - 1;
    if (live > 0) this.#sessionsByName.set(key, live);
    else this.#sessionsByName.delete(key);
    if (!lost) return;
    this.#set.metrics.lostWorkers.inc();
    // Where another session of the name goes on, it is back; and nobody waits for a doctor's visit.
    if (live > 0 || pool === DOCTOR_POOL) return;
    this.#forgetLost(key);
    this.#lostWorkers.set(key, {
      labels: { pool, worker },
      removeAt: this.#parts.now() + LOST_WORKER_KEPT_MS,
    });
    this.#set.metrics.workerLost.set({ pool, worker }, 1);
    const [first] = this.#lostWorkers.keys();
    if (this.#lostWorkers.size > LOST_WORKERS_MAX) this.#forgetLost(first);
  }

  /** A connection or call was refused, or a session dropped, by the code of the reason. */
  refused(code: Refusal): void {
    this.#set.metrics.refusedConnections.inc({ why: code });
  }

  /** Another certificate is shown from now on, which ends then. */
  certificateShown(notAfter: Date): void {
    this.#set.metrics.certificateExpiry.set(notAfter.getTime() / 1000);
  }

  /** A pool's series goes with its last worker, since workers choose their pools' names. */
  #countWorkers(pool: string, change: number): void {
    const live = (this.#workersByPool.get(pool) ?? 0) + change;
    if (live > 0 || pool === 'default') {
      this.#workersByPool.set(pool, live);
      this.#set.metrics.liveWorkers.set({ pool }, live);
    } else {
      this.#workersByPool.delete(pool);
      this.#set.metrics.liveWorkers.remove({ pool });
    }
  }

  #forgetLost(key: string): void {
    const found = this.#lostWorkers.get(key);
    if (!found) return;
    this.#set.metrics.workerLost.remove(found.labels);
    this.#lostWorkers.delete(key);
  }

  async #measure(): Promise<void> {
    this.#removeEnded();
    for (const [key, { removeAt }] of this.#lostWorkers) {
      if (this.#parts.now() >= removeAt) this.#forgetLost(key);
    }
    for (const { metrics } of this.#runs.values()) metrics.measure();
    const { metrics } = this.#set;
    const { bytesSent, bytesReceived } = this.#parts.traffic();
    metrics.sentBytes.inc(bytesSent - this.#counted.bytesSent);
    metrics.receivedBytes.inc(bytesReceived - this.#counted.bytesReceived);
    Object.assign(this.#counted, { bytesSent, bytesReceived });
    this.#showHeld([...this.#parts.runs()]);
    // Where nobody can say, there is no number.
    metrics.diskFree.set(await freeBytes(this.#parts.dataDirectory).catch(() => NaN));
  }

  /** What runs are, and their states: they change by themselves, so that it is all told anew at each scrape. */
  #showHeld(held: readonly HeldRun[]): void {
    const { remaining, runs, runFailedAt, runInfo, runState } = this.#set.metrics;
    for (const state of RUN_STATES) {
      runs.set({ state }, held.filter((other) => other.state === state).length);
    }
    runInfo.reset();
    runState.reset();
    remaining.reset();
    for (const { id: run, name, pool, state, secondsLeft } of held) {
      if (ENDED_STATES.includes(state) && !this.#runs.has(run)) continue;
      runInfo.set({ run, name, pool }, 1);
      runState.set({ run, state }, 1);
      if (secondsLeft !== null) remaining.set({ run }, secondsLeft);
    }
    runFailedAt.reset();
    const failed = held
      .filter(({ state, endedAt }) => state === 'failed' && endedAt !== null)
      .sort((a, b) => b.endedAt!.localeCompare(a.endedAt!));
    for (const { id: run, name, pool, endedAt } of failed.slice(0, FAILED_RUNS_MAX)) {
      runFailedAt.set({ run, name, pool }, Date.parse(endedAt!) / 1000);
    }
  }

  #removeEnded(): void {
    const now = this.#parts.now();
    for (const [id, { metrics, removeAt }] of this.#runs) {
      if (removeAt === null || now < removeAt) continue;
      metrics.remove();
      this.#runs.delete(id);
    }
  }
}

function nameKey(pool: string, worker: string): string {
  return JSON.stringify([pool, worker]);
}
