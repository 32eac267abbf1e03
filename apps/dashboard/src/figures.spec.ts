import { expect, it } from 'vitest';
import { dayShown, endShown, momentShown } from './figures.js';

/** Of the reader's own clock, as what is shown is. */
const now = new Date(2026, 10, 30, 14, 30);
const at = (day: number, hour: number, month = 10, year = 2026): Date =>
  new Date(year, month, day, hour, 5, 9);

it('tells the day of a moment that is not of today', () => {
  expect(momentShown(at(30, 9).toISOString(), now)).toBe('09:05:09');
  expect(momentShown(at(28, 14).toISOString(), now)).toBe('28 Nov, 14:05');
  expect(dayShown(at(28, 14).toISOString())).toBe('Sat 28 Nov');
});

it('tells an end as far as it is away', () => {
  expect(endShown(at(30, 18), now)).toBe('18:05');
  expect(endShown(at(1, 3, 11), now)).toBe('Tue 03:05');
  expect(endShown(at(12, 3, 11), now)).toBe('12 Dec');
  expect(endShown(at(12, 3, 0, 2027), now)).toBe('12 Jan 2027');
});
