import { expect, it } from 'vitest';
import { RefusalLog, REFUSALS_INTERVAL_MS, REFUSALS_LOGGED_MAX } from './refusal-log.js';

it('logs the first refusals for each reason, and says later how many there were', () => {
  let now = 0;
  const lines: string[] = [];
  const log = new RefusalLog(
    (code, message) => lines.push(`${code} ${message}`),
    () => now,
  );
  for (let i = 1; i <= 1000; i++) log.refused('TIMEOUT', `client ${i}`);
  log.refused('MALFORMED', 'client 1001');
  expect(lines).toHaveLength(REFUSALS_LOGGED_MAX + 1);
  expect(lines[0]).toBe('TIMEOUT client 1');
  expect(lines.at(-1)).toBe('MALFORMED client 1001');

  now += REFUSALS_INTERVAL_MS;
  log.refused('TIMEOUT', 'client 1002');
  log.refused('MALFORMED', 'client 1003');
  expect(lines.slice(-2)).toEqual([
    `TIMEOUT client 1002 (and ${1000 - REFUSALS_LOGGED_MAX} more of TIMEOUT before it)`,
    'MALFORMED client 1003',
  ]);
});
