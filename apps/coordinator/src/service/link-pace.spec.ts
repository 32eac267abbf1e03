/** How many ranges are under way on links of several speeds: played range by range, against a clock of the spec's own. */
import { describe, expect, it } from 'vitest';
import { limits } from '@rocinante/wire';
import { LinkPace } from './link-pace.js';

const RANGE_BYTES = 1 << 20;
const CREDITS = 8;

/**
 * Sends ranges over a link that takes them one after another.
 * @returns what was under way at most, in ranges, and when the last was taken.
 */
function play(
  pace: LinkPace,
  ranges: number,
  mbits: number,
  roundTripMs: number,
  start = 0,
): [number, number] {
  const rangeMs = (RANGE_BYTES * 8) / (mbits * 1000);
  const credits: number[] = [];
  let [now, most, freeAt] = [start, 0, start];
  for (let sent = 0; sent < ranges || credits.length > 0;) {
    while (sent < ranges && credits.length < CREDITS && pace.hasRoom(now)) {
      pace.sent(now, true);
      sent += 1;
      freeAt = Math.max(freeAt, now) + rangeMs;
      credits.push(freeAt + roundTripMs);
    }
    most = Math.max(most, credits.length);
    now = credits.shift()!;
    pace.taken(1, now);
  }
  return [most, now];
}

describe('ranges under way', () => {
  it.each([
    { mbits: 4, roundTripMs: 20, most: 1 },
    { mbits: 8, roundTripMs: 20, most: 1 },
    { mbits: 30, roundTripMs: 20, most: 2 },
    { mbits: 100, roundTripMs: 20, most: 6 },
    { mbits: 1000, roundTripMs: 20, most: 8 },
    { mbits: 10_000, roundTripMs: 20, most: 8 },
  ])('are at most $most of 8 at $mbits Mbit/s', ({ mbits, roundTripMs, most }) => {
    const [underWay] = play(new LinkPace(), 100, mbits, roundTripMs);
    expect(underWay).toBe(most);
    const rangeMs = (RANGE_BYTES * 8) / (mbits * 1000);
    expect((underWay - 1) * rangeMs).toBeLessThan(limits.UNDER_WAY_MS_MAX);
  });

  it.each([
    { mbits: 100, isSlow: true },
    { mbits: 1000, isSlow: true },
    { mbits: 10_000, isSlow: false },
  ])('say that a link of $mbits Mbit/s is slow: $isSlow', ({ mbits, isSlow }) => {
    const pace = new LinkPace();
    expect(pace.isSlow).toBe(false);
    play(pace, 20, mbits, 0.2);
    expect(pace.isSlow).toBe(isSlow);
  });

  it('keep a quick link full from the second on', () => {
    const [, took] = play(new LinkPace(), 101, 1000, 20);
    const full = (RANGE_BYTES * 8 * 101) / 1e6;
    expect(took).toBeLessThan(full + 3 * 20);
  });

  it('are fewer at once when the link becomes slow, and more by and by when it becomes quick', () => {
    const pace = new LinkPace();
    const [, quickUntil] = play(pace, 20, 1000, 1);
    const [, slowUntil] = play(pace, 10, 8, 1, quickUntil);
    expect(play(pace, 3, 8, 1, slowUntil)[0]).toBe(1);
    expect(play(pace, 20, 1000, 1, slowUntil + 5_000)[0]).toBe(8);
  });

  it('are no more while the first has not come for long', () => {
    const pace = new LinkPace();
    pace.sent(0, true);
    pace.taken(1, 10);
    pace.sent(10, true);
    expect(pace.hasRoom(20)).toBe(true);
    expect(pace.hasRoom(10 + limits.UNDER_WAY_MS_MAX)).toBe(false);
  });

  it('are one until a range that measures was taken, and again after others begin', () => {
    const pace = new LinkPace();
    // What a worker gives before anything was sent.
    pace.taken(8, 0);
    pace.sent(0, false);
    pace.taken(1, 1);
    pace.sent(1, true);
    expect(pace.hasRoom(1)).toBe(false);
    pace.taken(1, 2);
    pace.sent(2, true);
    expect([pace.hasRoom(2), pace.underWay]).toEqual([true, 1]);
    pace.forget();
    expect(pace.hasRoom(2)).toBe(false);
    pace.taken(1, 3);
    pace.sent(3, true);
    expect(pace.hasRoom(3)).toBe(false);
  });
});
