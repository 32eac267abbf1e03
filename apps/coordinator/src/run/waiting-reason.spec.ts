import { expect, it } from 'vitest';
import type { Standing } from '../service/session.js';
import { waitingReason, WaitingNotice, type WaitingRun } from './waiting-reason.js';

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

it('is told once each time that a run comes to wait though workers are there', () => {
  const waitingFor = { view: { phase: 'waiting' }, waitingReason: 'it waits' } as const;
  let run: WaitingRun = { ...waitingFor, idleWorkers: workers('preparing', 'a') };
  const notice = new WaitingNotice({
    get view() {
      return run.view;
    },
    get idleWorkers() {
      return run.idleWorkers;
    },
    get waitingReason() {
      return run.waitingReason;
    },
  });
  expect(notice.look()).toBeNull();
  const parked = { ...waitingFor, idleWorkers: workers('parked', 'a') };
  run = parked;
  expect([notice.look(), notice.look()]).toEqual(['the run is active, but it waits', null]);
  run = { ...parked, view: { phase: 'training' } };
  expect(notice.look()).toBeNull();
  run = parked;
  expect(notice.look()).toBe('the run is active, but it waits');
});
