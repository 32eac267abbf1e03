import { identityDifferences, type RunConfig } from '@rocinante/training';
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
  /** Steps that both runs have closed. */
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
  first: AsyncIterable<readonly number[]>,
  second: AsyncIterable<readonly number[]>,
  shown: readonly number[],
): Promise<LossComparison> {
  const wanted = new Set(shown);
  const pairs: LossPair[] = [];
  let steps = 0;
  let partedAt: number | null = null;
  for await (const [a, b] of inStep(first, second)) {
    steps += 1;
    const parts = partedAt === null && a !== b;
    if (parts) partedAt = steps;
    if (parts || wanted.has(steps)) pairs.push({ step: steps, first: a, second: b });
  }
  return { steps, partedAt, pairs };
}

/** A handful of steps over the first `steps`, evenly, the first and the last among them. */
export function stepsShown(steps: number, count = 6): number[] {
  if (steps <= count) return Array.from({ length: steps }, (_, index) => index + 1);
  return Array.from({ length: count }, (_, index) => 1 + Math.round((index * (steps - 1)) / (count - 1)));
}

/** The elements of two streams of chunks in pairs, until one of them ends. */
async function* inStep(
  first: AsyncIterable<readonly number[]>,
  second: AsyncIterable<readonly number[]>,
): AsyncGenerator<[number, number]> {
  const others = elements(second);
  try {
    for await (const chunk of first) {
      for (const element of chunk) {
        const other = await others.next();
        if (other.done) return;
        yield [element, other.value];
      }
    }
  } finally {
    await others.return(undefined);
  }
}

async function* elements(chunks: AsyncIterable<readonly number[]>): AsyncGenerator<number> {
  for await (const chunk of chunks) yield* chunk;
}
