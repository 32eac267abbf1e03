import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { limits } from '@rocinante/wire';
import { LogRelay } from './log-relay.js';

let relay: LogRelay;
let sent: string[][];
let lasts: number;

const send = (lines: string[], last: boolean): void => {
  sent.push(lines);
  if (last) lasts += 1;
};

beforeEach(() => {
  vi.useFakeTimers();
  relay = new LogRelay();
  sent = [];
  lasts = 0;
  relay.attach('r1', send);
});
afterEach(() => {
  relay.detach();
  vi.useRealTimers();
});

const line = (run: string, n: number): string => JSON.stringify({ run, n });

it('sends the run’s lines, as many at once as a message holds', () => {
  relay.take(line('r2', 0));
  for (let n = 0; n < limits.LOG_LINES_MAX + 1; n++) relay.take(line('r1', n));
  vi.advanceTimersByTime(2 * limits.LOG_LINES_INTERVAL_MS);
  expect(sent.map((lines) => lines.length)).toEqual([limits.LOG_LINES_MAX, 1]);
  expect(sent[0][0]).toBe(line('r1', 0));
});

it('drops what is more than may wait, and says how many lines', () => {
  for (let n = 0; n < 4 * limits.LOG_LINES_MAX + 7; n++) relay.take(line('r1', n));
  vi.advanceTimersByTime(10 * limits.LOG_LINES_INTERVAL_MS);
  const lines = sent.flat().map((text) => JSON.parse(text) as { run: string; msg?: string });
  expect(lines).toHaveLength(4 * limits.LOG_LINES_MAX + 1);
  expect(lines.at(-1)).toMatchObject({ run: 'r1', msg: "lines of this worker's log that were not sent: 7" });
});

it('sends all that waits when the run is over, says that it was the last, and keeps nothing more of it', () => {
  for (let n = 0; n < 4 * limits.LOG_LINES_MAX + 1; n++) relay.take(line('r1', n));
  relay.end();
  expect(sent.map((lines) => lines.length)).toEqual([...Array<number>(4).fill(limits.LOG_LINES_MAX), 1, 0]);
  expect(sent[4][0]).toContain("lines of this worker's log that were not sent: 1");
  expect(lasts).toBe(1);
  sent = [];
  relay.take(line('r1', 2));
  relay.attach('r2', send);
  relay.take(line('r2', 3));
  vi.advanceTimersByTime(2 * limits.LOG_LINES_INTERVAL_MS);
  expect(sent).toEqual([[line('r2', 3)]]);
});

it('keeps what waits when the session is lost, for the next one of the same run only', () => {
  relay.take(line('r1', 1));
  relay.detach();
  relay.take(line('r1', 2));
  vi.advanceTimersByTime(2 * limits.LOG_LINES_INTERVAL_MS);
  expect(sent).toEqual([]);
  relay.attach('r1', send);
  vi.advanceTimersByTime(limits.LOG_LINES_INTERVAL_MS);
  expect(sent).toEqual([[line('r1', 1), line('r1', 2)]]);
  relay.take(line('r1', 3));
  relay.detach();
  relay.attach('r2', send);
  relay.end();
  expect(sent.slice(1)).toEqual([[]]);
});
