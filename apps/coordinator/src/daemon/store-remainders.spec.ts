/** Goal: what a run's end left out of the store comes there. Method: real folders and checkpoints, and a store in memory. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createLogger } from '@rocinante/log';
import { networkLayout } from '@rocinante/model';
import { MANIFEST_KEY, type ObjectStore } from '@rocinante/store';
import { networkOf, noProgress } from '@rocinante/training';
import { RunCheckpoints } from '../run/checkpoints/run-checkpoints.js';
import { saveState } from '../run/checkpoints/spec-checkpoints.js';
import { DEFAULT_LIMITS } from '../run/run-limits.js';
import { isWhole } from '../run/run-place.js';
import { eventually, smallConfig, smallRun, SpecCoordinator, textSha256 } from './spec-coordinator.js';
import { StoreRemainders } from './store-remainders.js';

let coordinator: SpecCoordinator;
/** By run: the keys of what is in the store. */
let held: Map<string, Set<string>>;
beforeEach(async () => {
  coordinator = await SpecCoordinator.open();
  held = new Map();
});
afterEach(() => coordinator.remove());

function objectsOf(run: string): ObjectStore {
  const keys = new Set<string>();
  held.set(run, keys);
  const store: Partial<ObjectStore> = {
    name: `s3://spec/${run}`,
    read: () => Promise.resolve(null),
    write: (key) => Promise.resolve((keys.add(key), 'etag')),
    upload: (key) => Promise.resolve(void keys.add(key)),
    list: () => Promise.resolve([]),
    abandonUploads: () => Promise.resolve(),
    end: () => undefined,
  };
  return store as ObjectStore;
}

/** A run that has ended with a checkpoint, and whose folder has no mark of a store. */
async function endedRun(): Promise<string> {
  const { store } = coordinator;
  const { id } = await store.create(smallRun);
  store.update(id, { state: 'stopped', endedAt: smallRun.createdAt });
  const vocabulary = ['a', 'b', 'c'];
  const layout = networkLayout(networkOf(smallConfig, vocabulary.length));
  const frame = { config: smallConfig, layout, vocabulary, corpusSha256: textSha256 };
  await saveState(
    new RunCheckpoints(join(store.directory(id), 'checkpoints'), frame, DEFAULT_LIMITS),
    layout,
    { type: 'save', step: 3, reason: 'stop', best: false, progress: { ...noProgress, step: 3 } },
  );
  return id;
}

it('come there of runs whose disk took no mark of it, as of those that have one', async () => {
  const [never, resumed, left] = [await endedRun(), await endedRun(), await endedRun()];
  const { store, contents } = coordinator;
  const remainders = new StoreRemainders({
    store,
    contents,
    logger: createLogger({ level: 'info', pretty: false, destination: { write: () => undefined } }),
    outside: { placeOf: objectsOf } as never,
  });
  remainders.keep(left);
  remainders.keep(resumed);
  await remainders.leave(resumed);
  remainders.start();
  const mark = join(store.directory(left), 'store.json');
  await eventually(() => (existsSync(mark) && isWhole(store.directory(left)) ? true : null));
  await remainders.stop();
  // The others were looked at before it.
  expect([...held.keys()]).toEqual([left]);
  expect([...held.get(left)!]).toContain(MANIFEST_KEY);
  expect([...held.get(left)!].some((key) => key.startsWith('checkpoints/'))).toBe(true);
  expect(existsSync(join(store.directory(never), 'store.json'))).toBe(false);
});
