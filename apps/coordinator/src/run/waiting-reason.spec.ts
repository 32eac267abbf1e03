import { expect, it } from 'vitest';
import type { Standing } from '../service/session.js';
import { waitingReason } from './waiting-reason.js';

const workers = (standing: Standing, ...names: string[]) => names.map((name) => ({ name, standing }));

it('names those that are there and get no work', () => {
  expect(waitingReason(1, 2, workers('preparing', 'a'))).toBe('it waits for workers: 1 of 2 are there');
  expect(
    waitingReason(0, 1, [
      ...workers('parked', 'a', 'b'),
      ...workers('refused', 'c'),
      ...workers('set-aside', 'd'),
    ]),
  ).toBe(
    'it waits for workers: 0 of 1 are there; ' +
      'parked, since their bits would be others (--exact off admits them): a, b; cannot work for it: c; ' +
      'set aside, since they computed what is wrong: d',
  );
});

it('names five at most', () => {
  expect(waitingReason(0, 1, workers('parked', 'a', 'b', 'c', 'd', 'e', 'f', 'g'))).toMatch(
    /: a, b, c, d, e and 2 more$/,
  );
});
