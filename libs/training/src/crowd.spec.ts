/**
 * Goal: what an event of a run costs grows with its workers, and not with their square: a thousand of them report in each step,
 * and the network's thread answers their keep-alives beside. Method: counts what is asked of each worker, not the time.
 */
import { afterEach, beforeEach, describe, expect, it, vi, type MockInstance } from 'vitest';
import { Conversation } from './conversation.js';
import { Pace } from './pace.js';
import { LATE_LEAST_MS, Roster } from './roster.js';

const WORKERS = 64;
const names = Array.from({ length: WORKERS }, (_, index) => `w${index}`);

let paces: MockInstance<Pace['expectedSeconds']>;
let candidates: MockInstance<Roster['candidates']>;

beforeEach(() => {
  paces = vi.spyOn(Pace.prototype, 'expectedSeconds');
  candidates = vi.spyOn(Roster.prototype, 'candidates');
});
afterEach(() => vi.restoreAllMocks());

/** A run of so many workers with a micro-batch each. */
function crowd(): Conversation {
  return Conversation.begun(names, {
    microBatchesPerStep: WORKERS,
    windowsPerMicroBatch: 1,
    windowsPerEpoch: 10 * WORKERS,
    stepsTotal: 10,
  });
}

describe('a run of many workers', () => {
  it.each(['first', 'second'])('looks at each of them about once a report in its %s step', (which) => {
    const run = crowd();
    if (which === 'second') run.closeTogether(names, 1, WORKERS, 0.01);
    paces.mockClear();
    candidates.mockClear();
    run.closeTogether(names, which === 'first' ? 1 : WORKERS + 1, WORKERS, 0.01);
    expect(run.machine.progress.step).toBe(which === 'first' ? 1 : 2);
    expect(run.machine.wakeAt).not.toBeNull();
    expect(paces.mock.calls.length).toBeLessThan(4 * WORKERS * WORKERS);
    // Of the next issue.
    expect(candidates).toHaveBeenCalledOnce();
  });

  it('looks for who is free once an event, and once more for each whose work is raced', () => {
    const run = crowd();
    run.closeTogether(names, 1, WORKERS, 0.001);
    const half = WORKERS / 2;
    for (let index = 0; index < half; index++) {
      run.report(names[index], WORKERS + 1 + index, [index], { seconds: 0.001 });
      run.send(names[index], WORKERS + 1 + index);
    }
    candidates.mockClear();
    const raced = run.tick(run.at + LATE_LEAST_MS);
    expect(raced.filter((line) => line.startsWith('late'))).toHaveLength(half);
    expect(candidates.mock.calls.length).toBeLessThanOrEqual(half + 1);
    // Nobody is free any more: all that are late wait for their rivals.
    candidates.mockClear();
    for (let event = 0; event < 8; event++) run.tick();
    expect(candidates.mock.calls.length).toBeLessThanOrEqual(8);
  });
});
