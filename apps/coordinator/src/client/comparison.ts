import { identityDifferences, type RunConfig } from '@rocinante/training';
import type { LossChunkMessage } from '@rocinante/wire';
import type { ShownRun } from './coordinator.js';

/** A configuration key in which two runs differ, dotted; a value that a run does not have is null. */
export interface ConfigDifference {
  readonly key: string;
  readonly first: unknown;
  readonly second: unknown;
}

/** All of two runs' configurations, lengths and texts too, where they differ. */
export function configDifferences(first: ShownRun, second: ShownRun): ConfigDifference[] {
  const whole = ({ configJson, corpusSha256 }: ShownRun): { config: RunConfig; corpusSha256: string } => ({
    config: JSON.parse(configJson) as RunConfig,
    corpusSha256,
  });
  const value = (json: string): unknown => (json === 'absent' ? null : JSON.parse(json));
  return identityDifferences(whole(first), whole(second)).map((difference) => ({
    key: difference.key,
    first: value(difference.first),
    second: value(difference.second),
  }));
}

/** Two runs' losses of one step, in nats. */
export interface LossPair {
  readonly step: number;
  readonly first: number;
  readonly second: number;
}

export interface LossComparison {
  /** Steps that both runs have closed, and whose losses both logs have. */
  readonly steps: number;
  /** The first step whose losses are not the same number, from 1; null where all common steps agree to the last bit. */
  readonly partedAt: number | null;
  /** At a handful of common steps, the first and the last among them, and the one where they part. */
  readonly pairs: readonly LossPair[];
}

/**
 * Compares two runs' losses step by step as they come; neither is kept.
 * @param shown the steps to show side by side, ascending, from 1.
 */
export async function compareLosses(
  first: AsyncIterable<LossChunkMessage>,
  second: AsyncIterable<LossChunkMessage>,
  shown: readonly number[],
): Promise<LossComparison> {
  const wanted = new Set(shown);
  const pairs: LossPair[] = [];
  let steps = 0;
  let partedAt: number | null = null;
  for await (const pair of inStep(first, second)) {
    steps += 1;
    const parts = partedAt === null && pair.first !== pair.second;
    if (parts) partedAt = pair.step;
    if (parts || wanted.has(pair.step)) pairs.push(pair);
  }
  return { steps, partedAt, pairs };
}

/** A handful of steps over the first `steps`, evenly, the first and the last among them. */
export function stepsShown(steps: number, count = 6): number[] {
  if (steps <= count) return Array.from({ length: steps }, (_, index) => index + 1);
  return Array.from({ length: count }, (_, index) => 1 + Math.round((index * (steps - 1)) / (count - 1)));
}

/** The losses of the steps that two runs have in common, until one of them ends. */
async function* inStep(
  first: AsyncIterable<LossChunkMessage>,
  second: AsyncIterable<LossChunkMessage>,
): AsyncGenerator<LossPair> {
  const others = stepsOf(second);
  try {
    let other = await others.next();
    for await (const { step, loss } of stepsOf(first)) {
      while (!other.done && other.value.step < step) other = await others.next();
      if (other.done) return;
      if (other.value.step === step) yield { step, first: loss, second: other.value.loss };
    }
  } finally {
    await others.return(undefined);
  }
}

async function* stepsOf(
  chunks: AsyncIterable<LossChunkMessage>,
): AsyncGenerator<{ readonly step: number; readonly loss: number }> {
  for await (const { firstStep, losses } of chunks) {
    for (const [index, loss] of losses.entries()) yield { step: firstStep + index, loss };
  }
}
