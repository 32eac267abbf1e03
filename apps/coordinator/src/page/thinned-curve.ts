import type { RatePoint } from '@rocinante/run-json';

interface Bucket {
  step: number;
  count: number;
  loss: number;
  leastLoss: number;
  greatestLoss: number;
  windows: number;
  seconds: number;
}

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

  add(step: number, loss: number, windows: number, seconds: number): void {
    const last = this.#buckets.at(-1);
    if (last && last.count < this.#width) {
      last.step = step;
      last.count += 1;
      last.loss += loss;
      last.leastLoss = Math.min(last.leastLoss, loss);
      last.greatestLoss = Math.max(last.greatestLoss, loss);
      last.windows += windows;
      last.seconds += seconds;
      return;
    }
    this.#buckets.push({ step, count: 1, loss, leastLoss: loss, greatestLoss: loss, windows, seconds });
    if (this.#buckets.length <= this.#pointsMax) return;
    this.#width *= 2;
    const merged: Bucket[] = [];
    for (let index = 0; index < this.#buckets.length; index += 2) {
      merged.push(together(this.#buckets[index], this.#buckets[index + 1]));
    }
    this.#buckets = merged;
  }

  get points(): RatePoint[] {
    return this.#buckets.map(({ step, count, loss, leastLoss, greatestLoss, windows, seconds }) => ({
      step,
      loss: loss / count,
      leastLoss,
      greatestLoss,
      windowsPerSecond: seconds > 0 ? windows / seconds : null,
    }));
  }
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
  };
}
