import type { ErrorCode } from '@rocinante/base';
import type { SharedInt32, SharedWebAssemblyMemory } from '@rocinante/parameters';
import type { Assignment, MicroBatchResult, RunConfig } from '@rocinante/training';
import type { WholeParameters } from './parameters-receiver.js';

/**
 * What the network's thread and the engine's thread say to each other. TensorFlow blocks the thread that calls it, so it
 * has one of its own, and the network's stays free to answer keep-alives however long a step takes.
 *
 * Long vectors lie in shared memory: the network's thread fills parameters and reads sums, the engine's thread the
 * other way round, never both at once.
 */
export type EngineRequest =
  | { readonly type: 'describe' }
  | OpenRun
  | ProveRun
  | { readonly type: 'rest' }
  | TrainWork
  | EvaluateWork
  | SampleWork;

/**
 * Lay out a run's network over its encoded corpus, in place of the run that was open. It stays open between sessions, so that
 * coming back to it costs nothing; `rest` forgets what was true of one offer of it only.
 */
export interface OpenRun {
  readonly type: 'open-run';
  readonly config: RunConfig;
  readonly vocabularySize: number;
  /** Encoded ids, little-endian, `idBytes` each. */
  readonly ids: SharedArrayBuffer;
  readonly idBytes: number;
  /**
   * `VectorMemory.shared` of the run's memory: where sums lie, and the engine's thread puts gradients. It may be that of the run
   * before: it is cleared as this one is opened, and nothing is to be taken of it before that.
   */
  readonly memory: SharedWebAssemblyMemory | null;
}

/** Compute the open run's joining proof. */
export interface ProveRun {
  readonly type: 'prove';
}

/** The joining proof, and lines for people of what computing it showed. */
export interface RunProof {
  readonly proof: string;
  readonly notices: readonly string[];
}

/** Compute gradients and put their sum on the grid. */
export interface TrainWork {
  readonly type: 'train';
  readonly assignment: Assignment;
  readonly parameters: WholeParameters;
  /** [blocks] */
  readonly exponents: Int8Array;
  /** [layout.length], filled where everything fits, but for an audit. */
  readonly sum: SharedInt32;
  /** One element: set to 1 when the work is not wanted any more; looked at between micro-batches. */
  readonly cancelled: Int32Array<SharedArrayBuffer>;
}

export interface EvaluateWork {
  readonly type: 'evaluate';
  readonly assignment: Assignment;
  readonly parameters: WholeParameters;
  readonly cancelled: Int32Array<SharedArrayBuffer>;
}

export interface SampleWork {
  readonly type: 'sample';
  readonly parameters: WholeParameters;
  readonly prompt: readonly number[];
  readonly length: number;
  readonly temperature: number;
  readonly seed: number;
}

export interface EngineFacts {
  readonly tensorflow: string;
  readonly device: string;
  readonly model: string;
  readonly features: readonly string[];
  readonly lstm: LstmFacts;
  /** A line for the log about how the engine was loaded; null where there is none. */
  readonly notice: string | null;
}

/** How LSTM layers are computed here, and why; `notice` is a line for the log where a path was passed over. */
export interface LstmFacts {
  readonly path: string;
  readonly reason: string;
  readonly notice: string | null;
}

/** `null` where the work was cancelled. */
export interface TrainResult {
  readonly results: readonly MicroBatchResult[];
  /** [blocks] */
  readonly magnitudes: Float32Array;
  readonly fits: boolean;
  readonly computeSeconds: number;
}

export interface EvaluateResult {
  readonly results: readonly { readonly microBatch: number; readonly lossSum: number }[];
  readonly computeSeconds: number;
}

/** What the engine's thread says of a `train`, and how long it took there, in seconds. */
export interface TimedTrainResult extends TrainResult {
  readonly seconds: number;
}

/** The answer to each type of request. */
export interface EngineAnswers {
  describe: EngineFacts;
  /** Lines for the log about how the run's network is computed, where that is not as one would expect. */
  'open-run': readonly string[];
  prove: RunProof;
  rest: null;
  train: TimedTrainResult | null;
  evaluate: EvaluateResult | null;
  sample: number[];
}

/** An error crosses threads as its line and its codes. `liveHandles` are the engine's after the request. */
export type EngineReply = { readonly id: number; readonly liveHandles: number } & (
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly code: ErrorCode; readonly exitCode: 1 | 2; readonly message: string }
);
