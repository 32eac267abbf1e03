/** A run's checkpoints as its state machine sees them: which is under way, which was the last, and when the next is due. */
import { assert } from '@rocinante/base';
import type { RunProgress, RunShape } from './run-state.js';
import { saveIntervalMs } from './save-interval.js';

export class Saves {
  readonly #shape: RunShape;
  /** The progress whose save is under way, and that of the last one done; compared by identity. */
  #underWay: RunProgress | null = null;
  #last: RunProgress | null;
  #begunAt: number;
  /** What the last save took; null before. */
  #seconds: number | null = null;

  /**
   * @param last the progress that the run goes on from; null where it begins.
   * @param startedAt the time from which the first interval counts, in milliseconds.
   */
  constructor(shape: RunShape, last: RunProgress | null, startedAt: number) {
    this.#shape = shape;
    this.#last = last;
    this.#begunAt = startedAt;
  }

  get isUnderWay(): boolean {
    return this.#underWay !== null;
  }

  /** Whether there is a checkpoint to resume from. */
  get isAny(): boolean {
    return this.#last !== null;
  }

  /** Whether this progress is saved, or being saved. */
  has(progress: RunProgress): boolean {
    return this.#last === progress || this.#underWay === progress;
  }

  begin(progress: RunProgress, now: number): void {
    assert(this.#underWay === null, 'one save at a time');
    this.#underWay = progress;
    this.#begunAt = now;
  }

  /** @param seconds what it took. */
  done(step: number, seconds: number): void {
    assert(this.#underWay?.step === step, `saved: step ${step} is not being saved`);
    assert(seconds >= 0, `saved: it took 0 seconds or more, not ${seconds}`);
    this.#seconds = seconds;
    this.#last = this.#underWay;
    this.#underWay = null;
  }

  failed(step: number): void {
    assert(this.#underWay?.step === step, `save-failed: step ${step} is not being saved`);
  }

  /** Whether the steps closed are a multiple that is to have a checkpoint, and has none. */
  multipleIsDue(progress: RunProgress): boolean {
    const { checkpointEverySteps, anchorEverySteps } = this.#shape;
    const { step } = progress;
    // A remainder of 0 steps is NaN: no multiple.
    if (step % checkpointEverySteps !== 0 && step % anchorEverySteps !== 0) return false;
    return !this.has(progress);
  }

  intervalIsOver(progress: RunProgress, now: number): boolean {
    const intervalMs = saveIntervalMs(this.#shape, this.#seconds);
    return intervalMs > 0 && !this.isUnderWay && !this.has(progress) && now - this.#begunAt >= intervalMs;
  }
}
