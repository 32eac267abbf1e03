import {
  checkpointName,
  DirectoryStore,
  NoGoodCheckpointError,
  type Checkpoint,
  type PassedOver,
} from '@rocinante/checkpoint';
import { layoutSha256, type ParameterLayout } from '@rocinante/parameters';
import {
  identityDifferences,
  identityOf,
  noProgress,
  type RunConfig,
  type RunEffect,
  type RunProgress,
} from '@rocinante/training';
import { parseConfig } from '../config.js';
import { UsageError } from '../errors.js';
import { exactnessOf, furtherOf, type Exactness } from './exactness.js';
import type { RunLimits } from './run-limits.js';
import type { CheckpointSaved } from './run-observer.js';
import type { ClosedState } from './run-vectors.js';
import { sharedCopy } from './shared-vector.js';
import type { StateVectors } from './step-arithmetic.js';

/** What goes into every checkpoint of a run beside its state. */
export interface CheckpointFrame {
  readonly config: RunConfig;
  readonly layout: ParameterLayout;
  readonly vocabulary: readonly string[];
  readonly corpusSha256: string;
}

export interface LoadedRun {
  readonly name: string;
  readonly state: ClosedState;
  readonly progress: RunProgress;
  readonly exactness: Exactness;
  /** Newer ones that were damaged. */
  readonly passedOver: readonly PassedOver[];
}

/** A run's checkpoints: the closed state copied aside at once, and written while the run goes on. */
export class RunCheckpoints {
  readonly #store: DirectoryStore;
  readonly #frame: CheckpointFrame;
  readonly #snapshot: StateVectors;

  constructor(path: string, frame: CheckpointFrame, kept: Pick<RunLimits, 'keepLast' | 'keepEverySteps'>) {
    this.#store = new DirectoryStore(path, kept);
    this.#frame = frame;
    const { length } = frame.layout;
    this.#snapshot = {
      parameters: new Float32Array(length),
      m: new Float32Array(length),
      v: new Float32Array(length),
    };
  }

  /**
   * Saves the closed state; it is copied before this returns. One save at a time.
   * @throws {CheckpointWriteError | NonFiniteCheckpointError} nothing is saved, and nothing lost.
   */
  async save(
    state: ClosedState,
    effect: Extract<RunEffect, { type: 'save' }>,
    exactness: Exactness,
  ): Promise<CheckpointSaved> {
    const { parameters, m, v } = this.#snapshot;
    parameters.set(state.parameters);
    m.set(state.m);
    v.set(state.v);
    const snapshot = { parameters, m, v, magnitudes: state.magnitudes.slice(), powers: state.powers };
    const checkpoint = this.#checkpoint(snapshot, effect.progress, exactness);
    const started = performance.now();
    const { name, bytes, step } = await this.#store.save(checkpoint, {
      best: effect.best,
      alsoKept: this.#anchorOf(effect.progress),
    });
    return { name, bytes, step, reason: effect.reason, seconds: (performance.now() - started) / 1000 };
  }

  /**
   * Goes back to the state of an earlier step, as the progress says it: later checkpoints are removed, and its own is written
   * anew. No save is under way.
   * @throws {CheckpointWriteError} it is not written; it is as it was.
   */
  async goBack({ state, progress, exactness }: LoadedRun): Promise<void> {
    await this.#store.removeAfter(progress.step);
    const options = { best: false, alsoKept: this.#anchorOf(progress) };
    await this.#store.save(this.#checkpoint(state, progress, exactness), options);
  }

  /** The step whose checkpoint is kept to go back to; null for none. */
  #anchorOf({ anchorStep }: RunProgress): number | null {
    return this.#frame.config.divergence.then === 'rollback' ? anchorStep : null;
  }

  #checkpoint(
    { parameters, m, v, magnitudes, powers }: StateVectors & Pick<ClosedState, 'magnitudes' | 'powers'>,
    { history, issues, ...progress }: RunProgress,
    exactness: Exactness,
  ): Checkpoint {
    const { config, layout, vocabulary, corpusSha256 } = this.#frame;
    return {
      step: progress.step,
      layout,
      parameters,
      m,
      v,
      magnitudes,
      ...powers,
      issueCount: issues,
      joiningProof: exactness.proof,
      lossHistory: history,
      configuration: config,
      vocabulary,
      corpusSha256,
      further: { progress: JSON.stringify(progress), ...furtherOf(exactness) },
    };
  }

  /**
   * The newest good checkpoint.
   * @throws {NoGoodCheckpointError} there is none.
   * @throws {UsageError} it is another run's; names the first keys that differ.
   */
  async load(): Promise<LoadedRun> {
    const { name, checkpoint, passedOver } = await this.#store.loadLatest();
    return this.#loaded(name, checkpoint, passedOver);
  }

  /** The checkpoint of a step. @throws {DamagedCheckpointError} @throws {UsageError} it is another run's. */
  async loadStep(step: number): Promise<LoadedRun> {
    const name = checkpointName(step);
    return this.#loaded(name, await this.#store.load(name), []);
  }

  #loaded(name: string, checkpoint: Checkpoint, passedOver: readonly PassedOver[]): LoadedRun {
    this.#checkOwn(name, checkpoint);
    const { parameters, m, v, magnitudes, beta1Power, beta2Power } = checkpoint;
    // What the file holds are views of one buffer; the run's vectors are its own, and change.
    const state = {
      parameters: sharedCopy(parameters),
      m: sharedCopy(m),
      v: sharedCopy(v),
      magnitudes: magnitudes.slice(),
      powers: { beta1Power, beta2Power },
    };
    const exactness = exactnessOf(checkpoint.joiningProof, checkpoint.further);
    return { name, state, progress: progressOf(checkpoint), exactness, passedOver };
  }

  /** A file that was put here from another run's directory is good in itself, but not ours. */
  #checkOwn(name: string, checkpoint: Checkpoint): void {
    const { config, corpusSha256, layout } = this.#frame;
    const theirs = parseConfig(checkpoint.configuration, { config: name });
    const [difference] = identityDifferences(
      identityOf(theirs, checkpoint.corpusSha256),
      identityOf(config, corpusSha256),
    );
    if (difference === undefined && layoutSha256(checkpoint.layout) === layoutSha256(layout)) return;
    const { key, first, second } = difference ?? { key: 'network', first: 'another', second: 'this one' };
    throw new UsageError(
      `checkpoint ${name}: it is another run's (${key} is ${first}, not ${second}); remove it`,
    );
  }
}

/**
 * The symbols that a run's text is encoded by: those of its newest good checkpoint, null where it has none yet. A run that
 * began with other weights has theirs, which may be more than its text has.
 * @throws {NoGoodCheckpointError} there are checkpoints, and none is good.
 */
export async function savedVocabulary(path: string): Promise<readonly string[] | null> {
  try {
    return (await new DirectoryStore(path).loadLatest()).checkpoint.vocabulary;
  } catch (error) {
    if (error instanceof NoGoodCheckpointError && error.passedOver.length === 0) return null;
    throw error;
  }
}

/** @throws {UsageError} it has another step's. */
export function progressOf(checkpoint: Checkpoint): RunProgress {
  const { step, issueCount, lossHistory, further } = checkpoint;
  const saved = JSON.parse(further.progress ?? '{}') as Partial<RunProgress>;
  if (saved.step !== step) {
    throw new UsageError(`checkpoint of step ${step}: it has the progress of step ${saved.step}; remove it`);
  }
  return { ...noProgress, ...saved, issues: issueCount, history: lossHistory };
}
