import { assert } from '@rocinante/base';

/** How the learning rate goes over a run's steps. It rises over the warm-up, and then goes its kind's way. */
export type Schedule =
  /** Stays. */
  | { readonly kind: 'constant'; readonly warmupSteps: number }
  /** Half a cosine down to the rate times `finalShare`, which the run's last step has (Loshchilov and Hutter 2017, no restarts). */
  | { readonly kind: 'cosine'; readonly warmupSteps: number; readonly finalShare: number }
  /** Is multiplied by `factor` each `everySteps` steps. */
  | {
      readonly kind: 'step';
      readonly warmupSteps: number;
      readonly everySteps: number;
      readonly factor: number;
    };

/**
 * The learning rate of a step, counted from 0, of a run of `stepsTotal` steps.
 *
 * Warm-up: step s of the first w has rate · (s + 1) / w, so the first has rate / w and the last of them the rate itself;
 * from that one on `cosine` and `step` count. A warm-up of 0 or 1 steps is none. A run that ends in its warm-up never gets
 * further than that. With `cosine` the rates depend on the run's length: one that is given more steps comes down anew.
 *
 * Arithmetic: float64 in the order written, powers by repeated product; the cosine is Node's, whose bits are those of one
 * version of Node.
 */
export function learningRateAt(
  schedule: Schedule,
  learningRate: number,
  step: number,
  stepsTotal: number,
): number {
  assert(
    Number.isInteger(step) && step >= 0 && step < stepsTotal,
    `a run of ${stepsTotal} steps has no step ${step}, counted from 0`,
  );
  const { warmupSteps } = schedule;
  if (step < warmupSteps) return (learningRate * (step + 1)) / warmupSteps;
  const wholeFrom = Math.max(warmupSteps - 1, 0);
  switch (schedule.kind) {
    case 'constant':
      return learningRate;
    case 'cosine': {
      const span = stepsTotal - 1 - wholeFrom;
      if (span === 0) return learningRate;
      const height = (1 + Math.cos((Math.PI * (step - wholeFrom)) / span)) / 2;
      return learningRate * (schedule.finalShare + (1 - schedule.finalShare) * height);
    }
    case 'step': {
      let rate = learningRate;
      for (let left = step - wholeFrom; left >= schedule.everySteps; left -= schedule.everySteps) {
        rate *= schedule.factor;
      }
      return rate;
    }
  }
}
