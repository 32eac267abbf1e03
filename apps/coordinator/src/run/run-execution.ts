import { systemTrouble } from '@rocinante/base';
import { CheckpointWriteError } from '@rocinante/checkpoint';
import {
  bestEntry,
  epochOf,
  goesBack,
  lastFall,
  networkOf,
  stepsPerEpoch,
  type RunOutcome,
  type RunProgress,
  type RunView,
} from '@rocinante/training';
import { writeWeightsFile } from '@rocinante/weights';
import type { Traffic } from '@rocinante/wire';
import { counted } from '../display/quantities.js';
import { Pace } from '../display/pace.js';
import { Rate } from '../display/rate.js';
import { DivergedError, RunFailedError } from '../errors.js';
import type { Session } from '../service/session.js';
import type { TrainingService } from '../service/training-service.js';
import { tellBeginning } from './beginning.js';
import { drawSample } from './drawn-sample.js';
import { epochLoss } from './log/epoch-loss.js';
import { EventLog } from './log/event-log.js';
import { releaseBytes } from './disk-space.js';
import { furtherOf, type Exactness } from './exactness.js';
import { keepWords, WORDS_ENTRY } from './kept-words.js';
import { LedgerKeeper, ledgerPath } from './ledger/ledger-keeper.js';
import { LimitsWatch } from './limits-watch.js';
import type { LogEntryOf, RunLogEntry, StartCause } from './log/log-entries.js';
import { added, PoolTraffic } from './pool-traffic.js';
import type { PreparedRun } from './prepared-run.js';
import { tellAll, type RunObserver } from './run-observer.js';
import { goBack, returnOf } from './checkpoints/rollback.js';
import { Shares } from './shares.js';
import { NOTHING_BEFORE, TrainingRun, type RunEnd } from './training-run.js';
import { isIdleForGood, waitingReason } from './waiting-reason.js';

export interface ExecutionOptions {
  /** What people call the run. */
  readonly name: string;
  readonly service: TrainingService;
  readonly pool: string | undefined;
  /** What a run begins with in place of first values from the seed; null for those. */
  readonly initialParameters: Float32Array | null;
  readonly cause: StartCause;
  /** Active time, and traffic with workers, before this activation. */
  readonly activeSeconds: number;
  readonly trafficBefore: Traffic;
  /** The option that puts the run's files elsewhere, for messages: `--data`. */
  readonly placeOption: string;
  /** Whether a ledger is kept: without one, a run is as it would be, and cannot be verified. */
  readonly ledger: boolean;
  /** Whether a run that diverges goes back where its configuration says so. */
  readonly goesBack: boolean;
  /** Whether a sample is drawn once the run is done. */
  readonly sample: boolean;
  readonly observers: readonly RunObserver[];
  /** Told of each entry of the event log. */
  readonly onEntry: (entry: RunLogEntry) => void;
}

export type RunSummary = LogEntryOf<'summary'>;

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
  #saidWaiting = false;
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
    const { directory, loaded, limits } = prepared;
    const { service, pool, placeOption } = options;
    this.#prepared = prepared;
    this.#options = options;
    this.#checkpoint = loaded?.name ?? null;
    this.log = new EventLog(
      directory.eventsPath,
      loaded?.progress.step ?? 0,
      loaded?.progress.rollbacks.length ?? 0,
    );
    this.#traffic = new PoolTraffic(() => service.pool(pool).sessions);
    [this.#ledger, this.#run] = this.#newRun();
    this.#watch = new LimitsWatch({
      // It is another run after it went back; what ends one must outlast that.
      run: {
        layout: this.#run.layout,
        stop: (reason) => this.stop(reason),
        abort: (error) => this.abort(error),
        // One that has not begun, or goes back, is held as it begins.
        hold: (reason) => this.#hasBegun && this.#run.hold(reason),
        release: () => this.#run.release(),
      },
      path: directory.path,
      placeOption,
      maxHours: limits.maxHours,
      activeSeconds: () => options.activeSeconds + this.seconds,
      alsoLook: () => this.#lookAtWaiting(),
      noticed: (message) => this.log.noticed(message),
      flush: () => this.#flush(),
    });
    this.log.onEntry = (entry) => {
      this.#rate.entry(entry);
      this.#pace.entry(entry);
      options.onEntry(entry);
    };
    this.log.onFailure = this.#failOn(directory.eventsPath);
    this.log.onFull = this.#waitFor(directory.eventsPath);
  }

  #newRun(before = NOTHING_BEFORE): [LedgerKeeper | null, TrainingRun] {
    const prepared = this.#prepared;
    const { service, name, pool, initialParameters, observers } = this.#options;
    const ledger = this.#options.ledger ? new LedgerKeeper(prepared) : null;
    const path = ledgerPath(prepared.directory.path);
    if (ledger !== null) [ledger.onFailure, ledger.onFull] = [this.#failOn(path), this.#waitFor(path)];
    const run = new TrainingRun({
      ...prepared,
      ...before,
      id: name,
      initialParameters,
      exact: prepared.limits.exact,
      pool: () => service.pool(pool),
      numbers: service.takeNumbers(),
      ledger,
      room: {
        untilThere: (error) => this.#watch.untilRoom(this.#heldBy(prepared.directory.checkpointsPath, error)),
        untilRecorded: async (error) => {
          if (await this.#watch.untilRoom(this.#heldBy(path, error))) return;
          throw notWritten(path, error);
        },
        taken: () => this.#watch.written(),
      },
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

  #failOn(path: string): (cause: Error) => void {
    return (cause) => this.abort(notWritten(path, cause));
  }

  /** The run is held until the disk has room for what was to be written there. */
  #waitFor(path: string): (error: Error) => void {
    return (error) => this.#watch.full(this.#heldBy(path, error));
  }

  /** Why the run is held whose disk did not take something. @param path of what. */
  #heldBy(path: string, error: Error): string {
    const cause = error instanceof CheckpointWriteError ? error.cause : error;
    const megabytes = Math.ceil(releaseBytes(this.#run.layout.length) / 1e6);
    return `disk: ${path}: ${systemTrouble(cause, path)}; free some space: the run goes on once ${megabytes} MB are free`;
  }

  /** Writes what waits for room; null where nothing does any more. */
  #flush(): string | null {
    const hindrance = this.#ledger?.flush() ?? this.log.flush();
    return hindrance?.message ?? null;
  }

  get progress(): RunProgress {
    return this.#run.progress;
  }

  get view(): RunView {
    return this.#run.view;
  }

  /** Epochs begun. */
  get epoch(): number {
    const { step } = this.#run.progress;
    return step === 0 ? 0 : epochOf(this.#prepared.shape, step - 1) + 1;
  }

  /** Mean training loss of the epoch so far, in nats; null before the first step. */
  get loss(): number | null {
    return epochLoss(this.#run.progress);
  }

  /** Of the best evaluation so far; null before the first, and a held-out loss also where nothing is held out. */
  get best(): Pick<RunSummary, 'bestStep' | 'bestValidationLoss'> {
    const best = bestEntry(this.#run.progress);
    return { bestStep: best?.step ?? null, bestValidationLoss: best?.validationLoss ?? null };
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
      this.#keepWords();
      await this.#openLedger();
      this.#begin();
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
        const { config } = this.#prepared;
        const { rollbacks } = this.#run.progress;
        if (!this.#options.goesBack || !goesBack(config, this.#run.progress)) {
          const advice =
            rollbacks.length > 0
              ? `it has gone back ${counted(rollbacks.length, 'time')} already; begin with a lower --learning-rate`
              : 'begin with a lower --learning-rate, or with --on-divergence rollback';
          throw new RunFailedError(`the run failed: ${error.message}; ${advice}`, { cause: error });
        }
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
    this.#prepared = await goBack(this.#prepared, diverged);
    const { progress, name } = this.#prepared.loaded!;
    // Newer ones are gone.
    this.#checkpoint = name;
    await this.log.goBack(returnOf(this.#prepared, reason));
    [this.#ledger, this.#run] = this.#newRun({ strikes, members });
    await this.#openLedger();
    tellAll(this.#options.observers).wentBack(progress);
    this.#start();
  }

  /** A run needs them not: a disk that does not take them is no reason to fail. */
  #keepWords(): void {
    const { directory, words } = this.#prepared;
    try {
      keepWords(directory, words);
    } catch (error) {
      this.log.noticed(`${(error as Error).message}; weights of its checkpoints carry no words of its text`);
    }
  }

  async #openLedger(): Promise<void> {
    const notice = await this.#ledger?.open();
    if (notice) this.log.noticed(notice);
  }

  #begin(): void {
    tellBeginning(this.log, this.#prepared, this.#options.cause);
    this.#watch.start();
    this.#start();
  }

  /** The run begins, and hears what was asked of it before: it ends, or is held, only after its beginning was told. */
  #start(): void {
    this.#run.start();
    this.#hasBegun = true;
    const held = this.#watch.heldReason;
    if (held !== null) this.#run.hold(held);
    if (this.#stopReason !== null) this.#run.stop(this.#stopReason);
    if (this.#aborted !== null) this.#run.abort(this.#aborted);
  }

  /** A run that waits though workers are there says so, once. */
  #lookAtWaiting(): void {
    const waits = this.view.phase === 'waiting' && this.idleWorkers.some(isIdleForGood);
    if (waits && !this.#saidWaiting) this.log.noticed(`the run is active, but ${this.waitingReason}`);
    this.#saidWaiting = waits;
  }

  /** Writes the final weights, and says what came of the run. */
  async #finish(): Promise<void> {
    const { config, corpus, words, directory, shape } = this.#prepared;
    const { step, history } = this.#run.progress;
    const { sha256 } = await writeWeightsFile(directory.finalWeightsPath, {
      network: networkOf(config, corpus.vocabulary.size),
      vocabulary: corpus.vocabulary.symbols,
      normalisation: config.text.normalisation,
      window: config.text.window,
      step,
      configuration: config,
      further: { [WORDS_ENTRY]: JSON.stringify(words), ...furtherOf(this.exactness) },
      parameters: this.#run.parameters,
    });
    await this.#ledger?.weightsWritten(directory.finalWeightsPath, step);
    // Nobody waits two minutes for one who wants the run to end.
    if (this.#options.sample && this.#stopReason === null) await this.#sample();
    const { epoch, loss, validationLoss } = history.at(-1)!;
    // What comes down over the whole run ends where it ends: going on would raise the rate again.
    const comesDown = config.schedule.kind === 'cosine';
    const summary = {
      event: 'summary',
      atStep: step,
      steps: step,
      epoch,
      loss,
      validationLoss,
      ...this.best,
      lastFall: comesDown ? null : lastFall(history, stepsPerEpoch(shape)),
      windowsPerSecond: this.#rate.windowsPerSecond,
      ...this.traffic,
      weightsSha256: sha256,
    } as const;
    this.log.write(summary);
    this.#summary = { time: new Date().toISOString(), ...summary };
  }

  /** A sample is no reason for a run that is done to fail. */
  async #sample(): Promise<void> {
    const { config, corpus } = this.#prepared;
    // A worker that stands still would be waited for.
    const heardOf = [...this.shares.keys()];
    try {
      const text = await drawSample(this.#run, config, corpus, heardOf);
      this.log.write({ event: 'sample', atStep: this.log.step, text });
    } catch (error) {
      this.log.noticed(`${(error as Error).message}; ./rocinante sample draws one from the weights`);
    }
  }
}

/** Why a run ends whose file takes no more. */
function notWritten(path: string, cause: Error): RunFailedError {
  return new RunFailedError(`${path}: cannot be written: ${systemTrouble(cause, path)}`, { cause });
}
