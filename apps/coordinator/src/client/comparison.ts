import { WireError, limits, type DigestChunkMessage, type LossChunkMessage } from '@rocinante/wire';
import { inStep, type OfStep, type StepPair } from './in-step.js';

export interface LossComparison {
  /** Steps that both runs have closed, and whose losses both logs have. */
  readonly steps: number;
  /** The first step whose losses are not the same number, from 1; null where all common steps agree to the last bit. */
  readonly partedAt: number | null;
  /** In nats: at a handful of common steps, the first and the last among them, and the one where they part. */
  readonly pairs: readonly StepPair<number>[];
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
  const pairs: StepPair<number>[] = [];
  let steps = 0;
  let partedAt: number | null = null;
  for await (const pair of inStep(lossesByStep(first), lossesByStep(second))) {
    steps += 1;
    const parts = partedAt === null && pair.first !== pair.second;
    if (parts) partedAt = pair.step;
    if (parts || wanted.has(pair.step)) pairs.push(pair);
  }
  return { steps, partedAt, pairs };
}

/** What a ledger has of each step, in the order in which a step makes it, and of a digest's bytes. */
const RECORDED = ['grid', 'sum', 'parameters'] as const;
export type Recorded = (typeof RECORDED)[number];

/** Two runs' ledgers, which see what a loss does not: one bit of the summed gradient or of the parameters. */
export interface LedgerComparison {
  /** Steps that both ledgers have. */
  readonly steps: number;
  /** The first of them in which they say different things, from 1; null where they agree in all. */
  readonly partedAt: number | null;
  /** What they say differently there. */
  readonly differ: readonly Recorded[];
}

/** Compares two runs' ledgers up to where they part. @throws {WireError} MALFORMED: digests that are cut. */
export async function compareLedgers(
  first: AsyncIterable<DigestChunkMessage>,
  second: AsyncIterable<DigestChunkMessage>,
): Promise<LedgerComparison> {
  let steps = 0;
  let parting: Pick<LedgerComparison, 'partedAt' | 'differ'> = { partedAt: null, differ: [] };
  for await (const pair of inStep(digestsByStep(first), digestsByStep(second))) {
    steps += 1;
    if (parting.partedAt !== null || pair.first.equals(pair.second)) continue;
    const differ = RECORDED.filter(
      (_, index) => !digest(pair.first, index).equals(digest(pair.second, index)),
    );
    parting = { partedAt: pair.step, differ };
  }
  return { steps, ...parting };
}

/** A handful of steps over the first `steps`, evenly, the first and the last among them. */
export function stepsShown(steps: number, count = 6): number[] {
  if (steps <= count) return Array.from({ length: steps }, (_, index) => index + 1);
  return Array.from({ length: count }, (_, index) => 1 + Math.round((index * (steps - 1)) / (count - 1)));
}

async function* lossesByStep(chunks: AsyncIterable<LossChunkMessage>): AsyncGenerator<OfStep<number>> {
  for await (const { firstStep, losses } of chunks) {
    for (const [index, value] of losses.entries()) yield { step: firstStep + index, value };
  }
}

async function* digestsByStep(chunks: AsyncIterable<DigestChunkMessage>): AsyncGenerator<OfStep<Buffer>> {
  const size = limits.STEP_DIGESTS_BYTES;
  for await (const { firstStep, digests } of chunks) {
    if (digests.length % size !== 0)
      throw new WireError(
        'MALFORMED',
        `digests: expected ${size} bytes a step, received ${digests.length} bytes`,
      );
    for (let at = 0; at < digests.length; at += size)
      yield { step: firstStep + at / size, value: digests.subarray(at, at + size) };
  }
}

function digest(step: Buffer, index: number): Buffer {
  const size = limits.STEP_DIGESTS_BYTES / RECORDED.length;
  return step.subarray(index * size, (index + 1) * size);
}
