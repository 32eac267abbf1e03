import { expect, it } from 'vitest';
import { evaluationEntry, started, stepEntry } from '../display/spec-entries.js';
import type { RunLogEntry } from '../run/log/log-entries.js';
import { FreshEntries } from './fresh-entries.js';

it('what a watch begins with again is seen once', () => {
  const fresh = new FreshEntries();
  const first = [started({}), stepEntry(1), stepEntry(2), evaluationEntry(2), stepEntry(3)];
  expect(first.map((entry) => fresh.take(entry))).toEqual([true, true, true, true, true]);
  const again = [started({}), evaluationEntry(2), stepEntry(3), stepEntry(4), evaluationEntry(4)];
  expect(again.map((entry) => fresh.take(entry))).toEqual([false, false, false, true, true]);
});

it('steps that a resumed coordinator takes again are seen again, and evaluations before its checkpoint are not', () => {
  const fresh = new FreshEntries();
  for (const entry of [started({}), evaluationEntry(2), stepEntry(3), evaluationEntry(4), stepEntry(5)]) {
    fresh.take(entry);
  }
  const resumed = started({ time: '2026-11-24T12:00:00.000Z', atStep: 3 });
  const again = [resumed, evaluationEntry(2), stepEntry(4), evaluationEntry(4), stepEntry(5)];
  expect(again.map((entry) => fresh.take(entry))).toEqual([true, false, true, true, true]);
});

it('steps that a run which went back takes anew are seen', () => {
  const fresh = new FreshEntries();
  for (const entry of [started({}), stepEntry(5), evaluationEntry(5)]) fresh.take(entry);
  const wentBack: RunLogEntry = {
    time: '2026-11-24T10:00:04.000Z',
    event: 'went-back',
    ...{ atStep: 3, fromStep: 5, times: 1, reason: 'the loss spikes', rateShare: 0.5, notExactSince: null },
  };
  const anew = [wentBack, stepEntry(3), stepEntry(4), stepEntry(5), evaluationEntry(5)];
  expect(anew.map((entry) => fresh.take(entry))).toEqual([true, false, true, true, true]);
});
