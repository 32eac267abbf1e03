import type { RunConfig } from '@rocinante/training';
import { counted, grouped } from '../display/quantities.js';

/** The first steps of a run, over which its learning rate rises, and the rate that the last of them has. */
export interface WarmUp {
  readonly steps: number;
  readonly rate: number;
}

export function warmUpOf({ schedule, optimizer }: Pick<RunConfig, 'schedule' | 'optimizer'>): WarmUp {
  return { steps: schedule.warmupSteps, rate: optimizer.learningRate };
}

/** What is to be told of a warm-up that is longer than its run, in a line; null where it is not. */
export function unfinishedWarmUpLine({ steps, rate }: WarmUp, stepsTotal: number): string | null {
  if (steps <= stepsTotal) return null;
  // `learningRateAt` of libs/optimizer: each step of the warm-up adds the same.
  const reached = shown((rate * stepsTotal) / steps);
  return (
    `the warm-up of ${counted(steps, 'step')} is longer than the run, which has ${grouped(stepsTotal)}: its learning rate ` +
    `comes to ${reached} of ${shown(rate)}; take a smaller --warmup-steps, or a longer run`
  );
}

function shown(rate: number): string {
  return String(Number(rate.toPrecision(3)));
}
