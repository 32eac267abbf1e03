import { describe, expect, it } from 'vitest';
import { IDLE_ISSUES_MAX, LATE_FACTOR, LATE_LEAST_MS, Roster } from './roster.js';
import type { Assignment, WorkKind } from './work.js';

let lastId = 0;

function work(count: number, kind: WorkKind = 'train'): Assignment {
  const microBatches = Array.from({ length: count }, (_, microBatch) => microBatch);
  const rest = { step: 0, issue: 1, parametersVersion: 0, firstRange: 0, magnitudesOnly: false };
  return { id: ++lastId, kind, microBatches, ...rest };
}

/** A worker that has been given so much and has reported it after so long, as it says and as it was seen. */
function measured(
  roster: Roster,
  worker: string,
  count: number,
  computeSeconds: number,
  seenMs = computeSeconds * 1000,
): void {
  const assignment = work(count);
  roster.given(worker, assignment, 0);
  roster.heard(worker, assignment.id, computeSeconds, seenMs);
}

function rosterOf(...workers: string[]): Roster {
  const roster = new Roster();
  for (const worker of workers) roster.join(worker);
  return roster;
}

describe('speeds', () => {
  it('are averaged, the newest most, without a worker’s first, and a new one is lent the mean', () => {
    const roster = rosterOf('a', 'b', 'new');
    for (const [worker, seconds] of [
      ['a', 100],
      ['a', 1],
      ['b', 9],
      ['b', 0.5],
      ['b', 1],
    ] as const) {
      measured(roster, worker, 4, seconds);
    }
    const rates = roster.candidates(0).map(({ rate }) => rate);
    expect(rates[0]).toBe(4);
    expect(rates[1]).toBeCloseTo(8 - 0.3 * 4, 12);
    expect(rates[2]).toBeCloseTo((4 + 6.8) / 2, 12);
  });

  it('do not follow a time that cannot be', () => {
    const roster = rosterOf('a');
    for (const seconds of [1, 0, -1, NaN, Infinity]) measured(roster, 'a', 1, seconds, 1);
    expect(roster.speeds()).toEqual([{ worker: 'a', microBatchesPerSecond: null }]);
  });

  it('are measured again where a worker was left without work for long', () => {
    const roster = rosterOf('a');
    for (let issue = 0; issue < IDLE_ISSUES_MAX; issue++) roster.countIdle();
    expect(roster.candidates(0)[0].probe).toBe(true);
    roster.given('a', work(1), 0);
    roster.countIdle();
    expect(roster.candidates(0)[0].probe).toBe(false);
  });
});

describe('a worker’s lateness', () => {
  it('follows from its own pace, and from what the exchange took beside computing', () => {
    const roster = rosterOf('a');
    measured(roster, 'a', 4, 4);
    measured(roster, 'a', 4, 4, 4600);
    roster.given('a', work(2), 10_000);
    const dueAt = 10_000 + LATE_FACTOR * (2000 + 600);
    expect(roster.nextDueAt(10_000)).toBeCloseTo(dueAt, 6);
    expect(roster.late(dueAt - 1)).toEqual([]);
    expect(roster.late(dueAt + 1)).toEqual(['a']);
    expect(roster.nextDueAt(dueAt + 1)).toBeNull();
  });

  it('follows from the others’ mean where it was never measured, and is nothing where nobody was', () => {
    const roster = rosterOf('a', 'b', 'new');
    roster.given('new', work(4), 0);
    expect(roster.nextDueAt(0)).toBeNull();
    measured(roster, 'a', 4, 2);
    expect(roster.nextDueAt(0)).toBe(LATE_FACTOR * 2000);
    measured(roster, 'b', 4, 4);
    expect(roster.nextDueAt(0)).toBe(LATE_FACTOR * 3000);
  });

  it('is none below what a busy machine takes to notice anything', () => {
    const roster = rosterOf('a');
    measured(roster, 'a', 4, 0.004);
    measured(roster, 'a', 4, 0.004);
    roster.given('a', work(4), 50);
    expect(roster.nextDueAt(50)).toBe(50 + LATE_LEAST_MS);
  });

  it('counts from where the piece of work before it ended', () => {
    const roster = rosterOf('a');
    measured(roster, 'a', 1, 1);
    const [first, second] = [work(1), work(1)];
    roster.given('a', first, 0);
    roster.given('a', second, 0);
    roster.heard('a', first.id, 1, 1900);
    expect(roster.late(3000)).toEqual([]);
    expect(roster.late(1900 + LATE_FACTOR * 1900 + 1)).toEqual(['a']);
  });

  it('of an evaluation follows from evaluations', () => {
    const roster = rosterOf('a');
    measured(roster, 'a', 1, 100);
    roster.given('a', work(1, 'evaluate'), 0);
    expect(roster.nextDueAt(0)).toBeNull();
  });

  it('makes its pace no faster than that, and keeps work from it until it is heard of', () => {
    const roster = rosterOf('a', 'b');
    for (const worker of ['a', 'b', 'a', 'b']) measured(roster, worker, 4, 1);
    const late = work(4);
    roster.given('a', late, 0);
    roster.lost('a', 8000);
    roster.taken('a', late.id, 8000);
    expect(roster.quiet).toEqual(['a']);
    expect(roster.candidates(8000).map(({ worker }) => worker)).toEqual(['b']);
    roster.heard('a', late.id, 9, 9000);
    expect(roster.candidates(0)).toMatchObject([
      { worker: 'a', rate: 0.5, load: 0 },
      { worker: 'b', rate: 4 },
    ]);
  });

  it('leaves even a quiet worker a candidate where there is no other', () => {
    const roster = rosterOf('a');
    roster.given('a', work(1), 0);
    roster.lost('a', 8000);
    expect(roster.candidates(8000)).toHaveLength(1);
  });
});
