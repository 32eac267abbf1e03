import { expect, it } from 'vitest';
import type { Session } from '../service/session.js';
import { WorkerTime } from './worker-time.js';

it('adds up for how long each worker was there', () => {
  let now = 0;
  const time = new WorkerTime(() => now);
  const [a, b, stranger] = [{}, {}, {}] as Session[];
  time.workerJoined(a);
  now = 1_000;
  time.workerJoined(b);
  now = 3_000;
  expect(time.seconds).toBe(5);
  time.workerLeft(a);
  time.workerLeft(a);
  time.workerLeft(stranger);
  now = 4_000;
  expect(time.seconds).toBe(6);
  time.finished();
  now = 9_000;
  expect(time.seconds).toBe(6);
});
