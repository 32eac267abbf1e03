import { assert } from '@rocinante/base';
import {
  checkpointName,
  CheckpointWriteError,
  DirectoryStore,
  NoGoodCheckpointError,
  type Checkpoint,
  type NotRemoved,
  type PassedOver,
  type Retention,
  type SavedCheckpoint,
  type VectorHashes,
} from '@rocinante/checkpoint';
import { layoutSha256, type ParameterLayout } from '@rocinante/parameters';
import {
  identityDifferences,
  identityOf,
  type RunConfig,
  type RunEffect,
  type RunProgress,
} from '@rocinante/training';
import { parseConfig } from '../../config.js';
import { UsageError } from '../../errors.js';
import type { CheckpointSetting, ReadCheckpoint, SaveRequest } from './checkpoint-messages.js';
import { CheckpointThread } from './checkpoint-thread.js';
import { exactnessOf, furtherOf, type Exactness } from '../exactness.js';
import type { RunLimits } from '../run-limits.js';
import type { CheckpointSaved } from '../run-observer.js';
import type { ClosedState } from '../arithmetic/run-vectors.js';
import { progressOf } from './saved-progress.js';
import { sharedVector } from '../arithmetic/shared-vector.js';
import type { StateVectors } from '../arithmetic/step-arithmetic.js';

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
  /** Of the state's vectors as they were read. */
  readonly hashes: VectorHashes;
  /** Newer ones that were damaged. */
  readonly passedOver: readonly PassedOver[];
}

/** What is to be saved of a run. */
export interface SaveOrder {
  readonly effect: Extract<RunEffect, { type: 'save' }>;
  /** Resolves when the closed state's vectors are in the snapshot; a rejection is passed on. */
  readonly copied: Promise<void>;
  /** What of the closed state is not in the snapshot. */
  readonly closed: Pick<ClosedState, 'magnitudes' | 'powers'>;
  readonly exactness: Exactness;
  /** Whether the hashes of the vectors are wanted. */
  readonly hashed: boolean;
  /** Waits where the disk is full; false where the save is not to be tried again. */
  readonly untilRoom: (error: Error) => Promise<boolean>;
  /** Told what people should know, in one line. */
  readonly noticed: (message: string) => void;
}

/**
 * A run's checkpoints. The closed state is copied into the snapshot, by who makes the next one, and a thread writes it
 * while the run goes on.
 */
export class RunCheckpoints {
  /** Where the closed state is copied to; it must not change while a save is under way. */
  readonly snapshot: StateVectors;
  readonly #frame: CheckpointFrame;
  readonly #setting: CheckpointSetting;
  /** Names that loading passed over, and that are still there. */
  #damaged: readonly string[] = [];
  /** Whether it was told that the disk does not remove old ones: once, until it does. */
  #saidNotRemoved = false;
  /** Null where nothing is saved, before the run begins and after its end. */
  #thread: CheckpointThread | null = null;

  constructor(path: string, frame: CheckpointFrame, kept: Pick<RunLimits, 'keepLast' | 'keepEverySteps'>) {
    const { config, layout, vocabulary, corpusSha256 } = frame;
    const { length } = layout;
    this.snapshot = { parameters: sharedVector(length), m: sharedVector(length), v: sharedVector(length) };
    this.#frame = frame;
    const constants = { ...this.snapshot, layout, configuration: config, vocabulary, corpusSha256 };
    const retention: Retention = { keepLast: kept.keepLast, keepEverySteps: kept.keepEverySteps };
    this.#setting = { directory: path, retention, constants };
  }

  /** Begins the thread that saves. @param onDeath it ended by itself. */
  open(onDeath: (error: Error) => void): void {
    assert(this.#thread === null, 'checkpoints are open already');
    this.#thread = new CheckpointThread(this.#setting, onDeath);
  }

  /** Ends the thread; no save is under way. */
  async close(): Promise<void> {
    await this.#thread?.stop();
    this.#thread = null;
  }

  /**
   * Saves the closed state once it is in the snapshot, as soon as the disk has room for it. One save at a time.
   * @returns what was saved, the time that the writing took; and the vectors' hashes, null where they are not wanted.
   * @throws {CheckpointWriteError | NonFiniteCheckpointError} nothing is saved, and nothing lost.
   * @throws {RunFailedError} the thread ended before.
   */
  async save(order: SaveOrder): Promise<{ saved: CheckpointSaved; hashes: VectorHashes | null }> {
    assert(this.#thread !== null, 'checkpoints are open');
    const { effect, copied, closed, exactness, hashed, untilRoom, noticed } = order;
    const state = savedState(closed, effect.progress, exactness);
    await copied;
    const options = { best: effect.best, hashed, alsoKept: this.#anchorOf(effect.progress) };
    const request = { state, options, damaged: this.#damaged, goesBack: false };
    for (;;) {
      const started = performance.now();
      try {
        const written = await this.#thread.save(request);
        this.#written(written, noticed);
        const { name, bytes, step, hashes } = written;
        const seconds = (performance.now() - started) / 1000;
        return { saved: { name, bytes, step, reason: effect.reason, seconds }, hashes };
      } catch (error) {
        const waits = error instanceof CheckpointWriteError && error.full && (await untilRoom(error));
        if (!waits) throw error;
      }
    }
  }

  /** What a checkpoint that is saved made needless is gone, or tried again by the next one: no reason to fail. */
  #written({ name, notRemoved }: SavedCheckpoint, noticed?: (message: string) => void): void {
    this.#damaged = notRemoved.length === 0 ? [] : this.#damaged.filter((damaged) => damaged !== name);
    if (noticed === undefined) return;
    if (notRemoved.length > 0 && !this.#saidNotRemoved) noticed(notRemovedLine(notRemoved));
    this.#saidNotRemoved = notRemoved.length > 0;
  }

  /**
   * Goes back to the state of an earlier step, as the progress says it: later checkpoints are removed, and its own is written
   * anew. No save is under way.
   * @throws {CheckpointWriteError} its own is as it was; later ones are gone, or some of them.
   * @throws Node's error where later ones could not be listed or removed.
   */
  async goBack({ state, progress, exactness }: LoadedRun): Promise<void> {
    for (const vector of ['parameters', 'm', 'v'] as const) this.snapshot[vector].set(state[vector]);
    const options = { best: false, alsoKept: this.#anchorOf(progress) };
    const order = { state: savedState(state, progress, exactness), options, damaged: this.#damaged };
    this.#written(await this.#once((thread) => thread.save({ ...order, goesBack: true })));
  }

  /** Has a thread do one thing while the run has none. */
  async #once<Result>(act: (thread: CheckpointThread) => Promise<Result>): Promise<Result> {
    assert(this.#thread === null, 'the run is not under way');
    let death: Error | null = null;
    const thread = new CheckpointThread(this.#setting, (error) => (death = error));
    try {
      return await act(thread);
    } catch (error) {
      throw death ?? error;
    } finally {
      await thread.stop();
    }
  }

  /** The step whose checkpoint is kept to go back to; null for none. */
  #anchorOf({ anchorStep }: RunProgress): number | null {
    return this.#frame.config.divergence.then === 'rollback' ? anchorStep : null;
  }

  /**
   * The newest good checkpoint.
   * @throws {NoGoodCheckpointError} there is none. @throws {UnreadableCheckpointError} a newer one cannot be read now.
   * @throws {UsageError} it is another run's; names the first keys that differ.
   */
  async load(): Promise<LoadedRun> {
    const read = await this.#once((thread) => thread.load(null));
    this.#damaged = read.passedOver.map((passed) => passed.name);
    return this.#loaded(read);
  }

  /** The checkpoint of a step. @throws {DamagedCheckpointError} @throws {UsageError} it is another run's. */
  async loadStep(step: number): Promise<LoadedRun> {
    return this.#loaded(await this.#once((thread) => thread.load(checkpointName(step))));
  }

  #loaded({ name, checkpoint, passedOver, hashes }: ReadCheckpoint): LoadedRun {
    this.#checkOwn(name, checkpoint);
    const { parameters, m, v, magnitudes, beta1Power, beta2Power } = checkpoint;
    const state = { parameters, m, v, magnitudes, powers: { beta1Power, beta2Power } };
    const exactness = exactnessOf(checkpoint.joiningProof, checkpoint.further);
    return { name, state, progress: progressOf(checkpoint), exactness, hashes, passedOver };
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

function notRemovedLine([{ name, reason }, ...others]: readonly NotRemoved[]): string {
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  const why = `${name} is not removed: ${reason}${more}`;
  return `old checkpoints that need not be kept take room: ${why}; it is tried again with each one that is saved`;
}

/** What of a checkpoint is another one at each save, but for the long vectors. */
function savedState(
  { magnitudes, powers }: Pick<ClosedState, 'magnitudes' | 'powers'>,
  { history, issues, ...progress }: RunProgress,
  exactness: Exactness,
): SaveRequest['state'] {
  return {
    step: progress.step,
    magnitudes: magnitudes.slice(),
    ...powers,
    issueCount: issues,
    joiningProof: exactness.proof,
    lossHistory: history,
    further: { progress: JSON.stringify(progress), ...furtherOf(exactness) },
  };
}
