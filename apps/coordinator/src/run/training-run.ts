import { assert } from '@rocinante/base';
import type { EncodedCorpus } from '@rocinante/corpus';
import { networkLayout } from '@rocinante/model';
import { INITIAL_POWERS } from '@rocinante/optimizer';
import { layoutSha256, type ParameterLayout } from '@rocinante/parameters';
import {
  networkOf,
  noProgress,
  rateShareOf,
  type RunConfig,
  type RunEffect,
  type RunOutcome,
  type RunProgress,
  type RunShape,
  type RunView,
} from '@rocinante/training';
import { DivergedError, RunFailedError } from '../errors.js';
import { ParameterFeed } from '../service/parameter-feed.js';
import type { Session } from '../service/session.js';
import type { RunNumbers, ServedRun, WorkerPool } from '../service/worker-pool.js';
import { ArithmeticThread } from './arithmetic/arithmetic-thread.js';
import type { Exactness } from './exactness.js';
import type { FirstValues } from './first-values/first-values.js';
import { JoiningProof, type ExactMode } from './joining-proof.js';
import type { RunCheckpoints, LoadedRun } from './checkpoints/run-checkpoints.js';
import { RunDriver } from './run-driver.js';
import type { LedgerKeeper } from './ledger/ledger-keeper.js';
import { tellAll, type CheckpointSaved, type RunObserver } from './run-observer.js';
import { giveBackRunMemory } from './arithmetic/run-memory.js';
import { RunVectors, type ClosedState } from './arithmetic/run-vectors.js';
import { SampleDesk, type SampleOrder } from './sample-desk.js';

/** How often the state machine hears that time passes. */
const TICK_MS = 250;

/** What outlasts a run's going back, beside its state. */
export interface RunBefore {
  /** How often workers that are there have computed what is wrong, by their ids. */
  readonly strikes: ReadonlyMap<string, number>;
  /** Workers that have joined, and have not left. Those that joined before the run went back may not be ready again. */
  readonly members: ReadonlySet<Session>;
}

/** Of a run that begins, or is resumed. */
export const NOTHING_BEFORE: RunBefore = { strikes: new Map(), members: new Set() };

export interface TrainingRunParts extends RunBefore {
  /** The run's id, or where it has none, what people call it. */
  readonly id: string;
  readonly config: RunConfig;
  readonly corpus: EncodedCorpus;
  readonly checkpoints: RunCheckpoints;
  /** Where the run goes on; null begins it. */
  readonly loaded: LoadedRun | null;
  /** How exact the run is where it begins or goes on. */
  readonly exactness: Exactness;
  readonly exact: ExactMode;
  /** What a run begins with in place of first values from the seed, [parameters]; null for those. */
  readonly initialParameters: Float32Array | null;
  /** What it begins with where there are none; null where it goes on. */
  readonly firstValues: FirstValues | null;
  readonly shape: RunShape;
  /** Asked when the run begins: a pool that nobody is in may be another one by then. */
  readonly pool: () => WorkerPool;
  readonly numbers: RunNumbers;
  readonly observers: readonly RunObserver[];
  /** Null for a run without one. */
  readonly ledger: LedgerKeeper | null;
  /** What a save waits in while the disk is full. */
  readonly room: SaveRoom;
}

/** Where a save waits that finds no room. */
export interface SaveRoom {
  /** Waits until it may be tried again; false where it is not to be. @param error of the disk. */
  readonly untilThere: (error: Error) => Promise<boolean>;
  /** The same for what the ledger was told, which comes first. @throws {RunFailedError} it is not to be tried again. */
  readonly untilRecorded: (error: Error) => Promise<void>;
  /** It was written. */
  readonly taken: () => void;
}

/** How a run came to its end. */
export interface RunEnd {
  readonly outcome: 'done' | 'stopped';
  /** One sentence. */
  readonly reason: string;
}

/** One run, from its first state to its last: the state machine with its vectors, its workers and its checkpoints. */
export class TrainingRun implements RunBefore {
  readonly layout: ParameterLayout;
  readonly #poolOf: () => WorkerPool;
  readonly #served: ServedRun;
  readonly #vectors: RunVectors;
  readonly #arithmetic: ArithmeticThread;
  readonly #checkpoints: RunCheckpoints;
  readonly #driver: RunDriver;
  readonly #samples: SampleDesk;
  readonly #joining: JoiningProof;
  readonly #ended: Promise<{ outcome: RunOutcome; reason: string }>;
  #fail!: (error: Error) => void;
  #ticker: NodeJS.Timeout | null = null;
  #isClosed = false;
  /** Those that joined before the run went back, and have neither joined again nor left. */
  readonly #returning: Set<Session>;
  readonly #observer: Required<RunObserver>;
  /** Null before the run begins. */
  #pool: WorkerPool | null = null;

  constructor(parts: TrainingRunParts) {
    const { config, corpus, loaded, numbers, shape } = parts;
    this.layout = networkLayout(networkOf(config, corpus.vocabulary.size));
    this.#poolOf = parts.pool;
    const state =
      loaded?.state ?? this.#firstState(parts.initialParameters ?? parts.firstValues?.take() ?? null);
    const progress = loaded?.progress ?? noProgress;
    const rateShare = rateShareOf(config, progress);
    this.#vectors = new RunVectors(config, this.layout, state, shape.stepsTotal, rateShare);
    const feed = new ParameterFeed(this.layout, numbers.firstVersion, config.codec.down);
    feed.publish(this.#vectors.closed.parameters);
    this.#samples = new SampleDesk(feed);

    let settle!: (end: { outcome: RunOutcome; reason: string }) => void;
    this.#ended = new Promise((resolve, reject) => {
      settle = resolve;
      this.#fail = reject;
    });
    // An end that comes while nobody waits for it yet is no rejection without a handler.
    this.#ended.catch(() => undefined);
    this.#returning = new Set(parts.members);
    const observer = tellAll([
      ...parts.observers,
      {
        workerJoined: (session) => void this.#returning.delete(session),
        idleLeft: (session) => this.#leftBefore(session),
        finished: (outcome, reason) => settle({ outcome, reason }),
      },
    ]);
    this.#observer = observer;
    this.#arithmetic = new ArithmeticThread(
      {
        layout: this.layout,
        optimizer: config.optimizer,
        halves: this.#vectors.halves,
        memory: this.#vectors.memory,
        snapshot: parts.checkpoints.snapshot,
        checksummed: parts.ledger !== null,
      },
      (error) => this.#threadDied('sums and Adam', error),
    );
    this.#checkpoints = parts.checkpoints;
    this.#checkpoints.open((error) => this.#threadDied('checkpoints', error));
    this.#joining = new JoiningProof({
      mode: parts.exact,
      exactness: parts.exactness,
      step: () => this.progress.step,
      observer,
    });
    this.#driver = new RunDriver({
      shape,
      progress,
      vectors: this.#vectors,
      codec: config.codec.up,
      arithmetic: this.#arithmetic,
      feed,
      session: (worker) => this.#pool?.session(worker),
      firstAssignment: numbers.firstAssignment,
      strikes: parts.strikes,
      observer,
      samples: this.#samples,
      save: async (effect) => {
        const saved = await this.#save(parts, effect);
        parts.room.taken();
        observer.checkpointSaved(saved);
        return saved.seconds;
      },
      now: () => performance.now(),
    });
    this.#served = {
      id: parts.id,
      configJson: JSON.stringify(config),
      layoutSha256: layoutSha256(this.layout),
      rangeCount: this.layout.ranges.length,
      corpus: { sha256: corpus.idsSha256, ids: corpus.ids, vocabularySize: corpus.vocabulary.size },
      feed,
      numbers,
      admission: this.#joining,
    };
  }

  get progress(): RunProgress {
    return this.#driver.progress;
  }

  get view(): RunView {
    return this.#driver.view;
  }

  get strikes(): ReadonlyMap<string, number> {
    return this.#driver.strikes;
  }

  get members(): ReadonlySet<Session> {
    const ready = this.#pool?.served === this.#served ? this.#pool.workers : [];
    return new Set([...this.#returning, ...ready]);
  }

  get exactness(): Exactness {
    return this.#joining.exactness;
  }

  /** The pool's workers that are given no work for this run. */
  get idleWorkers(): readonly Session[] {
    return this.#pool?.served === this.#served ? this.#pool.idle : [];
  }

  /** The parameters after the last closed step. */
  get parameters(): Float32Array {
    return this.#vectors.closed.parameters;
  }

  /** Begins, and offers the run to the pool's workers. Who left while it went back is told of first: nobody heard of it. */
  start(): void {
    for (const session of [...this.#returning]) if (session.over !== null) this.#leftBefore(session);
    this.#driver.tick();
    this.#pool = this.#poolOf();
    this.#pool.begin(this.#served, this.#driver);
    this.#ticker = setInterval(() => this.#driver.tick(), TICK_MS);
  }

  /**
   * Waits for the run's end.
   * @throws {DivergedError} it cannot go on from here. @throws {RunFailedError} it cannot go on.
   */
  async end(): Promise<RunEnd> {
    const { outcome, reason } = await this.#ended;
    if (outcome === 'diverged') throw new DivergedError(reason);
    if (outcome === 'failed') throw new RunFailedError(`the run failed: ${reason}`);
    return { outcome, reason };
  }

  /** Asks for an end at the step's end, with a checkpoint; a sample is not waited for. */
  stop(reason: string): void {
    this.#driver.stop(reason);
    this.#samples.giveUp(reason);
  }

  /** Gives up the step in progress, so that a run that is stopping ends now. */
  stopNow(): void {
    this.#driver.stopNow();
  }

  /** Issues no step any more, until `release`. */
  hold(reason: string): void {
    this.#driver.hold(reason);
  }

  release(): void {
    this.#driver.release();
  }

  /** Ends the run from outside: `end` throws this. */
  abort(error: Error): void {
    this.#fail(error);
  }

  /**
   * Symbols drawn by a worker from the last closed parameters.
   * @param heardOf ids of workers that are known to answer: the first of them that is there draws, else the first that is there.
   */
  sample(order: SampleOrder, timeoutMs: number, heardOf: readonly string[] = []): Promise<number[]> {
    const workers = this.#pool?.workers ?? [];
    const worker = workers.find((session) => heardOf.includes(session.worker)) ?? workers[0];
    return this.#samples.draw(worker, order, timeoutMs);
  }

  /** Lets the workers go: they hear why, and wait for the next run. What was under way is over when this resolves. */
  async close(reason: string): Promise<void> {
    if (this.#ticker) clearInterval(this.#ticker);
    const closed = this.#driver.close();
    if (this.#pool?.served === this.#served) await this.#pool.end(reason);
    await closed;
    await this.#arithmetic.stop();
    await this.#checkpoints.close();
    if (!this.#isClosed) giveBackRunMemory(this.#vectors.memory);
    this.#isClosed = true;
  }

  /** The copy of the closed state is asked for before this returns: in time, since it is made before what is asked later. */
  async #save(
    { ledger, room }: Pick<TrainingRunParts, 'ledger' | 'room'>,
    effect: Extract<RunEffect, { type: 'save' }>,
  ): Promise<CheckpointSaved> {
    const { closed, closedHalf } = this.#vectors;
    // No checkpoint has steps that the ledger lacks.
    const copied = this.#arithmetic.copy(closedHalf).then(() => recorded(ledger, room));
    const saving = this.#checkpoints.save({
      effect,
      copied,
      closed,
      exactness: this.#joining.exactness,
      hashed: ledger !== null,
      untilRoom: room.untilThere,
      noticed: (message) => this.#observer.noticed(message),
    });
    const synced = copied.then(() => ledger?.sync());
    // The folder is free only when nothing of it is under way any more, whatever fails first.
    await Promise.allSettled([saving, synced]);
    const [{ saved, hashes }] = await Promise.all([saving, synced]);
    if (hashes !== null) ledger?.checkpointWritten(saved, hashes);
    return saved;
  }

  /** A worker's session is over; if it had joined before the run went back, it leaves the run now. */
  #leftBefore(session: Session): void {
    if (!this.#returning.delete(session)) return;
    const { reason, lost } = session.over!;
    this.#observer.workerLeft(session, reason, lost);
  }

  /** @throws the error, which ends the process, where it is a programmer's. */
  #threadDied(what: string, error: NodeJS.ErrnoException): void {
    if (error.code !== 'ERR_WORKER_OUT_OF_MEMORY') throw error;
    this.abort(new RunFailedError(`the thread of ${what} ended: ${error.message}`));
  }

  #firstState(parameters: Float32Array | null): ClosedState {
    assert(parameters !== null, 'a run begins with weights, or with first values');
    return {
      parameters,
      m: new Float32Array(parameters.length),
      v: new Float32Array(parameters.length),
      magnitudes: new Float32Array(this.layout.blockCount),
      powers: INITIAL_POWERS,
    };
  }
}

/** Returns once what the ledger was told is in its file. @throws {RunFailedError} that is not waited for any more. */
async function recorded(ledger: LedgerKeeper | null, { untilRecorded }: SaveRoom): Promise<void> {
  for (;;) {
    const hindrance = ledger?.flush() ?? null;
    if (hindrance === null) return;
    await untilRecorded(hindrance);
  }
}
