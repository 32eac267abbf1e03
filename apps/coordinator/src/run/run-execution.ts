import { goesBack, noProgress, type RunOutcome, type RunProgress, type RunView } from '@rocinante/training';
import type { Traffic } from '@rocinante/wire';
import { Pace } from '../display/pace.js';
import { Rate } from '../display/rate.js';
import { DivergedError } from '../errors.js';
import type { Session } from '../service/session.js';
import { tellBeginning } from './beginning.js';
import { divergedForGood, goBack, returnOf } from './checkpoints/rollback.js';
import { parametersReckoned } from './disk-space.js';
import type { Exactness } from './exactness.js';
import type { ExecutionOptions } from './execution-options.js';
import { HeldByDisk } from './held-by-disk.js';
import { keepWords } from './kept-words.js';
import { LedgerKeeper, ledgerPath } from './ledger/ledger-keeper.js';
import { LimitsWatch } from './limits-watch.js';
import { epochLoss, epochsBegun } from './log/epoch-loss.js';
import { EventLog } from './log/event-log.js';
import { added, PoolTraffic } from './pool-traffic.js';
import type { PreparedRun } from './prepared-run.js';
import { tellSample, tellSummary, writeFinalWeights, type RunSummary } from './run-outcome.js';
import { tellAll } from './run-observer.js';
import { Shares } from './shares.js';
import { NOTHING_BEFORE, TrainingRun, type RunEnd } from './training-run.js';
import { waitingReason, WaitingNotice } from './waiting-reason.js';

/**
 * One activation of a run: from its prepared state to its end, with its event log, its limits, and its final weights.
 * `train` has one of them, a daemon one after another.
 */
export class RunExecution {
  readonly log: EventLog;
  readonly #options: ExecutionOptions;
  readonly #traffic: PoolTraffic;
  /** These are others once the run went back. */
  #prepared: PreparedRun;
  #ledger: LedgerKeeper | null;
  #run: TrainingRun;
  readonly #rate = new Rate();
  readonly #pace = new Pace();
  readonly #startedAt = performance.now();
  readonly #watch: LimitsWatch;
  readonly #disk: HeldByDisk;
  readonly #shares = new Shares();
  #summary: RunSummary | null = null;
  /** Whether the run has begun: not yet while its ledger is opened, and not while it goes back. */
  #hasBegun = false;
  /** The newest checkpoint's name; null before the first. */
  #checkpoint: string | null;
  /** What ends the run from outside, also where it has not begun meanwhile. */
  #stopReason: string | null = null;
  #aborted: Error | null = null;
  /** What the state machine said of the run's end; null before. */
  #outcome: RunOutcome | null = null;

  constructor(prepared: PreparedRun, options: ExecutionOptions) {
    const { config, corpus, directory, loaded, limits } = prepared;
    const { service, pool, placeOption } = options;
    const parameterCount = parametersReckoned(config, corpus.vocabulary.size);
    this.#prepared = prepared;
    this.#options = options;
    this.#checkpoint = loaded?.name ?? null;
    const { step, rollbacks } = loaded?.progress ?? noProgress;
    this.log = new EventLog(directory.eventsPath, step, rollbacks.length);
    this.log.onEntry = (entry) => {
      this.#rate.entry(entry);
      this.#pace.entry(entry);
      options.onEntry(entry);
    };
    this.#traffic = new PoolTraffic(() => service.pool(pool)?.sessions ?? []);
    const waiting = new WaitingNotice(this);
    this.#watch = new LimitsWatch({
      // It is another run after it went back; what ends one must outlast that.
      run: {
        stop: (reason) => this.stop(reason),
        abort: (error) => this.abort(error),
        // One that has not begun, or goes back, is held as it begins.
        hold: (reason) => this.#hasBegun && this.#run.hold(reason),
        release: () => this.#run.release(),
      },
      path: directory.path,
      parameterCount,
      placeOption,
      maxHours: limits.maxHours,
      activeSeconds: () => options.activeSeconds + this.seconds,
      alsoLook: () => this.#notice(waiting.look()),
      noticed: (message) => this.log.noticed(message),
      flush: () => (this.#ledger?.flush() ?? this.log.flush())?.message ?? null,
    });
    this.#disk = new HeldByDisk({ watch: this.#watch, parameterCount, abort: (error) => this.abort(error) });
    this.#disk.follow(directory.eventsPath, this.log);
    [this.#ledger, this.#run] = this.#newRun();
  }

  #newRun(before = NOTHING_BEFORE): [LedgerKeeper | null, TrainingRun] {
    const prepared = this.#prepared;
    const { service, name, pool, initialParameters, observers } = this.#options;
    const ledger = this.#options.ledger ? new LedgerKeeper(prepared) : null;
    const path = ledgerPath(prepared.directory.path);
    if (ledger !== null) this.#disk.follow(path, ledger);
    const run = new TrainingRun({
      ...prepared,
      ...before,
      id: name,
      initialParameters,
      exact: prepared.limits.exact,
      pool: () => service.poolFor(pool),
      numbers: service.takeNumbers(),
      ledger,
      room: this.#disk.saveRoom(prepared.directory.checkpointsPath, path),
      observers: [
        this.log,
        ...(ledger === null ? [] : [ledger]),
        this.#shares,
        this.#traffic,
        ...observers,
        {
          checkpointSaved: ({ name }) => void (this.#checkpoint = name),
          finished: (outcome) => (this.#outcome = outcome),
        },
      ],
    });
    return [ledger, run];
  }

  get progress(): RunProgress {
    return this.#run.progress;
  }

  get view(): RunView {
    return this.#run.view;
  }

  /** Epochs begun. */
  get epoch(): number {
    return epochsBegun(this.#prepared.shape, this.progress);
  }

  /** Mean training loss of the epoch so far, in nats; null before the first step. */
  get loss(): number | null {
    return epochLoss(this.progress);
  }

  get windowsPerSecond(): number | null {
    return this.#rate.windowsPerSecond;
  }

  /** To the last step, by the pace of the last minutes; null before it is known. */
  get secondsLeft(): number | null {
    const { secondsAStep } = this.#pace;
    const left = this.#prepared.shape.stepsTotal - this.progress.step;
    return secondsAStep === null ? null : left * secondsAStep;
  }

  /** Micro-batches of the last closed step, by who computed them: a worker's id in the state machine. */
  get shares(): ReadonlyMap<string, number> {
    return this.#shares.last;
  }

  get exactness(): Exactness {
    return this.#run.exactness;
  }

  /** The pool's workers that are given no work for this run: those that prepare it, are parked, or cannot work for it. */
  get idleWorkers(): readonly Session[] {
    return this.#run.idleWorkers;
  }

  /** What the run waits for, where it waits. */
  get waitingReason(): string {
    return waitingReason(this.view.workers.length, this.#prepared.limits.minWorkers, this.idleWorkers);
  }

  /** Why no step is issued; null where steps are. */
  get heldReason(): string | null {
    return this.#watch.heldReason;
  }

  /** The coordinator's traffic with the run's workers, earlier activations included. */
  get traffic(): Traffic {
    return added(this.#options.trafficBefore, this.#traffic.sum);
  }

  /** Of this activation. */
  get seconds(): number {
    return (performance.now() - this.#startedAt) / 1000;
  }

  /** Of a run that is done; null before. */
  get summary(): RunSummary | null {
    return this.#summary;
  }

  /** The checkpoint to go on from, by its name: the newest; null before the first. */
  get checkpoint(): string | null {
    return this.#checkpoint;
  }

  /** The reason that the run was first asked to end for; null where it was not. Later ones change nothing. */
  get stopReason(): string | null {
    return this.#stopReason;
  }

  stop(reason: string): void {
    this.#stopReason ??= reason;
    this.#watch.giveUp();
    if (this.#hasBegun) this.#run.stop(reason);
  }

  /** Gives up the step in progress, so that a run that is stopping ends now. */
  stopNow(): void {
    this.#run.stopNow();
  }

  /** Ends the run from outside: `run` throws this. */
  abort(error: Error): void {
    this.#aborted ??= error;
    this.#watch.giveUp();
    this.#run.abort(error);
  }

  /**
   * Runs to the end, going back where it diverges and is to, and lets the workers go.
   * @throws {RunFailedError} the run cannot go on. @throws {CheckpointWriteError} it could not go back.
   */
  async run(): Promise<RunEnd> {
    let over = '';
    let failed = true;
    try {
      await this.log.open();
      this.#notice(keepWords(this.#prepared));
      await this.#openLedger();
      tellBeginning(this.log, this.#prepared, this.#options.cause);
      this.#watch.start();
      this.#start();
      const end = await this.#toEnd();
      if (end.outcome === 'done') await this.#finish();
      over = end.reason;
      failed = false;
      return end;
    } catch (error) {
      over = (error as Error).message;
      throw error;
    } finally {
      this.#watch.end();
      await this.#run.close(over);
      // What ended it from outside, or after its last step, the state machine knows nothing of.
      if (failed && this.#outcome !== 'failed') this.log.finished('failed', over);
      this.log.close();
      this.#ledger?.close();
    }
  }

  async #toEnd(): Promise<RunEnd> {
    for (;;) {
      try {
        return await this.#run.end();
      } catch (error) {
        if (!(error instanceof DivergedError)) throw error;
        const mayGoBack = this.#options.goesBack && goesBack(this.#prepared.config, this.progress);
        if (!mayGoBack) throw divergedForGood(error, this.progress);
        await this.#goBack(error.message);
      }
    }
  }

  /** The same activation goes on from an earlier state; the workers stay, and prepare the run as if it began. */
  async #goBack(reason: string): Promise<void> {
    const { progress: diverged, strikes, members } = this.#run;
    this.#hasBegun = false;
    await this.#run.close(`the run goes back to step ${diverged.anchorStep}, since it diverged`);
    this.#ledger?.close();
    // Newer checkpoints are gone once it returns.
    this.#prepared = await goBack(this.#prepared, diverged);
    const { progress, name } = this.#prepared.loaded!;
    this.#checkpoint = name;
    await this.log.goBack(returnOf(this.#prepared, reason));
    [this.#ledger, this.#run] = this.#newRun({ strikes, members });
    await this.#openLedger();
    tellAll(this.#options.observers).wentBack(progress);
    this.#start();
  }

  async #openLedger(): Promise<void> {
    this.#notice((await this.#ledger?.open()) ?? null);
  }

  #notice(message: string | null): void {
    if (message !== null) this.log.noticed(message);
  }

  /** The run begins, and hears what was asked of it before: it ends, or is held, only after its beginning was told. */
  #start(): void {
    this.#run.start();
    this.#hasBegun = true;
    if (this.heldReason !== null) this.#run.hold(this.heldReason);
    if (this.#stopReason !== null) this.#run.stop(this.#stopReason);
    if (this.#aborted !== null) this.#run.abort(this.#aborted);
  }

  /** Writes the final weights, and says what came of the run. */
  async #finish(): Promise<void> {
    const weightsSha256 = await writeFinalWeights(this.#prepared, this.#run, this.#ledger);
    // Nobody waits two minutes for one who wants the run to end.
    if (this.#options.sample && this.#stopReason === null) {
      await tellSample(this.log, this.#prepared, this.#run, [...this.shares.keys()]);
    }
    const { windowsPerSecond, traffic, progress } = this;
    this.#summary = tellSummary(this.log, this.#prepared, progress, {
      windowsPerSecond,
      ...traffic,
      weightsSha256,
    });
  }
}
