import { systemTrouble } from '@rocinante/base';
import type { Logger } from '@rocinante/log';
import { END_LOST_WAIT_MS, END_WAIT_MS, STOP_WAIT_MS } from '@rocinante/store';
import type { RunOutcome } from '@rocinante/training';
import type { Traffic } from '@rocinante/wire';
import { entryText } from '../display/entry-text.js';
import { isExpected, RunFailedError } from '../errors.js';
import type { RunLogEntry, StartCause } from '../run/log/log-entries.js';
import type { PreparedRun } from '../run/prepared-run.js';
import { RunDirectory } from '../run/run-directory.js';
import { RunExecution } from '../run/run-execution.js';
import type { RunPlace } from '../run/run-place.js';
import type { RunObserver } from '../run/run-observer.js';
import type { TrainingService } from '../service/training-service.js';
import type { ContentStore } from './content-store.js';
import { contentsOf, placeOfRun, type DaemonStore } from './daemon-store.js';
import type { EntryHub } from './entry-hub.js';
import { logBytes, parametersReckoned } from '../run/disk-space.js';
import { waitForRoom } from './room-wait.js';
import { RunLog } from './run-log.js';
import { prepareStoredRun } from './run-preparation.js';
import type { RunStore, StoredRun } from './run-store.js';
import type { StoreRemainders } from './store-remainders.js';
import { WorkerTime } from './worker-time.js';

/** How often an active run's record says how far it is. */
const RECORD_INTERVAL_MS = 5_000;
/** An activation of so long is none that brings the coordinator down as it begins: it may wait for workers. */
const SETTLED_SECONDS = 600;

/** What a record says once an activation has not brought the coordinator down. */
const SETTLED = { unfinishedActivations: 0 } as const;

export interface ActiveRunParts {
  readonly store: RunStore;
  readonly contents: ContentStore;
  readonly service: TrainingService;
  readonly hub: EntryHub;
  readonly logger: Logger;
  /** Where runs are kept beside the data directory; null for nowhere. */
  readonly outside: DaemonStore | null;
  /** Who brings what ended runs have into it; null without one. */
  readonly remainders: StoreRemainders | null;
  /** Who else is told of what happens in a run. */
  readonly observers: (id: string, prepared: PreparedRun) => readonly RunObserver[];
  /** A run is active no more. */
  readonly ended: (id: string) => void;
}

/** Why an active run ends: on request it is stopped, and with the daemon it goes on when that comes back. */
interface Stop {
  readonly reason: string;
  readonly goesOnLater: boolean;
}

/** How an activation came to its end. */
interface ActivationEnd {
  readonly outcome: Exclude<RunOutcome, 'diverged'>;
  readonly reason: string;
}

/** One run of a daemon while it is active: prepared, executed, and its record kept true. */
export class ActiveRun {
  readonly id: string;
  /** Told once when it is seen that this activation does not bring the coordinator down as it begins, or when it ends. */
  onSettled: () => void = () => {};
  #toldSettled = false;
  readonly #parts: ActiveRunParts;
  readonly #startedAt = performance.now();
  readonly #before: StoredRun;
  readonly #cause: StartCause;
  readonly #workers = new WorkerTime(() => performance.now());
  /** Ends the preparation, which takes minutes for a long text. */
  readonly #preparation = new AbortController();
  #execution: RunExecution | null = null;
  #place: RunPlace | null = null;
  #isHurried = false;
  /** Why it is not prepared yet: the disk has no room. */
  #heldReason: string | null = null;
  #stop: Stop | null = null;

  /** @param cause why it is activated. */
  constructor(run: StoredRun, cause: StartCause, parts: ActiveRunParts) {
    this.id = run.id;
    this.#before = run;
    this.#cause = cause;
    this.#parts = parts;
  }

  /** Null while the text is encoded and the checkpoint read. */
  get execution(): RunExecution | null {
    return this.#execution;
  }

  /** Why no step is issued: the disk is nearly full. Null where it is not. */
  get heldReason(): string | null {
    return this.#heldReason ?? this.#execution?.heldReason ?? null;
  }

  get #isSettled(): boolean {
    return performance.now() - this.#startedAt >= SETTLED_SECONDS * 1000;
  }

  get stopping(): boolean {
    return this.#stop !== null;
  }

  get activeSeconds(): number {
    return this.#before.activeSeconds + (performance.now() - this.#startedAt) / 1000;
  }

  get workerSeconds(): number {
    return this.#before.workerSeconds + this.#workers.seconds;
  }

  /** The coordinator's with the run's workers, earlier activations included. */
  get traffic(): Traffic {
    const { bytesSent, bytesReceived } = this.#before;
    return this.#execution?.traffic ?? { bytesSent, bytesReceived };
  }

  /**
   * Ends the run at its step's end, with a checkpoint; while it is prepared, at once. The first request counts, but for an
   * operator's that comes while the daemon ends: then the run does not go on later.
   */
  stop(reason: string, { goesOnLater = false } = {}): void {
    if (goesOnLater) this.#hurry();
    if (this.#stop !== null && (goesOnLater || !this.#stop.goesOnLater)) return;
    this.#stop = { reason, goesOnLater };
    // On the disk too: a kill before the run has ended does not forget an operator's order.
    if (!goesOnLater) this.#update({ reason });
    this.#preparation.abort(new RunFailedError('it was stopped while it was prepared'));
    this.#execution?.stop(reason);
  }

  /** Gives up the step in progress, so that a run that is stopping ends now. */
  stopNow(): void {
    this.#execution?.stopNow();
  }

  /** Runs to the run's end, which the record tells. It throws for a programmer's error only. */
  async run(): Promise<void> {
    const { hub, logger, ended } = this.#parts;
    const { startedAt, unfinishedActivations } = this.#before;
    this.#update({
      state: 'active',
      reason: '',
      startedAt: startedAt ?? now(),
      endedAt: null,
      unfinishedActivations: unfinishedActivations + 1,
    });
    const timer = setInterval(() => this.#update(this.#isSettled ? SETTLED : {}), RECORD_INTERVAL_MS);
    try {
      // On the disk before there is work that may end the process; where the disk is too full, the run is held.
      await this.#parts.store.written();
      const { outcome, reason } = await this.#toEnd();
      // One that is held, since the disk is full, may find no room for the checkpoint that ends it either.
      const isWhole = outcome === 'stopped' || (outcome === 'failed' && this.heldReason !== null);
      const goesOn = isWhole && this.#stop?.goesOnLater === true;
      this.#update({ ...SETTLED, ...(!goesOn && { state: outcome, reason, endedAt: now() }) });
      logger[outcome === 'failed' ? 'error' : 'info']({ run: this.id, outcome }, reason);
    } finally {
      clearInterval(timer);
      ended(this.id);
      hub.end(this.id);
    }
  }

  /** In place of `run`: it is activated no more, and whoever hears of an activation's end hears of this. */
  giveUp(reason: string): void {
    const { hub, logger, ended } = this.#parts;
    const { step } = this.#before;
    const end = { outcome: 'failed', reason } as const;
    this.#update({ ...SETTLED, state: end.outcome, reason, endedAt: now() });
    logger.error({ run: this.id, step, outcome: end.outcome }, reason);
    try {
      const log = this.#openLog();
      this.#tell(log, { time: now(), event: 'finished', atStep: step, ...end });
      log.close();
    } catch (error) {
      // A run whose log cannot be opened has failed too.
      if (!isExpected(error)) throw error;
    }
    ended(this.id);
    hub.end(this.id);
  }

  /** @returns how it ended, where that was a failure of the world's too. */
  async #toEnd(): Promise<ActivationEnd> {
    try {
      const log = this.#openLog();
      try {
        return await this.#execute(log);
      } catch (error) {
        if (!isExpected(error)) throw error;
        return this.#unexecuted(log, error);
      } finally {
        log.close();
      }
    } catch (error) {
      if (!isExpected(error)) throw error;
      return { outcome: 'failed', reason: error.message };
    }
  }

  #openLog(): RunLog {
    const { store, logger, hub } = this.#parts;
    const log = new RunLog(this.id, store.directory(this.id), (error) =>
      logger.warn(
        { run: this.id },
        `lines of its log cannot be written, and are lost: ${systemTrouble(error)}`,
      ),
    );
    log.onLine = (line) => hub.publishLine(this.id, line);
    return log;
  }

  async #execute(log: RunLog): Promise<ActivationEnd> {
    const { store, contents, service, observers } = this.#parts;
    const { config, pool, activeSeconds } = this.#before;
    const directory = new RunDirectory(store.directory(this.id));
    const { signal } = this.#preparation;
    try {
      await waitForRoom({
        path: directory.path,
        parameterCount: parametersReckoned(config),
        logBytes: logBytes(directory.eventsPath),
        signal,
        held: (reason) => this.#held(log, reason),
        released: () => this.#held(log, null),
      });
      const { prepared, initial } = await prepareStoredRun(
        this.#before,
        directory,
        contents,
        signal,
        (kept) => this.#update({ config: { ...config, ...kept }, stepsTotal: kept.steps }),
      );
      // One that was asked to stop meanwhile ends as any other that is prepared no further.
      signal.throwIfAborted();
      // From here on the weights that it had are an earlier end's.
      this.#update({ stepsTotal: prepared.shape.stepsTotal, weightsSha256: null });
      await this.#parts.remainders?.leave(this.id);
      signal.throwIfAborted();
      const place = placeOfRun(this.#parts.outside, this.id, directory.path);
      place?.take(prepared, contentsOf(this.#before, contents));
      this.#place = place;
      let isDone = false;
      try {
        const told = observers(this.id, prepared);
        const begunAt = prepared.loaded?.progress.step ?? 0;
        this.#execution = new RunExecution(prepared, {
          name: this.id,
          service,
          pool,
          initialParameters: initial?.parameters ?? null,
          cause: this.#cause,
          activeSeconds,
          trafficBefore: this.traffic,
          placeOption: '--data',
          ledger: true,
          goesBack: true,
          sample: true,
          observers: [
            this.#workers,
            log,
            ...told,
            ...(place ? [place] : []),
            // After a kill the run goes on from here, and its record has counted all that led here.
            { checkpointSaved: ({ step }) => this.#update(step > begunAt ? SETTLED : {}) },
          ],
          onEntry: (entry) => this.#tell(log, entry),
        });
        const execution = this.#execution;
        place?.begin({ config, progress: () => execution.progress }, [execution.log, ...told]);
        const end = await execution.run();
        isDone = end.outcome === 'done';
        return end;
      } finally {
        await this.#finishPlace(log, isDone);
      }
    } finally {
      directory.release();
    }
  }

  /** The daemon ends, and waits for no store that is slow. */
  #hurry(): void {
    this.#isHurried = true;
    this.#place?.hurry(STOP_WAIT_MS);
  }

  /** Waits, within limits, until all of the run is in its store, and says what is not. */
  async #finishPlace(log: RunLog, weights: boolean): Promise<void> {
    const [waitMs, lostWaitMs] = this.#isHurried
      ? [STOP_WAIT_MS, STOP_WAIT_MS]
      : [END_WAIT_MS, END_LOST_WAIT_MS];
    const end = (await this.#place?.finish({ weights, waitMs, lostWaitMs })) ?? null;
    if (end === null) return;
    if (!end.isWhole) this.#parts.remainders?.keep(this.id);
    const { line } = end;
    if (line === null) return;
    const { step } = this.#execution?.progress ?? this.#before;
    this.#tell(log, { time: now(), event: 'notice', atStep: step, message: line });
    this.#parts.logger.warn({ run: this.id, step }, line);
  }

  /** The end of a run that never came to be executed, or whose execution failed: that one has said so itself. */
  #unexecuted(log: RunLog, error: Error): ActivationEnd {
    if (this.#execution !== null) return { outcome: 'failed', reason: error.message };
    const { step } = this.#before;
    const end: ActivationEnd = this.#stop
      ? { outcome: 'stopped', reason: `stopped after step ${step}: ${this.#stop.reason}` }
      : { outcome: 'failed', reason: error.message };
    this.#tell(log, { time: now(), event: 'finished', atStep: step, ...end });
    return end;
  }

  /** @param reason null where the disk has room again. */
  #held(log: RunLog, reason: string | null): void {
    this.#heldReason = reason;
    const at = { time: now(), atStep: this.#before.step };
    this.#tell(log, reason === null ? { ...at, event: 'released' } : { ...at, event: 'held', reason });
  }

  /** Tells what happens in the run to whoever follows it, and the daemon's own log of what its operator should know. */
  #tell(log: RunLog, entry: RunLogEntry): void {
    log.entry(entry);
    this.#parts.hub.publish(this.id, entry);
    const run = this.id;
    const { logger } = this.#parts;
    if (entry.event === 'started') {
      const { cause, atStep, checkpoint } = entry;
      logger.info(
        { run, step: atStep, cause, checkpoint },
        checkpoint === null ? 'run begins' : 'run goes on',
      );
    } else if (entry.event === 'held') {
      logger.warn({ run, step: entry.atStep }, `run held: ${entry.reason}`);
    } else if (entry.event === 'store-lost' || entry.event === 'store-back') {
      logger.warn({ run, step: entry.atStep }, entryText(entry));
    } else if (entry.event === 'worker-parked' || entry.event === 'not-exact') {
      logger.warn({ run, step: entry.atStep }, entry.message);
    } else if (entry.event === 'went-back') {
      logger.warn({ run, step: entry.atStep }, entryText(entry));
    } else if (entry.event === 'set-aside') {
      logger.warn({ run, step: entry.atStep }, `worker ${entry.worker} ${entryText(entry)}`);
    } else if (entry.event === 'released') {
      logger.info({ run, step: entry.atStep }, 'run no longer held');
    }
  }

  /** Keeps the record true: how far the run is, and these changes. */
  #update(changes: Partial<Omit<StoredRun, 'version' | 'id'>>): void {
    const { activeSeconds, workerSeconds } = this;
    const counted = { activeSeconds, workerSeconds, ...this.traffic };
    const { unfinishedActivations } = this.#parts.store.update(this.id, {
      ...{ ...counted, ...this.#position() },
      ...changes,
    });
    if (unfinishedActivations > 0 || this.#toldSettled) return;
    this.#toldSettled = true;
    this.onSettled();
  }

  #position(): Partial<StoredRun> {
    const execution = this.#execution;
    if (execution === null) return {};
    const { step, lastLoss, history } = execution.progress;
    return {
      step,
      epoch: execution.epoch,
      loss: finite(execution.loss),
      lastStepLoss: finite(lastLoss),
      validationLoss: finite(history.at(-1)?.validationLoss ?? null),
      windowsPerSecond: execution.windowsPerSecond,
      weightsSha256: execution.summary?.weightsSha256 ?? null,
    };
  }
}

/** What a record holds of a loss: null for one that is no number any more. */
function finite(loss: number | null): number | null {
  return loss !== null && Number.isFinite(loss) ? loss : null;
}

function now(): string {
  return new Date().toISOString();
}
