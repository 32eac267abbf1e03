import { systemTrouble } from '@rocinante/base';
import { EventFile, type Scalar } from '@rocinante/tensorboard';
import {
  noProgress,
  type HistoryEntry,
  type RunEffect,
  type RunProgress,
  type RunView,
} from '@rocinante/training';
import { bitsPerCharacter } from '../../loss-units.js';
import type { PreparedRun } from '../prepared-run.js';
import type { RunObserver, StepUpdate } from '../run-observer.js';

export interface TensorboardRun {
  /** Where the run begins, or goes on. */
  readonly progress: RunProgress;
}

/** What is told of a run that is prepared. */
export function tensorboardRun({ loaded }: PreparedRun): TensorboardRun {
  return { progress: loaded?.progress ?? noProgress };
}

/**
 * A run's numbers as TensorBoard shows them: losses, learning rate, windows a second, norms of gradients. It is told of the
 * run, and changes nothing in it: what cannot be written is said once, and the run goes on.
 */
export class TensorboardLog implements RunObserver {
  readonly #onFailure: (message: string) => void;
  readonly #now: () => number;
  #file: EventFile | null = null;
  #issuedAt = 0;

  /**
   * @param folder the run's own.
   * @param onFailure told once where it cannot be written any more.
   * @param now milliseconds of a clock that never goes back.
   */
  constructor(
    folder: string,
    run: TensorboardRun,
    onFailure: (message: string) => void,
    now: () => number = () => performance.now(),
  ) {
    this.#now = now;
    this.#onFailure = (message) => onFailure(`${folder}: ${message}; TensorBoard is not told any more`);
    try {
      this.#file = new EventFile(folder, run.progress.step + 1);
    } catch (error) {
      this.#onFailure(systemTrouble(error, folder));
    }
  }

  stepIssued(_step: number, issue: number): void {
    if (issue === 1) this.#issuedAt = this.#now();
  }

  stepClosed(
    { step, loss, windows, norms }: Extract<RunEffect, { type: 'close-step' }>,
    _view: RunView,
    { learningRate, clipping }: StepUpdate,
  ): void {
    const seconds = (this.#now() - this.#issuedAt) / 1000;
    const sorted = norms.toSorted((a, b) => a - b);
    const scalars: Scalar[] = [
      ['loss/train', loss],
      ['learningRate', learningRate],
      ...(seconds > 0 ? [['windowsPerSecond', windows / seconds] as const] : []),
      ...(clipping === null
        ? []
        : ([
            ['gradientNorm', clipping.norm],
            ['clipFactor', clipping.factor],
          ] as const)),
      // Of the gradients of its micro-batches, each the sum over their windows, as the event log has them.
      ...(sorted.length > 0
        ? ([
            ['microBatchNorm/median', sorted[sorted.length >> 1]],
            ['microBatchNorm/greatest', sorted.at(-1)!],
          ] as const)
        : []),
    ];
    this.#write((file) => file.scalars(step + 1, scalars));
  }

  recorded({ step, loss, validationLoss }: HistoryEntry): void {
    const heldOut: Scalar[] =
      validationLoss === null
        ? []
        : [
            ['loss/heldOut', validationLoss],
            ['bitsPerCharacter/heldOut', bitsPerCharacter(validationLoss)],
          ];
    this.#write((file) => file.scalars(step, [['loss/epoch', loss], ...heldOut]));
  }

  /** What was said of later steps does not count: they are taken again. */
  wentBack(progress: RunProgress): void {
    this.#write((file) => file.restart(progress.step + 1));
  }

  #write(work: (file: EventFile) => void): void {
    if (this.#file === null) return;
    try {
      work(this.#file);
    } catch (error) {
      this.#file = null;
      this.#onFailure(systemTrouble(error));
    }
  }
}
