/** Goal: the time left follows what a run does now. Method: entries with times, a second a step but where said otherwise. */
import { beforeEach, expect, it } from 'vitest';
import type { RunLogEntry } from '../run/log/log-entries.js';
import { evaluationEntry, started, stepEntry } from './spec-entries.js';
import { Pace } from './pace.js';

let pace: Pace;
let clock: number;
beforeEach(() => {
  pace = new Pace();
  clock = Date.parse('2026-11-24T10:00:00.000Z');
});

const time = (): string => new Date(clock).toISOString();

function steps(first: number, last: number, seconds = 1): void {
  for (let step = first; step <= last; step++) {
    clock += seconds * 1000;
    pace.entry(stepEntry(step, { time: time(), seconds }));
  }
}

const left = (): RunLogEntry => ({
  time: time(),
  event: 'worker-left',
  atStep: 0,
  worker: 'a',
  lost: true,
  reason: 'no answer',
});

it('says nothing before the third step, nor of the first two', () => {
  pace.entry(started({ atStep: 0 }));
  steps(1, 2, 50);
  expect([pace.secondsAStep, pace.windowsPerSecond]).toEqual([null, null]);
  steps(3, 3);
  expect([pace.secondsAStep, pace.windowsPerSecond]).toEqual([1, 32]);
});

it('counts what is between steps into their time, and not into the rate', () => {
  pace.entry(started({ atStep: 0 }));
  for (let epoch = 0; epoch < 100; epoch++) {
    steps(1 + 10 * epoch, 10 + 10 * epoch);
    clock += 3000;
    pace.entry(evaluationEntry(10 + 10 * epoch));
  }
  expect(pace.secondsAStep).toBeCloseTo(1.3, 1);
  expect(pace.windowsPerSecond).toBeCloseTo(32, 6);
});

it('begins anew where a worker is lost, after an hour as after a minute', () => {
  pace.entry(started({ atStep: 0 }));
  steps(1, 3600);
  expect(pace.secondsAStep).toBeCloseTo(1, 6);
  pace.entry(left());
  // The step in progress is issued again, and says nothing.
  steps(3601, 3601, 5);
  expect(pace.secondsAStep).toBeCloseTo(1, 6);
  steps(3602, 3602, 2);
  expect(pace.secondsAStep).toBeCloseTo(2, 6);
  expect(pace.windowsPerSecond).toBeCloseTo(16, 6);
});

it('follows what changes without a word, within minutes', () => {
  pace.entry(started({ atStep: 0 }));
  steps(1, 3600);
  steps(3601, 3900, 2);
  expect(pace.secondsAStep).toBeGreaterThan(1.7);
});

it('takes no step’s time over a gap, nor from a clock that was set back', () => {
  steps(10, 10);
  steps(50, 50, 100);
  expect(pace.secondsAStep).toBeNull();
  steps(51, 51);
  expect(pace.secondsAStep).toBe(1);
  steps(52, 52, -500);
  expect(pace.secondsAStep).toBe(0.5);
});

it('is not of an earlier activation', () => {
  pace.entry(started({ atStep: 0 }));
  steps(1, 10);
  pace.entry(started({ atStep: 10 }));
  expect(pace.secondsAStep).toBeNull();
});
