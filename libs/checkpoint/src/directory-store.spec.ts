/**
 * Goal: whatever happens, the last good checkpoint is there and is found. Method: a real directory, and damage done to real files. What a
 * disk refuses is in disk-refusals.spec.ts.
 */
import { chmod, mkdtemp, open, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AssertionError } from '@rocinante/base';
import { SafetensorsError } from '@rocinante/weights';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { isDamage, isUnreadable } from './checkpoint-file.js';
import { checkpointOf, failingAfter } from './spec-checkpoint.js';
import { checkpointName, checkpointsAmong, DirectoryStore } from './directory-store.js';
import {
  CheckpointWriteError,
  DamagedCheckpointError,
  NoGoodCheckpointError,
  UnreadableCheckpointError,
} from './errors.js';

let directory: string;
let store: DirectoryStore;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rocinante-store-'));
  store = new DirectoryStore(directory);
});
afterEach(() => rm(directory, { recursive: true }));

async function saveAll(steps: readonly number[], best?: number): Promise<void> {
  for (const step of steps) await store.save(checkpointOf(step), { best: step === best });
}

it('are told from other files by their names, and sorted by step, also where that has more digits', () => {
  const names = [99_999_999, 100_000_000, 7].map(checkpointName);
  const others = ['step-8.safetensors', 'step-00000009.safetensors.partial', 'notes.txt'];
  expect(checkpointsAmong([...names, ...others])).toEqual([names[2], names[0], names[1]]);
});

const steps = async (): Promise<number[]> => (await store.names()).map((name) => Number(name.slice(5, 13)));

/** Of the open files of node:fs/promises. */
async function fileHandlePrototype(): Promise<{ read: (...args: unknown[]) => Promise<unknown> }> {
  const handle = await open(directory);
  await handle.close();
  return Object.getPrototypeOf(handle) as { read: (...args: unknown[]) => Promise<unknown> };
}

async function flipByte(step: number): Promise<void> {
  const path = join(directory, checkpointName(step));
  const bytes = await readFile(path);
  bytes[bytes.length - 100] ^= 4;
  await writeFile(path, bytes);
}

describe('a directory of checkpoints', () => {
  it('loads the newest that was saved', async () => {
    expect(await store.save(checkpointOf(0), { best: false })).toMatchObject({
      name: 'step-00000000.safetensors',
      step: 0,
    });
    await saveAll([20, 100]);
    const { name, checkpoint, passedOver } = await store.loadLatest();
    expect([name, passedOver]).toEqual(['step-00000100.safetensors', []]);
    expect(checkpoint).toEqual(checkpointOf(100));
    expect(await store.load('step-00000020.safetensors')).toEqual(checkpointOf(20));
  });

  it('is made when it does not exist, and holds none until then', async () => {
    store = new DirectoryStore(join(directory, 'run', 'checkpoints'));
    expect(await store.names()).toEqual([]);
    await saveAll([1]);
    expect(await steps()).toEqual([1]);
  });

  it('keeps one more where it is told to, until it is told of another', async () => {
    store = new DirectoryStore(directory, { keepLast: 1 });
    await saveAll([10]);
    await store.save(checkpointOf(20), { best: false, alsoKept: 10 });
    await store.save(checkpointOf(30), { best: false, alsoKept: 10 });
    expect(await steps()).toEqual([10, 30]);
    await store.save(checkpointOf(40), { best: false, alsoKept: 30 });
    expect(await steps()).toEqual([30, 40]);
    await store.save(checkpointOf(50), { best: false, alsoKept: null });
    expect(await steps()).toEqual([50]);
  });

  it('goes back to a step, and forgets those behind it, the best too', async () => {
    await saveAll([10, 20]);
    await store.save(checkpointOf(30), { best: true });
    await store.removeAfter(10);
    expect([await steps(), await store.best()]).toEqual([[10], undefined]);
    expect((await store.loadLatest()).name).toBe('step-00000010.safetensors');
  });

  it('reads a header once, and again where the file is another', async () => {
    await saveAll([10, 20, 30], 10);
    const best = (): Promise<string | undefined> => new DirectoryStore(directory).best();
    expect(await best()).toBe(checkpointName(10));
    const prototype = await fileHandlePrototype();
    const reads = vi.spyOn(prototype, 'read');
    try {
      expect(await best()).toBe(checkpointName(10));
      expect(reads).not.toHaveBeenCalled();
      await store.save(checkpointOf(20), { best: true });
      expect(await best()).toBe(checkpointName(20));
      expect(reads).toHaveBeenCalled();
    } finally {
      reads.mockRestore();
    }
  });

  it('sorts by step, also when the numbers outgrow their digits', async () => {
    await saveAll([99_999_999, 100_000_000]);
    expect((await store.loadLatest()).checkpoint.step).toBe(100_000_000);
  });

  it('keeps the newest three', async () => {
    await saveAll([0, 10, 20, 30, 40]);
    expect(await steps()).toEqual([20, 30, 40]);
  });

  it('keeps as many of the newest as it is told, and those of every so many steps for good', async () => {
    store = new DirectoryStore(directory, { keepLast: 1, keepEverySteps: 20 });
    await saveAll([0, 10, 15, 20, 30, 40, 45, 50], 15);
    expect(await steps()).toEqual([0, 15, 20, 40, 50]);
    store = new DirectoryStore(directory, { keepLast: 2 });
    await saveAll([60]);
    expect(await steps()).toEqual([15, 50, 60]);
    expect(() => new DirectoryStore(directory, { keepLast: 0 })).toThrow(AssertionError);
    expect(() => new DirectoryStore(directory, { keepEverySteps: -1 })).toThrow(AssertionError);
  });

  it('keeps the best until another is, also after a restart and when its step is saved again', async () => {
    await saveAll([0, 10, 20, 30, 40], 10);
    expect(await steps()).toEqual([10, 20, 30, 40]);
    store = new DirectoryStore(directory);
    expect(await store.best()).toBe(checkpointName(10));
    await store.save(checkpointOf(10), { best: false });
    expect(await store.best()).toBe(checkpointName(10));
    await saveAll([50, 60], 50);
    expect(await steps()).toEqual([40, 50, 60]);
    expect(await store.best()).toBe(checkpointName(50));
  });

  it('leaves alone what is not its own, and removes what a killed process left', async () => {
    const foreign = ['notes.txt', 'step-1.safetensors', 'final.safetensors.partial'];
    for (const file of [...foreign, 'step-00000007.safetensors.partial'])
      await writeFile(join(directory, file), 'x');
    await saveAll([1, 2, 3, 4]);
    expect((await readdir(directory)).filter((file) => !/^step-\d{8}/.test(file))).toEqual(foreign.sort());
    expect(await readdir(directory)).toHaveLength(3 + foreign.length);
  });

  it('saves one at a time', async () => {
    const first = store.save(checkpointOf(1), { best: false });
    await expect(store.save(checkpointOf(2), { best: false })).rejects.toThrow(AssertionError);
    await first;
    await saveAll([2]);
    expect(await steps()).toEqual([1, 2]);
  });
});

describe('damage', () => {
  it('is passed over, newest first, each with its reason', async () => {
    await saveAll([10, 20, 30]);
    await flipByte(20);
    await truncate(join(directory, checkpointName(30)), 5000);
    const { checkpoint, passedOver } = await store.loadLatest();
    expect(checkpoint).toEqual(checkpointOf(10));
    expect(passedOver.map(({ name }) => name)).toEqual([checkpointName(30), checkpointName(20)]);
    expect(passedOver[0].reason).toMatch(/the file is cut/);
    expect(passedOver[1].reason).toMatch(/bytes have changed/);
  });

  it('never costs the last good one: damaged ones do not count among the newest, and go once a good one is saved', async () => {
    await saveAll([10, 20, 30]);
    await flipByte(20);
    await flipByte(30);
    await store.loadLatest();
    await saveAll([11]);
    expect(await steps()).toEqual([10, 11]);
    await saveAll([20, 30]);
    expect((await store.loadLatest()).checkpoint).toEqual(checkpointOf(30));
  });

  it('is not kept for its step’s sake, and costs no good one, whatever retention says', async () => {
    store = new DirectoryStore(directory, { keepLast: 1, keepEverySteps: 20 });
    await saveAll([20, 30, 40, 60], 30);
    // The best, a multiple and the newest: the last good one is what the run goes on from, and it stays.
    for (const step of [30, 40, 60]) await flipByte(step);
    expect((await store.loadLatest()).checkpoint.step).toBe(20);
    expect(await steps()).toEqual([20, 30, 40, 60]);
    store = new DirectoryStore(directory, { keepLast: 1, openFile: failingAfter(1000, 'ENOSPC') });
    await store.loadLatest();
    await expect(saveAll([25])).rejects.toThrow(CheckpointWriteError);
    expect(await steps()).toEqual([20, 30, 40, 60]);
    store = new DirectoryStore(directory, { keepLast: 2, keepEverySteps: 20 });
    await store.loadLatest();
    await saveAll([25]);
    expect(await steps()).toEqual([20, 25]);
    expect((await store.loadLatest()).checkpoint.step).toBe(25);
  });

  it('of all of them is an error that names each', async () => {
    await saveAll([10, 20]);
    await flipByte(10);
    await flipByte(20);
    const error: unknown = await store.loadLatest().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(NoGoodCheckpointError);
    expect(error).toMatchObject({ code: 'CHECKPOINT_NONE_GOOD', exitCode: 1, place: directory });
    expect((error as NoGoodCheckpointError).passedOver).toHaveLength(2);
    expect((error as Error).message).toMatch(/step-00000020.*bytes have changed.*step-00000010/);
  });

  it('is told from an empty directory', async () => {
    await expect(store.loadLatest()).rejects.toThrow(
      `${directory}: expected a good checkpoint, received none`,
    );
  });

  it('is a checkpoint under another step’s name', async () => {
    await saveAll([10]);
    await writeFile(join(directory, checkpointName(99)), await readFile(join(directory, checkpointName(10))));
    const { checkpoint, passedOver } = await store.loadLatest();
    expect(checkpoint.step).toBe(10);
    expect(passedOver[0].reason).toMatch(/expected another name for step 10/);
  });
});

describe('what cannot be read now', () => {
  const path = (step: number): string => join(directory, checkpointName(step));

  // Root may read what nobody may.
  const isRoot = process.getuid?.() === 0;
  beforeEach(async () => {
    await chmod(directory, 0o777);
    if (isRoot) process.seteuid!(65_534);
  });
  afterEach(() => {
    if (isRoot) process.seteuid!(0);
  });
  /** By the files' owner. */
  const setMode = async (step: number, mode: number): Promise<void> => {
    if (isRoot) process.seteuid!(0);
    await chmod(path(step), mode);
    if (isRoot) process.seteuid!(65_534);
  };

  it('is not passed over, but named: nothing is known of what is in it', async () => {
    await saveAll([10, 20, 30]);
    await setMode(30, 0);
    const error: unknown = await store.loadLatest().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UnreadableCheckpointError);
    expect(error).toMatchObject({ code: 'CHECKPOINT_UNREADABLE', exitCode: 1, subject: checkpointName(30) });
    expect((error as Error).message).toMatch(/permission denied \(EACCES\); nothing was removed: try again/);
    await setMode(30, 0o644);
    expect((await store.loadLatest()).checkpoint.step).toBe(30);
  });

  it('stays with the next save, the best too, and goes when it can be read again', async () => {
    await saveAll([10, 20, 30, 40], 10);
    await setMode(10, 0);
    await saveAll([50, 60]);
    expect(await steps()).toEqual([10, 40, 50, 60]);
    await setMode(10, 0o644);
    await saveAll([70], 70);
    expect(await steps()).toEqual([50, 60, 70]);
  });

  it('is what there is no memory for, and what another writes', () => {
    const refused = (act: () => unknown): unknown => {
      try {
        return act();
      } catch (error) {
        return error;
      }
    };
    expect(isUnreadable(refused(() => new Uint8Array(Number.MAX_SAFE_INTEGER)))).toBe(true);
    expect(isUnreadable(new SafetensorsError('SAFETENSORS_CHANGED', 'it changed'))).toBe(true);
    expect(isUnreadable(new SafetensorsError('SAFETENSORS_CUT', 'it is cut'))).toBe(false);
  });

  it('is not what an error of ours kept from being read, which is no damage either', () => {
    const ours = new TypeError('x is undefined');
    expect([isUnreadable(ours), isDamage(ours)]).toEqual([false, false]);
    expect(isDamage(new SafetensorsError('SAFETENSORS_CUT', 'it is cut'))).toBe(true);
    expect(isDamage(new SafetensorsError('SAFETENSORS_CHANGED', 'it changed'))).toBe(false);
  });

  it('is not what is not there', async () => {
    await expect(store.load(checkpointName(10))).rejects.toThrow(DamagedCheckpointError);
  });
});
