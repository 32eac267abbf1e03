import asciichart from 'asciichart';
import type { LossPoint } from '@rocinante/run-json';
import { grouped } from './quantities.js';

/**
 * A run's training losses, thinned as they come to a curve of at most `points` points: each is the mean over equally many
 * steps, give or take one. Memory does not grow with the steps.
 */
export class LossCurve {
  readonly #steps: number;
  readonly #sums: Float64Array;
  readonly #counts: Uint32Array;
  #seen = 0;

  /** @param steps how many losses there will be; further ones are left out. */
  constructor(steps: number, points: number) {
    this.#steps = steps;
    const width = Math.min(steps, points);
    this.#sums = new Float64Array(width);
    this.#counts = new Uint32Array(width);
  }

  add(losses: readonly number[]): void {
    for (const loss of losses) {
      if (this.#seen >= this.#steps) return;
      const point = Math.floor((this.#seen / this.#steps) * this.#sums.length);
      this.#sums[point] += loss;
      this.#counts[point] += 1;
      this.#seen += 1;
    }
  }

  get points(): LossPoint[] {
    const points: LossPoint[] = [];
    let step = 0;
    for (const [point, count] of this.#counts.entries()) {
      if (count === 0) break;
      step += count;
      points.push({ step, loss: this.#sums[point] / count });
    }
    return points;
  }
}

/** Rows of the drawing. */
const HEIGHT = 10;
/** A curve without rise or fall is drawn in the middle of so much, in nats. */
const FLAT_RANGE = 0.01;
const LABEL_WIDTH = 8;
/** Columns that stand left of the curve: a label and the axis. */
export const CURVE_MARGIN = LABEL_WIDTH + 2;

/** The curve as lines for a terminal, one column a point; nothing for fewer than two points. */
export function drawCurve(points: readonly LossPoint[]): string[] {
  const losses = points.map(({ loss }) => loss).filter(Number.isFinite);
  if (losses.length < 2) return [];
  const middle = losses[0];
  const flat = losses.every((loss) => loss === middle);
  const drawn = asciichart.plot(losses, {
    height: HEIGHT,
    format: (value) => value.toFixed(4).padStart(LABEL_WIDTH),
    ...(flat && { min: middle - FLAT_RANGE / 2, max: middle + FLAT_RANGE / 2 }),
  });
  const last = `step ${grouped(points.at(-1)!.step)}`;
  const axis = `${' '.repeat(CURVE_MARGIN)}1${last.padStart(Math.max(0, losses.length - 1))}`;
  return [...drawn.split('\n').map((line) => line.trimEnd()), axis];
}
