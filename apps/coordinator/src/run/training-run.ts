import { randomUUID } from 'node:crypto';
import type { EncodedCorpus } from '@rocinante/corpus';
import { firstValues, networkLayout } from '@rocinante/model';
import { INITIAL_POWERS } from '@rocinante/optimizer';
import { layoutSha256, type ParameterLayout } from '@rocinante/parameters';
import {
  microBatchesOf,
  networkOf,
  noProgress,
  runWindows,
  stepsPerEpoch,
  type RunConfig,
  type RunOutcome,
  type RunProgress,
  type RunShape,
} from '@rocinante/training';
import { listen, type ListeningServer } from '@rocinante/wire';
import { RunFailedError } from '../errors.js';
import { ParameterFeed } from '../service/parameter-feed.js';
import { TrainingService } from '../service/training-service.js';
import { ArithmeticThread } from './arithmetic-thread.js';
import type { RunCheckpoints, LoadedRun } from './run-checkpoints.js';
import { RunDriver } from './run-driver.js';
import { tellAll, type RunObserver } from './run-observer.js';
import { RunVectors, type ClosedState } from './run-vectors.js';
import { SampleDesk, type SampleOrder } from './sample-desk.js';
import { sharedCopy, sharedVector } from './shared-vector.js';

/** How often the state machine hears that time passes. */
const TICK_MS = 250;

export interface TrainingRunParts {
  readonly config: RunConfig;
  readonly corpus: EncodedCorpus;
  readonly checkpoints: RunCheckpoints;
  /** Where the run goes on; null begins it. */
  readonly loaded: LoadedRun | null;
  readonly shape: RunShape;
  readonly observers: readonly RunObserver[];
}

/** The shape of a run over its corpus: how many steps, micro-batches, ranges. */
export function runShape(config: RunConfig, corpus: EncodedCorpus, checkpointIntervalMs: number): RunShape {
  const { windows } = runWindows(config, corpus.ids.length);
  const shape = {
    stepsTotal: config.steps ?? 1,
    windowsPerEpoch: windows.train.count,
    microBatchesPerStep: microBatchesOf(config),
    windowsPerMicroBatch: config.batch.microBatch,
    evaluationWindows: windows.validation?.count ?? 0,
    rangeCount: networkLayout(networkOf(config, corpus.vocabulary.size)).ranges.length,
    clips: config.optimizer.clipNorm > 0,
    checkpointIntervalMs,
  };
  return config.steps === null ? { ...shape, stepsTotal: config.epochs * stepsPerEpoch(shape) } : shape;
}

/** One run, from its first state to its last: the state machine with its vectors, its service and its checkpoints. */
export class TrainingRun {
  readonly layout: ParameterLayout;
  readonly #vectors: RunVectors;
  readonly #arithmetic: ArithmeticThread;
  readonly #driver: RunDriver;
  readonly #service: TrainingService;
  readonly #samples: SampleDesk;
  readonly #ended: Promise<{ outcome: RunOutcome; reason: string }>;
  #fail!: (error: Error) => void;
  #server: ListeningServer | null = null;
  #ticker: NodeJS.Timeout | null = null;

  constructor(parts: TrainingRunParts) {
    const { config, corpus, checkpoints, loaded } = parts;
    const network = networkOf(config, corpus.vocabulary.size);
    this.layout = networkLayout(network);
    const state = loaded?.state ?? this.#firstState(firstValues(network, config.seed));
    this.#vectors = new RunVectors(config, this.layout, state);
    const feed = new ParameterFeed(this.layout);
    feed.publish(this.#vectors.closed.parameters);
    this.#samples = new SampleDesk(feed);

    let settle!: (end: { outcome: RunOutcome; reason: string }) => void;
    this.#ended = new Promise((resolve, reject) => {
      settle = resolve;
      this.#fail = reject;
    });
    const observer = tellAll([
      ...parts.observers,
      { finished: (outcome, reason) => settle({ outcome, reason }) },
    ]);
    this.#arithmetic = new ArithmeticThread(
      { layout: this.layout, optimizer: config.optimizer, halves: this.#vectors.halves },
      (error) => this.#arithmeticDied(error),
    );
    this.#driver = new RunDriver({
      shape: parts.shape,
      progress: loaded?.progress ?? noProgress,
      vectors: this.#vectors,
      arithmetic: this.#arithmetic,
      feed,
      observer,
      samples: this.#samples,
      save: async (effect) => observer.checkpointSaved(await checkpoints.save(this.#vectors.closed, effect)),
      now: () => performance.now(),
    });
    this.#service = new TrainingService(
      {
        id: randomUUID(),
        configJson: JSON.stringify(config),
        layoutSha256: layoutSha256(this.layout),
        rangeCount: this.layout.ranges.length,
        corpus: { sha256: corpus.idsSha256, ids: corpus.ids, vocabularySize: corpus.vocabulary.size },
        feed,
      },
      this.#driver,
    );
  }

  get progress(): RunProgress {
    return this.#driver.progress;
  }

  /** The parameters after the last closed step. */
  get parameters(): Float32Array {
    return this.#vectors.closed.parameters;
  }

  /**
   * Begins to serve workers at `host:port`, and the run with them.
   * @returns the address, with the port that was taken.
   * @throws {WireError} ADDRESS_IN_USE
   */
  async start(address: string): Promise<string> {
    this.#server = await listen(address, this.#service.handlers);
    this.#driver.start(this.#service);
    this.#ticker = setInterval(() => this.#driver.tick(), TICK_MS);
    return this.#server.address;
  }

  /**
   * Waits for the run's end.
   * @throws {RunFailedError} it cannot go on.
   */
  async end(): Promise<'done' | 'stopped'> {
    const { outcome, reason } = await this.#ended;
    if (outcome === 'failed') throw new RunFailedError(`the run failed: ${reason}`);
    return outcome;
  }

  /** Asks for an end at the step's end, with a checkpoint. */
  stop(): void {
    this.#driver.stop();
  }

  /** Ends the run from outside: `end` throws this. */
  abort(error: Error): void {
    this.#fail(error);
  }

  /** Symbols drawn by a worker from the last closed parameters. */
  sample(order: SampleOrder, timeoutMs: number): Promise<number[]> {
    return this.#samples.draw(this.#service, order, timeoutMs);
  }

  /** Lets the workers go, and stops listening. */
  async close(reason: string): Promise<void> {
    if (this.#ticker) clearInterval(this.#ticker);
    this.#service.endRun(reason);
    await this.#server?.stop();
    await this.#arithmetic.stop();
  }

  /** @throws the error, which ends the process, where it is a programmer's. */
  #arithmeticDied(error: NodeJS.ErrnoException): void {
    if (error.code !== 'ERR_WORKER_OUT_OF_MEMORY') throw error;
    this.abort(new RunFailedError(`the thread of sums and Adam ended: ${error.message}`));
  }

  #firstState(parameters: Float32Array): ClosedState {
    return {
      parameters: sharedCopy(parameters),
      m: sharedVector(parameters.length),
      v: sharedVector(parameters.length),
      magnitudes: new Float32Array(this.layout.blockCount),
      powers: INITIAL_POWERS,
    };
  }
}
