import { afterEach, beforeEach, expect, it } from 'vitest';
import { createLogger } from '@rocinante/log';
import { ActiveRun } from './active-run.js';
import { eventually, smallRun, SpecCoordinator } from './spec-coordinator.js';
import type { StoreRemainders } from './store-remainders.js';

let coordinator: SpecCoordinator;
beforeEach(async () => {
  coordinator = await SpecCoordinator.open();
});
afterEach(() => coordinator.remove());

it('ends where it is stopped while what is left of it in its store is waited for', async () => {
  const { store, contents, service, hub } = coordinator;
  let leave!: () => void;
  const left = new Promise<void>((resolve) => (leave = resolve));
  const run = new ActiveRun(await store.create(smallRun), 'begun', {
    ...{ store, contents, service, hub },
    logger: createLogger({ level: 'info', pretty: false, destination: { write: () => undefined } }),
    outside: null,
    remainders: { leave: () => left } as unknown as StoreRemainders,
    observers: () => [],
    ended: () => undefined,
  });
  const over = run.run();
  await eventually(() => (store.find(run.id).stepsTotal === null ? null : true));
  run.stop('lunch');
  leave();
  await over;
  expect(store.find(run.id)).toMatchObject({ state: 'stopped', step: 0 });
  expect(run.execution).toBeNull();
});
