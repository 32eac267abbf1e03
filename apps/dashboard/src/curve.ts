import type { RatePoint } from '@rocinante/run-json';

/**
 * Points of a curve as means over equally many steps, so that what came step by step looks like what came thinned already. Between what
 * single steps' losses lie is kept.
 * @param pointsMax at most so many come back.
 */
export function thin(points: readonly RatePoint[], pointsMax: number): RatePoint[] {
  const last = points.at(-1);
  if (last === undefined || points.length <= pointsMax) return [...points];
  const width = Math.ceil(last.step / pointsMax);
  const thinned: RatePoint[] = [];
  let sum = emptySum();
  let before = 0;
  for (const [index, point] of points.entries()) {
    const { step, loss, leastLoss, greatestLoss, windowsPerSecond, gradientNorm, learningRate } = point;
    // A point stands for the steps after the one before it.
    const steps = Math.max(1, step - before);
    before = step;
    sum.steps += steps;
    sum.loss += steps * loss;
    sum.least = Math.min(sum.least, leastLoss);
    sum.greatest = Math.max(sum.greatest, greatestLoss);
    if (windowsPerSecond !== null) {
      sum.rate += steps * windowsPerSecond;
      sum.rated += steps;
    }
    if (gradientNorm !== null) {
      sum.norm += steps * gradientNorm;
      sum.normed += steps;
    }
    const next = points[index + 1];
    if (next && Math.floor((next.step - 1) / width) === Math.floor((step - 1) / width)) continue;
    thinned.push({
      step,
      loss: sum.loss / sum.steps,
      leastLoss: sum.least,
      greatestLoss: sum.greatest,
      windowsPerSecond: sum.rated > 0 ? sum.rate / sum.rated : null,
      gradientNorm: sum.normed > 0 ? sum.norm / sum.normed : null,
      learningRate,
    });
    sum = emptySum();
  }
  return thinned;
}

interface Sum {
  steps: number;
  loss: number;
  least: number;
  greatest: number;
  rate: number;
  rated: number;
  norm: number;
  normed: number;
}

function emptySum(): Sum {
  return { steps: 0, loss: 0, least: Infinity, greatest: -Infinity, rate: 0, rated: 0, norm: 0, normed: 0 };
}

/** Of many points so many that a person reads them as a table: evenly chosen, the last among them. */
export function chosen<Item>(items: readonly Item[], most: number): Item[] {
  if (items.length <= most) return [...items];
  return Array.from(
    { length: most },
    (_, index) => items[Math.round(((index + 1) * items.length) / most) - 1],
  );
}
