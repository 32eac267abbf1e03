import type { RatePoint } from '@rocinante/run-json';
import type { LogEntryOf } from '../run/log/log-entries.js';

interface Bucket {
  step: number;
  count: number;
  loss: number;
  leastLoss: number;
  greatestLoss: number;
  windows: number;
  seconds: number;
  norm: number;
  normed: number;
  learningRate: number | null;
}

/** What is read of a step; entries of earlier releases say less. */
export type CurveStep = Pick<LogEntryOf<'step'>, 'step' | 'loss' | 'windows' | 'seconds'> &
  Partial<Pick<LogEntryOf<'step'>, 'gradientNorm' | 'learningRate'>>;

/**
 * Losses and rates of steps, thinned as they come: whenever there are twice as many points as are wanted, two and two become
 * one. How many steps will come need not be known, and memory does not grow with them.
 */
export class ThinnedCurve {
  readonly #pointsMax: number;
  #buckets: Bucket[] = [];
  /** Steps of a full point. */
  #width = 1;

  /** @param pointsMax at most so many points, and where there are more steps at least half as many. */
  constructor(pointsMax: number) {
    this.#pointsMax = pointsMax;
  }

  add(entry: CurveStep): void {
    const last = this.#buckets.at(-1);
    const own = bucketOf(entry);
    if (last && last.count < this.#width) {
      this.#buckets[this.#buckets.length - 1] = together(last, own);
      return;
    }
    this.#buckets.push(own);
    if (this.#buckets.length <= this.#pointsMax) return;
    this.#width *= 2;
    const merged: Bucket[] = [];
    for (let index = 0; index < this.#buckets.length; index += 2) {
      merged.push(together(this.#buckets[index], this.#buckets[index + 1]));
    }
    this.#buckets = merged;
  }

  get points(): RatePoint[] {
    return this.#buckets.map(
      ({ step, count, loss, leastLoss, greatestLoss, windows, seconds, norm, normed, learningRate }) => ({
        step,
        loss: loss / count,
        leastLoss,
        greatestLoss,
        windowsPerSecond: seconds > 0 ? windows / seconds : null,
        gradientNorm: normed > 0 ? norm / normed : null,
        learningRate,
      }),
    );
  }
}

function bucketOf({
  step,
  loss,
  windows,
  seconds,
  gradientNorm = null,
  learningRate = null,
}: CurveStep): Bucket {
  const losses = { loss, leastLoss: loss, greatestLoss: loss };
  const norms = { norm: gradientNorm ?? 0, normed: gradientNorm === null ? 0 : 1 };
  return { step, count: 1, ...losses, windows, seconds, ...norms, learningRate };
}

function together(first: Bucket, second: Bucket | undefined): Bucket {
  if (second === undefined) return first;
  return {
    step: second.step,
    count: first.count + second.count,
    loss: first.loss + second.loss,
    leastLoss: Math.min(first.leastLoss, second.leastLoss),
    greatestLoss: Math.max(first.greatestLoss, second.greatestLoss),
    windows: first.windows + second.windows,
    seconds: first.seconds + second.seconds,
    norm: first.norm + second.norm,
    normed: first.normed + second.normed,
    learningRate: second.learningRate,
  };
}
