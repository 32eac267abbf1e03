import { describe, expect, it } from 'vitest';
import { LATE_LEAST_MS, Roster, SEND_LATE_FACTOR } from './roster.js';

/** Of two workers: one has sent a range, which took it 100 ms, and is told of another; the other is told of its first. */
function sending(): Roster {
  const roster = new Roster();
  for (const worker of ['measured', 'new']) roster.join(worker);
  for (const range of [0, 1]) roster.granted('measured', 1, range);
  roster.told('measured', 1, 0, 0);
  roster.sent('measured', 1, 0, 100);
  roster.told('measured', 1, 1, 100);
  roster.granted('new', 2, 0);
  roster.told('new', 2, 0, 100);
  return roster;
}

describe('a worker that was never measured in sending', () => {
  it('is late by what the others take', () => {
    const roster = sending();
    const dueAt = 100 + Math.max(LATE_LEAST_MS, SEND_LATE_FACTOR * 100);
    expect(roster.nextDueAt(100)).toBe(dueAt);
    expect(roster.isLateInSending('new', dueAt - 1)).toBe(false);
    expect(roster.isLateInSending('new', dueAt)).toBe(true);
  });

  it('is given longer from when another was late: that one takes no less than it has taken by now', () => {
    const roster = sending();
    const now = 60_100;
    expect(roster.late(now)).toEqual(['measured', 'new']);
    roster.lostInSending('measured', 1, now);
    expect(roster.rangeSeconds('measured')).toBe(60);
    const dueAt = 100 + SEND_LATE_FACTOR * 60_000;
    expect(roster.isLateInSending('new', now)).toBe(false);
    expect(roster.nextDueAt(now)).toBe(dueAt);
    expect(roster.isLateInSending('new', dueAt)).toBe(true);
  });
});

describe('what is taken from a worker', () => {
  it('is nothing where the worker is gone, or does not have it', () => {
    const roster = sending();
    roster.taken('nobody', 1, 100);
    const dueAt = roster.nextDueAt(100);
    roster.taken('new', 7, 100);
    expect(roster.nextDueAt(100)).toBe(dueAt);
  });
});
