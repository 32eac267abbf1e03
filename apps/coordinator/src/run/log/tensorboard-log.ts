import { systemTrouble } from '@rocinante/base';
import { EventFile, type Scalar } from '@rocinante/tensorboard';
import {
  noProgress,
  rateShareOf,
  type HistoryEntry,
  type RunConfig,
  type RunEffect,
  type RunProgress,
} from '@rocinante/training';
import { learningRateAt } from '@rocinante/optimizer';
import { bitsPerCharacter } from '../../loss-units.js';
import type { PreparedRun } from '../prepared-run.js';
import type { RunObserver } from '../run-observer.js';

export interface TensorboardRun {
  readonly config: RunConfig;
  readonly stepsTotal: number;
  /** Where the run begins, or goes on. */
  readonly progress: RunProgress;
}

/** What is told of a run that is prepared. */
export function tensorboardRun({ config, shape, loaded }: PreparedRun): TensorboardRun {
  return { config, stepsTotal: shape.stepsTotal, progress: loaded?.progress ?? noProgress };
}

/**
 * A run's numbers as TensorBoard shows them: losses, learning rate, windows a second, norms of gradients. It is told of the
 * run, and changes nothing in it: what cannot be written is said once, and the run goes on.
 */
export class TensorboardLog implements RunObserver {
  readonly #run: TensorboardRun;
  readonly #onFailure: (message: string) => void;
  readonly #now: () => number;
  #file: EventFile | null = null;
  #rateShare: number;
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
    this.#run = run;
    this.#now = now;
    this.#onFailure = (message) => onFailure(`${folder}: ${message}; TensorBoard is not told any more`);
    this.#rateShare = rateShareOf(run.config, run.progress);
    try {
      this.#file = new EventFile(folder, run.progress.step + 1);
    } catch (error) {
      this.#onFailure(systemTrouble(error, folder));
    }
  }

  stepIssued(_step: number, issue: number): void {
    if (issue === 1) this.#issuedAt = this.#now();
  }

  stepClosed({ step, loss, windows, norms }: Extract<RunEffect, { type: 'close-step' }>): void {
    const seconds = (this.#now() - this.#issuedAt) / 1000;
    const sorted = norms.toSorted((a, b) => a - b);
    const { schedule, optimizer } = this.#run.config;
    const rate = learningRateAt(schedule, optimizer.learningRate, step, this.#run.stepsTotal);
    const scalars: Scalar[] = [
      ['loss/train', loss],
      ['learningRate', this.#rateShare * rate],
      ...(seconds > 0 ? [['windowsPerSecond', windows / seconds] as const] : []),
      // Of the gradients of its micro-batches, each the sum over their windows, as the event log has them.
      ...(sorted.length > 0
        ? ([
            ['gradientNorm/median', sorted[sorted.length >> 1]],
            ['gradientNorm/greatest', sorted.at(-1)!],
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
    this.#rateShare = rateShareOf(this.#run.config, progress);
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
