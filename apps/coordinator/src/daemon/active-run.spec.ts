import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createLogger } from '@rocinante/log';
import { StoreError, type ObjectStore } from '@rocinante/store';
import { ActiveRun } from './active-run.js';
import type { DaemonStore } from './daemon-store.js';
import { eventually, smallRun, SpecCoordinator } from './spec-coordinator.js';
import type { StoreRemainders } from './store-remainders.js';
import type { StoredRun } from './stored-run.js';

let coordinator: SpecCoordinator;
beforeEach(async () => {
  coordinator = await SpecCoordinator.open();
});
afterEach(() => {
  vi.useRealTimers();
  return coordinator.remove();
});

function activeRun(
  stored: StoredRun,
  remainders: StoreRemainders | null,
  outside: DaemonStore | null = null,
): ActiveRun {
  const { store, contents, service, hub } = coordinator;
  return new ActiveRun(stored, 'begun', {
    ...{ store, contents, service, hub, remainders, outside },
    logger: createLogger({ level: 'info', pretty: false, destination: { write: () => undefined } }),
    observers: () => [],
    ended: () => undefined,
  });
}

it('ends where it is stopped while what is left of it in its store is waited for', async () => {
  const { store } = coordinator;
  let leave!: () => void;
  const left = new Promise<void>((resolve) => (leave = resolve));
  const remainders = { leave: () => left } as unknown as StoreRemainders;
  const run = activeRun(await store.create(smallRun), remainders);
  const over = run.run();
  await eventually(() => (store.find(run.id).stepsTotal === null ? null : true));
  run.stop('lunch');
  leave();
  await over;
  expect(store.find(run.id)).toMatchObject({ state: 'stopped', step: 0 });
  expect(run.execution).toBeNull();
});

it('says to whom brings the rest there that not all of it is in its store', async () => {
  const { store } = coordinator;
  const taken = new StoreError('STORE_TAKEN', 's3://spec/r1', 'another has it');
  const objects: Pick<ObjectStore, 'name' | 'read' | 'end'> = {
    name: 's3://spec/r1',
    read: () => Promise.reject(taken),
    end: () => undefined,
  };
  const outside = { placeOf: () => objects } as unknown as DaemonStore;
  const kept: string[] = [];
  const remainders: Pick<StoreRemainders, 'keep' | 'leave'> = {
    keep: (id) => kept.push(id),
    leave: () => Promise.resolve(),
  };
  const run = activeRun(await store.create(smallRun), remainders as StoreRemainders, outside);
  const over = run.run();
  await eventually(() => run.execution);
  run.stop('enough');
  await over;
  expect(kept).toEqual(['r1']);
});

it('is begun once its record has the activation: what ends the process is then counted', async () => {
  const { store } = coordinator;
  const run = activeRun(await store.create(smallRun), null);
  const written = store.written.bind(store);
  const order: string[] = [];
  vi.spyOn(store, 'written').mockImplementationOnce(async () => {
    await written();
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    const record = readFileSync(join(store.directory('r1'), 'run.json'), 'utf8');
    order.push(`${(JSON.parse(record) as StoredRun).unfinishedActivations} on the disk`);
  });
  const takes = vi.spyOn(coordinator.contents, 'path').mockImplementation((sha256) => {
    order.push('its text is read');
    takes.mockRestore();
    return coordinator.contents.path(sha256);
  });
  const over = run.run();
  await eventually(() => (order.length === 2 ? true : null));
  expect(order).toEqual(['1 on the disk', 'its text is read']);
  run.stop('enough');
  await over;
});

it('has its record written with each checkpoint, since a kill takes it back to there', async () => {
  // Nothing is done by the clock: what is written every five seconds is not.
  vi.useFakeTimers({ toFake: ['setInterval'] });
  const { store } = coordinator;
  await store.create(smallRun);
  const run = activeRun(store.update('r1', { windowsPerSecond: 7 }), null);
  const over = run.run();
  // No step of this activation is closed, so it has no rate.
  await coordinator.run('r1', ({ windowsPerSecond }) => windowsPerSecond === null);
  expect(run.execution?.view.phase).toBe('waiting');
  run.stop('enough');
  await over;
});
