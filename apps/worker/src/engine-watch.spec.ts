// Goal: an engine that does not return is found, and one that takes long is not. Method: a clock and ticks of the spec's own.
import { beforeEach, expect, it } from 'vitest';
import type { EngineRequest } from './engine-messages.js';
import { EngineWatch, LEAST_SECONDS, LONGEST_FACTOR } from './engine-watch.js';

let now: number;
let watch: EngineWatch;
beforeEach(() => {
  now = 0;
  watch = new EngineWatch(LEAST_SECONDS, () => now);
});

// Of a request the watch looks at its kind and at how much it is.
const train = (pieces: number): EngineRequest =>
  ({ type: 'train', assignment: { microBatches: Array.from({ length: pieces }, (_, k) => k) } }) as never;
const evaluate = { type: 'evaluate', assignment: { microBatches: [0, 1] } } as never;
const openRun = { type: 'open-run' } as never;

/** A request that is answered after so many seconds. */
function answered(request: EngineRequest, seconds: number, whole = true): void {
  watch.begins(request);
  now += seconds * 1000;
  for (let second = 1; second <= seconds; second++) watch.tick();
  watch.ended(whole);
}

/** After how many ticks the engine hangs; null where it does not within so many. */
function hangsAfter(request: EngineRequest, most = 10_000): number | null {
  watch.begins(request);
  for (let ticks = 1; ticks <= most; ticks++) if (watch.tick() !== null) return ticks;
  return null;
}

it('waits for a minute where a micro-batch takes little', () => {
  answered({ type: 'prove' }, 0.35);
  expect(hangsAfter(train(1))).toBe(LEAST_SECONDS + 1);
  watch.begins(train(1));
  for (let ticks = 1; ticks < LEAST_SECONDS + 1; ticks++) watch.tick();
  expect(watch.tick()).toBe(
    'the engine hangs: it has not answered for 61 s, where at most 0.35 s were to be expected, ' +
      'as its longest micro-batch took; the process ends, to be started again',
  );
});

it('waits for many times the longest micro-batch, for each that was asked for', () => {
  answered({ type: 'prove' }, 10);
  answered(train(4), 160);
  answered(train(2), 1);
  expect(hangsAfter(train(1))).toBe(LONGEST_FACTOR * 40 + 1);
  expect(hangsAfter(train(3))).toBe(LONGEST_FACTOR * 120 + 1);
});

it('takes the proof for no measure any more, once a whole assignment took less', () => {
  answered(openRun, 1);
  answered({ type: 'prove' }, 100);
  // What was cancelled in its middle says little of a micro-batch.
  answered(train(8), 1, false);
  expect(hangsAfter(train(1))).toBe(LONGEST_FACTOR * 100 + 1);
  answered(train(2), 20);
  expect(hangsAfter(train(1))).toBe(LONGEST_FACTOR * 10 + 1);
  answered(train(1), 12, false);
  expect(hangsAfter(train(1))).toBe(LONGEST_FACTOR * 12 + 1);
  // Another run's is one again; as long as it took is waited for, whatever an assignment took.
  answered(openRun, 1);
  answered({ type: 'prove' }, 100);
  answered(train(8), 0.8);
  expect(hangsAfter(train(1))).toBe(100 + 1);
  // What is told is how long a micro-batch took, and not the proof.
  expect(watch.tick()).toMatch(
    /where at most 0\.10 s were to be expected, as its longest micro-batch took; /,
  );
});

it('knows nothing of a kind of work that was not done before, nor of another run’s', () => {
  expect(hangsAfter({ type: 'describe' })).toBeNull();
  expect(hangsAfter(train(1))).toBeNull();
  answered({ type: 'prove' }, 0.1);
  expect(hangsAfter(evaluate)).toBeNull();
  expect(hangsAfter({ type: 'sample', prompt: [1], length: 9 } as never)).toBeNull();
  answered(evaluate, 0.1);
  expect(hangsAfter(evaluate)).toBe(LEAST_SECONDS + 1);
  answered(openRun, 1);
  expect(hangsAfter(evaluate)).toBeNull();
  expect(hangsAfter({ type: 'prove' })).toBeNull();
});

it('counts neither time between requests nor time in which the process stood still', () => {
  answered({ type: 'prove' }, 0.1);
  for (let ticks = 0; ticks < 500; ticks++) expect(watch.tick()).toBeNull();
  // Stopped for an hour, and answered when it goes on: its micro-batch did not take an hour.
  watch.begins(train(1));
  now += 3600_000;
  watch.ended(true);
  expect(hangsAfter(train(1))).toBe(LEAST_SECONDS + 1);
});
