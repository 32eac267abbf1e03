import { beforeEach, expect, it } from 'vitest';
import {
  RefusalLog,
  REFUSALS_INTERVAL_MS,
  REFUSALS_LOGGED_MAX,
  REFUSALS_OF_CODE_LOGGED_MAX,
} from './refusal-log.js';

let now: number;
let lines: string[];
let log: RefusalLog;
beforeEach(() => {
  now = 0;
  lines = [];
  log = new RefusalLog(
    (code, message) => lines.push(`${code} ${message}`),
    () => now,
  );
});

it('logs the first refusals for each reason, and says later how many there were', () => {
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

it.each([
  ['10.0.0.1:4711', '10.0.0.2:4712'],
  ['[2001:db8::1]:4711', '2001:db8:0:1::1:4712'],
])('hides nobody behind one who is refused all the time: %s, %s', (loud, other) => {
  for (let i = 0; i < 1000; i++) log.refused('UNAUTHENTICATED', `${loud}: no token`);
  log.refused('UNAUTHENTICATED', `${other}: no token`);
  expect(lines).toHaveLength(REFUSALS_LOGGED_MAX + 1);
  expect(lines.at(-1)).toBe(`UNAUTHENTICATED ${other}: no token`);
  now += REFUSALS_INTERVAL_MS;
  log.refused('UNAUTHENTICATED', `${other}: again`);
  expect(lines.at(-1)).toBe(
    `UNAUTHENTICATED ${other}: again (and 995 more of UNAUTHENTICATED before it, from 1 address)`,
  );
});

it('takes all ports of an address, and all of a network of IPv6, for one', () => {
  for (let i = 0; i < 100; i++) log.refused('TIMEOUT', `2001:db8::${i}:${4000 + i}: late`);
  for (let i = 0; i < 100; i++) log.refused('TIMEOUT', `::ffff:10.0.0.1:${4000 + i}: late`);
  expect(lines).toHaveLength(2 * REFUSALS_LOGGED_MAX);
});

it('bounds what is logged of all addresses together, and says how many they were', () => {
  for (let i = 0; i < 60; i++) log.refused('TIMEOUT', `10.0.0.${i}:1: late`);
  expect(lines).toHaveLength(REFUSALS_OF_CODE_LOGGED_MAX);
  now += REFUSALS_INTERVAL_MS;
  log.refused('TIMEOUT', '10.0.0.1:1: late');
  expect(lines.at(-1)).toBe('TIMEOUT 10.0.0.1:1: late (and 10 more of TIMEOUT before it, from 10 addresses)');
  for (let i = 0; i < 1000; i++) log.refused('TIMEOUT', `10.0.${i % 200}.${i % 250}:1: late`);
  now += REFUSALS_INTERVAL_MS;
  log.refused('TIMEOUT', '10.0.0.1:1: late');
  expect(lines.at(-1)).toMatch(/, from \d+ addresses or more\)$/);
});
