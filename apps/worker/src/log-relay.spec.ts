import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { limits } from '@rocinante/wire';
import { LogRelay } from './log-relay.js';

let relay: LogRelay;
let sent: string[][];

beforeEach(() => {
  vi.useFakeTimers();
  relay = new LogRelay();
  sent = [];
  relay.attach('r1', (lines) => sent.push(lines));
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
  expect(lines.at(-1)).toMatchObject({ run: 'r1', msg: "7 lines of this worker's log were not sent" });
});

it('forgets what waits when the run is over', () => {
  relay.take(line('r1', 1));
  relay.attach('r2', (lines) => sent.push(lines));
  relay.take(line('r1', 2));
  relay.take(line('r2', 3));
  vi.advanceTimersByTime(limits.LOG_LINES_INTERVAL_MS);
  expect(sent).toEqual([[line('r2', 3)]]);
});
