import { DirectoryStore, type Checkpoint, type PassedOver } from '@rocinante/checkpoint';
import { assert } from '@rocinante/base';
import type { ParameterLayout } from '@rocinante/parameters';
import { noProgress, type RunConfig, type RunEffect, type RunProgress } from '@rocinante/training';
import type { CheckpointSaved } from './run-observer.js';
import type { ClosedState } from './run-vectors.js';

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
  /** Newer ones that were damaged. */
  readonly passedOver: readonly PassedOver[];
}

/** A run's checkpoints: the closed state copied aside at once, and written while the run goes on. */
export class RunCheckpoints {
  readonly #store: DirectoryStore;
  readonly #frame: CheckpointFrame;
  readonly #snapshot: Pick<ClosedState, 'parameters' | 'm' | 'v'>;

  constructor(path: string, frame: CheckpointFrame) {
    this.#store = new DirectoryStore(path);
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
  async save(state: ClosedState, effect: Extract<RunEffect, { type: 'save' }>): Promise<CheckpointSaved> {
    const { parameters, m, v } = this.#snapshot;
    parameters.set(state.parameters);
    m.set(state.m);
    v.set(state.v);
    const { config, layout, vocabulary, corpusSha256 } = this.#frame;
    const { history, issues, ...progress } = effect.progress;
    const checkpoint: Checkpoint = {
      step: progress.step,
      layout,
      parameters,
      m,
      v,
      magnitudes: state.magnitudes.slice(),
      ...state.powers,
      issueCount: issues,
      joiningProof: '',
      lossHistory: history,
      configuration: config,
      vocabulary,
      corpusSha256,
      further: { progress: JSON.stringify(progress) },
    };
    const started = performance.now();
    const { name, bytes, step } = await this.#store.save(checkpoint, { best: effect.best });
    return { name, bytes, step, reason: effect.reason, seconds: (performance.now() - started) / 1000 };
  }

  /** @throws {NoGoodCheckpointError} there is none. */
  async load(): Promise<LoadedRun> {
    const { name, checkpoint, passedOver } = await this.#store.loadLatest();
    const { parameters, m, v, magnitudes, beta1Power, beta2Power } = checkpoint;
    // What the file holds are views of one buffer; the run's vectors are its own, and change.
    const state = {
      parameters: parameters.slice(),
      m: m.slice(),
      v: v.slice(),
      magnitudes: magnitudes.slice(),
      powers: { beta1Power, beta2Power },
    };
    return { name, state, progress: progressOf(checkpoint), passedOver };
  }
}

function progressOf(checkpoint: Checkpoint): RunProgress {
  const { step, issueCount, lossHistory, further } = checkpoint;
  const saved = JSON.parse(further.progress ?? '{}') as Partial<RunProgress>;
  assert(saved.step === step, `checkpoint of step ${step} has the progress of step ${saved.step}`);
  return { ...noProgress, ...saved, issues: issueCount, history: lossHistory };
}
