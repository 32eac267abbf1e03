import { AssertionError } from '@rocinante/base';
import { describe, expect, it } from 'vitest';
import {
  pieceStreams,
  pieceWindows,
  planEvaluation,
  type StreamEvaluation,
  type WindowEvaluation,
} from './evaluation.js';
import { countWindows, type WindowSet } from './windows.js';

/** A held-out part of `symbols` symbols that begins at symbol 40, with windows of 10. */
function heldOut(symbols: number, stride: number, length = 10): WindowSet {
  return { start: 40, end: 40 + symbols, length, stride, count: countWindows(symbols, length, stride) };
}

/** Ids that are their own places. */
const ids = Uint32Array.from({ length: 20_000 }, (_, place) => place);

function streamPlan(symbols: number, symbolsMax = Infinity): StreamEvaluation {
  const options = { loss: 'every', microBatch: 4, symbolsMax } as const;
  return planEvaluation(heldOut(symbols, 10), options) as StreamEvaluation;
}

function allStreams(plan: StreamEvaluation): Int32Array[] {
  return Array.from({ length: plan.pieceCount }, (_, piece) => pieceStreams(ids, plan, piece)).flat();
}

describe('streams', () => {
  it.each([
    [11, 1],
    [29, 2],
    [85, 8],
    [99, 9],
    [640, 64],
    [1000, 64],
    [12_345, 64],
  ])('predict each of %i symbols once, in %i streams as even as can be', (symbols, count) => {
    const plan = streamPlan(symbols);
    const streams = allStreams(plan);
    expect(streams.length).toBe(count);
    expect(plan).toMatchObject({ pieceCount: Math.ceil(count / 8), unitCount: symbols, primed: 10 });
    expect(streams.flatMap((stream) => [...stream.subarray(10)])).toEqual([
      ...ids.subarray(40, 40 + symbols),
    ]);
    const lengths = streams.map((stream) => stream.length - 10);
    expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThanOrEqual(1);
    expect(Math.min(...lengths)).toBeGreaterThanOrEqual(10);
  });

  it('begin with the symbols before their first predicted one, which may be of the part before', () => {
    for (const stream of allStreams(streamPlan(1000))) {
      expect([...stream]).toEqual(Array.from(stream, (_, i) => stream[10] - 10 + i));
    }
    expect(allStreams(streamPlan(1000))[0][0]).toBe(30);
  });

  it('end early where so many symbols are not wanted, each after the same number', () => {
    const plan = streamPlan(1000, 649);
    expect(plan).toMatchObject({ streamCount: 64, symbolsPerStreamMax: 10, unitCount: 640 });
    const whole = allStreams(streamPlan(1000));
    allStreams(plan).forEach((stream, i) => expect(stream).toEqual(whole[i].subarray(0, 20)));
    // Parts of 15 and 16 symbols: those of 15 are whole.
    expect(streamPlan(1000, 64 * 16).unitCount).toBe(1000);
    expect(streamPlan(1000, 64 * 15).unitCount).toBe(960);
  });

  it('predict a symbol each at least', () => {
    expect(streamPlan(1000, 1)).toMatchObject({ symbolsPerStreamMax: 1, unitCount: 64 });
  });

  it('are refused where there is nothing to prime them, and past the last piece', () => {
    expect(() =>
      planEvaluation({ ...heldOut(100, 10), start: 5 }, { loss: 'every', microBatch: 4, symbolsMax: 100 }),
    ).toThrow(AssertionError);
    expect(() => pieceStreams(ids, streamPlan(100), 2)).toThrow(AssertionError);
    expect(() => pieceStreams(ids.subarray(0, 139), streamPlan(100), 0)).toThrow(AssertionError);
  });
});

describe('windows', () => {
  function windowPlan(symbols: number, symbolsMax: number): WindowEvaluation {
    const options = { loss: 'last', microBatch: 4, symbolsMax } as const;
    return planEvaluation(heldOut(symbols, 1), options) as WindowEvaluation;
  }

  function allWindows(plan: WindowEvaluation): number[][] {
    return Array.from({ length: plan.pieceCount }, (_, piece) => [...pieceWindows(plan, piece)]);
  }

  it('are all that there are, in order, once', () => {
    const plan = windowPlan(20, 100);
    expect(plan).toMatchObject({ unitCount: 10, pieceCount: 3, every: 1 });
    expect(allWindows(plan)).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9],
    ]);
  });

  it('are evenly spaced where so many are not wanted', () => {
    const plan = windowPlan(20, 49);
    expect(plan).toMatchObject({ unitCount: 4, pieceCount: 1, every: 3 });
    expect(allWindows(plan)).toEqual([[0, 3, 6, 9]]);
    expect(allWindows(windowPlan(20, 1))).toEqual([[0]]);
    for (let symbols = 11; symbols < 60; symbols++) {
      for (let symbolsMax = 10; symbolsMax < 600; symbolsMax += 7) {
        const { unitCount, pieceCount, ...rest } = windowPlan(symbols, symbolsMax);
        const windows = allWindows({ unitCount, pieceCount, ...rest }).flat();
        expect(windows.length).toBe(unitCount);
        expect(unitCount).toBeLessThanOrEqual(Math.floor(symbolsMax / 10));
        expect(windows.at(-1)).toBeLessThan(symbols - 10);
      }
    }
  });

  it('are refused past the last piece', () => {
    expect(() => pieceWindows(windowPlan(20, 100), 3)).toThrow(AssertionError);
  });
});
