import { beforeEach, expect, it } from 'vitest';
import type { Session } from '../service/session.js';
import { RefusedWorkers } from './refused-workers.js';

let told: string[];
let workers: RefusedWorkers;
const session = (name: string): Session => ({ name }) as Session;

beforeEach(() => {
  told = [];
  workers = new RefusedWorkers((reason) => told.push(reason));
  workers.left(['a', 'b']);
});

it('tells once that all cannot work, with the last reason', () => {
  workers.workerRefused(session('a'), 'too large');
  workers.workerRefused(session('a'), 'too large');
  expect(told).toEqual([]);
  workers.workerRefused(session('b'), 'too large too');
  workers.workerRefused(session('b'), 'once more');
  expect(told).toEqual(['too large too']);
});

it('counts those that are left', () => {
  workers.workerRefused(session('a'), 'too large');
  workers.left(['a']);
  expect(told).toEqual(['too large']);
});

it('is silent while one may work, and where nobody is left', () => {
  workers.workerRefused(session('a'), 'too large');
  workers.workerJoined(session('a'));
  workers.workerRefused(session('b'), 'too large');
  workers.left([]);
  expect(told).toEqual([]);
});
