import { expect, it } from 'vitest';
import { JoinAllowance, JOINS_AT_ONCE, JOINS_PER_SECOND } from './join-allowance.js';

const take = (allowance: JoinAllowance, holder: string | null, count: number, now: number): void => {
  for (let session = 0; session < count; session += 1) allowance.take(holder, now);
};

it('lets a holder’s workers join so often, and again with time', () => {
  const allowance = new JoinAllowance();
  take(allowance, 'gpus', JOINS_AT_ONCE, 0);
  expect(() => allowance.take('gpus', 0)).toThrow(
    'workers of gpus: expected at most 10 sessions that begin a second, received more; try again later',
  );
  take(allowance, 'gpus', JOINS_PER_SECOND, 1000);
  expect(() => allowance.take('gpus', 1000)).toThrow('received more');
});

it('keeps one holder’s joins from no other, nor from those who show no token', () => {
  const allowance = new JoinAllowance();
  take(allowance, 'gpus', JOINS_AT_ONCE, 0);
  take(allowance, 'cpus', JOINS_AT_ONCE, 0);
  take(allowance, null, JOINS_AT_ONCE, 0);
  expect(() => allowance.take('gpus', 0)).toThrow('workers of gpus');
  expect(() => allowance.take(null, 0)).toThrow('workers: expected');
});
