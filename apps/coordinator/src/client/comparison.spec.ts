import { describe, expect, it } from 'vitest';
import type { DigestChunkMessage, LossChunkMessage } from '@rocinante/wire';
import { compareLedgers, compareLosses, stepsShown } from './comparison.js';

async function* chunks(losses: number[], size: number, firstStep = 1): AsyncGenerator<LossChunkMessage> {
  for (let start = 0; start < losses.length; start += size) {
    await Promise.resolve();
    yield { firstStep: firstStep + start, losses: losses.slice(start, start + size) };
  }
}

const losses = Array.from({ length: 100 }, (_, index) => 3 - index / 100);

describe('two runs’ losses', () => {
  it('are the same up to the shorter one’s end, in whatever pieces they come', async () => {
    const compared = await compareLosses(chunks(losses, 7), chunks(losses.slice(0, 60), 13), [1, 60]);
    expect(compared).toEqual({
      steps: 60,
      partedAt: null,
      pairs: [
        { step: 1, first: 3, second: 3 },
        { step: 60, first: losses[59], second: losses[59] },
      ],
    });
  });

  it('part at the first step that differs in its last bit, which is shown too', async () => {
    const other = [...losses];
    other[41] += Number.EPSILON * 2;
    other[42] = 9;
    const compared = await compareLosses(chunks(losses, 10), chunks(other, 10), [1, 100]);
    expect(compared.partedAt).toBe(42);
    expect(compared.pairs.map(({ step }) => step)).toEqual([1, 42, 100]);
    expect(compared.pairs[1].second).not.toBe(compared.pairs[1].first);
  });

  it('are compared step by step where a log lacks some: by the step, not by how many came before', async () => {
    const lacking = async function* (): AsyncGenerator<LossChunkMessage> {
      yield* chunks(losses.slice(0, 20), 10);
      yield* chunks(losses.slice(30), 10, 31);
    };
    for (const [first, second] of [
      [lacking(), chunks(losses, 10)],
      [chunks(losses, 10), lacking()],
    ]) {
      expect(await compareLosses(first, second, [20, 25, 31])).toEqual({
        steps: 90,
        partedAt: null,
        pairs: [20, 31].map((step) => ({ step, first: losses[step - 1], second: losses[step - 1] })),
      });
    }
  });

  it('of a run without a step are none', async () => {
    expect(await compareLosses(chunks([], 5), chunks(losses, 5), [])).toEqual({
      steps: 0,
      partedAt: null,
      pairs: [],
    });
  });
});

describe('two runs’ ledgers', () => {
  /** Each step's grid, sum and parameters are its own; `changed` of one step has another last bit. */
  function digests(steps: number, changed: Record<number, readonly (0 | 1 | 2)[]> = {}): Buffer[] {
    return Array.from({ length: steps }, (_, index) => {
      const step = Buffer.alloc(48, index);
      for (const which of changed[index + 1] ?? []) step[16 * which + 15] ^= 1;
      return step;
    });
  }

  async function* pieces(steps: Buffer[], size: number, firstStep = 1): AsyncGenerator<DigestChunkMessage> {
    for (let start = 0; start < steps.length; start += size) {
      await Promise.resolve();
      const part = Buffer.concat(steps.slice(start, start + size));
      yield { firstStep: firstStep + start, digests: part };
    }
  }

  it('agree up to the shorter one’s end, in whatever pieces they come', async () => {
    const compared = await compareLedgers(pieces(digests(100), 7), pieces(digests(60), 13));
    expect(compared).toEqual({ steps: 60, partedAt: null, differ: [] });
  });

  it.each([
    { of: [1, 2], differ: ['sum', 'parameters'] },
    { of: [2], differ: ['parameters'] },
    { of: [0, 1, 2], differ: ['grid', 'sum', 'parameters'] },
  ] as const)('part where a bit of $differ is another', async ({ of, differ }) => {
    const other = digests(50, { 41: of, 42: [0] });
    const compared = await compareLedgers(pieces(digests(50), 10), pieces(other, 10));
    expect(compared).toEqual({ steps: 50, partedAt: 41, differ });
  });

  it('are compared by the step where one began late', async () => {
    const late = pieces(digests(50).slice(20), 10, 21);
    expect(await compareLedgers(pieces(digests(50), 10), late)).toMatchObject({ steps: 30, partedAt: null });
  });

  it('of a run without one have no step in common', async () => {
    const compared = await compareLedgers(pieces([], 5), pieces(digests(3), 5));
    expect(compared).toEqual({ steps: 0, partedAt: null, differ: [] });
  });

  it('are refused where a step’s digests are cut', async () => {
    const cut = pieces([Buffer.alloc(47)], 1);
    await expect(compareLedgers(cut, pieces(digests(1), 1))).rejects.toThrow(
      'digests: expected 48 bytes a step, received 47 bytes',
    );
  });
});

describe('the steps that are shown', () => {
  it('are all of a few, else a handful with the first and the last', () => {
    expect(stepsShown(0)).toEqual([]);
    expect(stepsShown(3)).toEqual([1, 2, 3]);
    expect(stepsShown(101)).toEqual([1, 21, 41, 61, 81, 101]);
    expect(new Set(stepsShown(7)).size).toBe(6);
  });
});
