import { describe, expect, it } from 'vitest';
import type { LossChunkMessage } from '@rocinante/wire';
import { presets } from '../presets.js';
import { compareLosses, configDifferences, stepsShown } from './comparison.js';
import type { ShownRun } from './coordinator.js';

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

describe('the steps that are shown', () => {
  it('are all of a few, else a handful with the first and the last', () => {
    expect(stepsShown(0)).toEqual([]);
    expect(stepsShown(3)).toEqual([1, 2, 3]);
    expect(stepsShown(101)).toEqual([1, 21, 41, 61, 81, 101]);
    expect(new Set(stepsShown(7)).size).toBe(6);
  });
});

describe('two configurations', () => {
  const shown = (config: object, corpusSha256 = 'aa'): ShownRun =>
    ({ configJson: JSON.stringify(config), corpusSha256 }) as ShownRun;

  it('differ in lengths and texts too', () => {
    const first = shown(presets.quick);
    const second = shown({ ...presets.quick, seed: 2, steps: 9, epochs: 1 }, 'bb');
    expect(configDifferences(first, first)).toEqual([]);
    expect(configDifferences(first, second)).toEqual([
      { key: 'epochs', first: 4, second: 1 },
      { key: 'seed', first: 1, second: 2 },
      { key: 'steps', first: null, second: 9 },
      { key: 'corpusSha256', first: 'aa', second: 'bb' },
    ]);
  });
});
