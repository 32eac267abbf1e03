/**
 * Goal: of two orders for one run that come at the same time, the second finds what the first made of it.
 * Method: both are begun before either has waited for the disk, for a run that has ended.
 */
import { RocinanteError } from '@rocinante/base';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { removeRun, resumeRun, stopRun } from './run-orders.js';
import { smallRun, SpecCoordinator } from './spec-coordinator.js';

let coordinator: SpecCoordinator;
beforeEach(async () => {
  coordinator = await SpecCoordinator.open();
  await coordinator.store.create({ ...smallRun, name: 'one' });
  coordinator.store.update('r1', { state: 'stopped' });
});
afterEach(async () => {
  await coordinator.remove();
  expect(coordinator.fatal).toEqual([]);
});

const resume = (steps: number): Promise<unknown> =>
  resumeRun(coordinator, { run: 'one', steps, epochs: 0, limits: null });
const stop = (): Promise<unknown> => stopRun(coordinator, 'one', '');
const remove = (): Promise<unknown> => removeRun(coordinator, 'one');

/** What each of two orders came to: `done`, or its error's code. */
async function both(...orders: (() => Promise<unknown>)[]): Promise<unknown[]> {
  const ended = await Promise.allSettled(orders.map((order) => order()));
  return ended.map((one) => (one.status === 'fulfilled' ? 'done' : codeOf(one.reason)));
}

function codeOf(error: unknown): unknown {
  return error instanceof RocinanteError ? error.code : error;
}

it.each([
  ['resume', 'remove'],
  ['remove', 'resume'],
])('%s beside %s: the run is removed, and nothing goes on', async (first) => {
  const orders = [() => resume(9), remove];
  const answers = await both(...(first === 'resume' ? orders : orders.reverse()));
  expect(answers.sort()).toEqual(['NOT_FOUND', 'done']);
  expect(coordinator.store.runs()).toEqual([]);
});

it('resume beside resume: one counts, and the other is told that it did not', async () => {
  const answers = await both(
    () => resume(7),
    () => resume(9),
  );
  expect(answers).toEqual(['done', 'WRONG_STATE']);
  expect(coordinator.store.find('one').stepsTotal).toBe(7);
});

it('resume beside stop: there is nothing to stop yet, and the run goes on', async () => {
  expect(await both(() => resume(9), stop)).toEqual(['done', 'WRONG_STATE']);
  await coordinator.run('one', ({ state }) => state === 'active');
});

it('stop beside remove: a run that waits is stopped, and gone before the answer', async () => {
  await coordinator.store.create({ ...smallRun, name: 'other' });
  const stopped = stopRun(coordinator, 'other', '');
  const removed = removeRun(coordinator, 'other');
  expect(await stopped).toMatchObject({ id: 'r2', state: 'stopped' });
  expect(await removed).toMatchObject({ run: 'r2' });
});

it('remove beside remove: it is removed once', async () => {
  expect(await both(remove, remove)).toEqual(['done', 'NOT_FOUND']);
});
