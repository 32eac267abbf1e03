import { AssertionError } from '@rocinante/base';
import { describe, expect, it } from 'vitest';
import { CorpusTooShortError } from './errors.js';
import { countWindows, fillWindows, planWindows, symbolsNeeded, type WindowSet } from './windows.js';

describe('countWindows', () => {
  it('counts those whose following symbol is there too', () => {
    for (const length of [1, 3, 10]) {
      for (const stride of [1, 2, 3, 10, 17]) {
        for (let symbols = 0; symbols < 60; symbols++) {
          let count = 0;
          while (count * stride + length < symbols) count++;
          expect(countWindows(symbols, length, stride)).toBe(count);
        }
      }
    }
  });
});

describe('planWindows', () => {
  it('takes the whole text where no split is asked for', () => {
    const plan = planWindows(109_563, { length: 100, stride: 1, split: false });
    expect(plan).toEqual({
      train: { start: 0, end: 109_563, length: 100, stride: 1, count: 109_463 },
      validation: null,
      test: null,
    });
  });

  it.each([
    [1000, 900, 950],
    [1009, 908, 958],
    [2_065_969, 1_859_372, 1_962_670],
    [999_999_999, 899_999_999, 949_999_999],
  ])('splits %i symbols at %i and %i', (symbols, trainEnd, validationEnd) => {
    const { train, validation, test } = planWindows(symbols, { length: 20, stride: 20, split: true });
    expect([train.start, train.end]).toEqual([0, trainEnd]);
    expect([validation!.start, validation!.end]).toEqual([trainEnd, validationEnd]);
    expect([test!.start, test!.end]).toEqual([validationEnd, symbols]);
  });

  it('refuses a text that is shorter than a window and one symbol', () => {
    expect(planWindows(11, { length: 10, stride: 1, split: false }).train.count).toBe(1);
    const attempt = (): unknown => planWindows(10, { length: 10, stride: 1, split: false });
    expect(attempt).toThrow(CorpusTooShortError);
    expect(attempt).toThrow(
      /^corpus: expected at least 11 characters, which is a window of 10 and the one that follows, received 10; take a longer text or a shorter window$/,
    );
  });

  it('tells what the whole text must have where a part is too short, and how to do without parts', () => {
    for (const length of [1, 2, 7, 10, 100]) {
      const plan = (symbols: number): unknown => planWindows(symbols, { length, stride: 1, split: true });
      const needed = 20 * (length + 1) - 9;
      for (let symbols = 0; symbols < needed; symbols++) {
        const told = `expected at least ${needed.toLocaleString('en-US')} characters, so that what is held out has`;
        expect(() => plan(symbols), `${symbols}`).toThrow(told);
      }
      for (let symbols = needed; symbols < needed + 60; symbols++) expect(() => plan(symbols)).not.toThrow();
    }
    const options = { length: 10, stride: 1, split: true, subject: 'corpus a.txt' };
    expect(() => planWindows(11, options)).toThrow(/^corpus a\.txt: .*, received 11; .*, or --no-held-out$/);
    expect(() => planWindows(10, options)).toThrow(/, received 10; take a longer text or a shorter window$/);
  });

  it.each([
    { length: 10, stride: 1, split: false },
    { length: 10, stride: 10, split: true },
    { length: 100, stride: 100, split: true },
    { length: 7, stride: 3, split: true },
  ])('knows the fewest characters for a number of windows: %o', (options) => {
    for (let windows = 1; windows < 60; windows++) {
      const needed = symbolsNeeded(options, windows);
      expect(planWindows(needed, options).train.count).toBeGreaterThanOrEqual(windows);
      if (needed === symbolsNeeded(options)) expect(() => planWindows(needed - 1, options)).toThrow();
      else expect(planWindows(needed - 1, options).train.count).toBe(windows - 1);
    }
  });

  it('tells a text that is too short what it needs for a batch, where that is more', () => {
    const options = { length: 100, stride: 100, split: true };
    const attempt = (batch: number) => (): unknown => planWindows(147, { ...options, batch });
    expect(attempt(32)).toThrow(
      /^corpus: expected at least 2,011 characters, .* that follows, and 3,557 for a batch of 32 windows, received 147; /,
    );
    expect(attempt(16)).toThrow(/ that follows, received 147; /);
  });
});

describe('fillWindows', () => {
  const ids = Uint8Array.from({ length: 50 }, (_, i) => i);
  const windows: WindowSet = { start: 10, end: 40, length: 4, stride: 5, count: countWindows(30, 4, 5) };

  it('writes each window and the symbol after it into a row', () => {
    const out = new Int32Array(15);
    fillWindows(ids, windows, [5, 0, 1], out);
    expect([...out]).toEqual([35, 36, 37, 38, 39, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
  });

  it('refuses a buffer of another size, and a window that is not there', () => {
    expect(() => fillWindows(ids, windows, [0], new Int32Array(6))).toThrow(AssertionError);
    expect(() => fillWindows(ids, windows, [6], new Int32Array(5))).toThrow(AssertionError);
    expect(() => fillWindows(ids.subarray(0, 39), windows, [0], new Int32Array(5))).toThrow(AssertionError);
  });
});
