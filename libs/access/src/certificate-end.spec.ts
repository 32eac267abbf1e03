import { expect, it } from 'vitest';
import { endingSoon } from './certificate-end.js';

const DAY_MS = 86_400_000;
const end = new Date(Date.UTC(2027, 0, 11));

it.each([
  [0, 'within a day'],
  [0.9, 'within a day'],
  [1, 'in 1 day'],
  [13.9, 'in 13 days'],
])('tells of a certificate that ends in %d days', (days, when) => {
  expect(endingSoon('own.crt', end, end.getTime() - days * DAY_MS)).toBe(
    `own.crt: this certificate ends ${when}, at 2027-01-11T00:00:00Z, and is refused from then on; ` +
      'renew it with what made it (rocinante certs --renew)',
  );
});

it('tells of none that has two weeks', () => {
  expect(endingSoon('own.crt', end, end.getTime() - 14 * DAY_MS)).toBeNull();
});
