/**
 * Goal: whatever happens, the last good checkpoint is there and is found. Method: a real directory, damage done to real
 * files, a disk that fails after some bytes, and (as root on Linux) a file system that really is full.
 */
import { spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, open, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AssertionError } from '@rocinante/base';
import { createLayout } from '@rocinante/parameters';
import { openWritable, SafetensorsError, type OpenWritable } from '@rocinante/weights';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Checkpoint } from './checkpoint.js';
import { isDamage, isUnreadable } from './checkpoint-file.js';
import { checkpointName, checkpointsAmong, DirectoryStore } from './directory-store.js';
import {
  CheckpointWriteError,
  DamagedCheckpointError,
  NoGoodCheckpointError,
  NonFiniteCheckpointError,
  UnreadableCheckpointError,
} from './errors.js';

const layout = createLayout([{ name: 'dense/kernel', shape: [5000] }]);

function checkpointOf(step: number): Checkpoint {
  return {
    step,
    layout,
    parameters: new Float32Array(layout.length).fill(step),
    m: new Float32Array(layout.length),
    v: new Float32Array(layout.length),
    magnitudes: new Float32Array(layout.blockCount),
    beta1Power: 0.9 ** step,
    beta2Power: 0.999 ** step,
    issueCount: step,
    joiningProof: '',
    lossHistory: [],
    configuration: {},
    vocabulary: ['a'],
    corpusSha256: '',
    further: {},
  };
}

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

/** A disk that takes so many bytes and then fails. */
function failingAfter(bytesMax: number, code: string): OpenWritable {
  return async (path) => {
    const file = await openWritable(path);
    let written = 0;
    return {
      ...file,
      async write(bytes, position) {
        written += bytes.length;
        if (written > bytesMax) throw Object.assign(new Error(`${code}: write failed`), { code });
        await file.write(bytes, position);
      },
    };
  };
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

describe('what the disk does not remove', () => {
  /** Nobody removes a folder by removing a file: what is older than the best and need not be kept stays. */
  const plant = (step: number): Promise<string | undefined> =>
    mkdir(join(directory, checkpointName(step)), { recursive: true });

  it('costs no save, is named, and is tried again by the next', async () => {
    await saveAll([20, 30, 40], 20);
    await plant(10);
    await plant(11);
    const saved = await store.save(checkpointOf(50), { best: false });
    expect(saved).toMatchObject({ name: checkpointName(50), step: 50 });
    expect(saved.notRemoved.map(({ name }) => name)).toEqual([checkpointName(10), checkpointName(11)]);
    expect(saved.notRemoved[0].reason).toBe('it is a folder (EISDIR)');
    expect(await steps()).toEqual([10, 11, 20, 30, 40, 50]);
    expect((await store.loadLatest()).checkpoint).toEqual(checkpointOf(50));

    await rm(join(directory, checkpointName(10)), { recursive: true });
    // Those that can be removed are, whatever becomes of the others.
    const next = await store.save(checkpointOf(60), { best: true });
    expect(next.notRemoved.map(({ name }) => name)).toEqual([checkpointName(11)]);
    expect(await steps()).toEqual([11, 40, 50, 60]);
    await rm(join(directory, checkpointName(11)), { recursive: true });
    expect((await store.save(checkpointOf(70), { best: false })).notRemoved).toEqual([]);
    expect(await steps()).toEqual([50, 60, 70]);
  });

  it('counts as damaged for as long as it is there', async () => {
    await saveAll([10], 10);
    await plant(30);
    store = new DirectoryStore(directory, { keepLast: 1, damaged: [checkpointName(30)] });
    for (const step of [11, 12]) {
      const { notRemoved } = await store.save(checkpointOf(step), { best: false });
      expect(notRemoved.map(({ name }) => name)).toEqual([checkpointName(30)]);
      // As a good one it would be the newest, and the only one that is kept.
      expect(await steps()).toEqual([10, step, 30]);
    }
  });

  it('may be what a killed process left', async () => {
    await mkdir(join(directory, `${checkpointName(7)}.partial`));
    const { notRemoved } = await store.save(checkpointOf(8), { best: false });
    expect(notRemoved.map(({ name }) => name)).toEqual([`${checkpointName(7)}.partial`]);
    expect(await steps()).toEqual([8]);
  });

  it.skipIf(process.getuid?.() !== 0)(
    'is another user’s, in a folder where each removes his own',
    async () => {
      await saveAll([10]);
      await chmod(directory, 0o1777);
      process.seteuid!(65_534);
      try {
        await saveAll([20, 30]);
        const { notRemoved } = await store.save(checkpointOf(40), { best: false });
        expect(notRemoved).toEqual([
          { name: checkpointName(10), reason: 'this user may not: permission denied (EPERM)' },
        ]);
      } finally {
        process.seteuid!(0);
      }
      expect(await steps()).toEqual([10, 20, 30, 40]);
    },
  );
});

describe('a save that fails', () => {
  it.each([
    [
      'ENOSPC',
      0,
      true,
      /the disk is full \(ENOSPC\); the checkpoints before it are intact: resume the run once/,
    ],
    ['ENOSPC', 30_000, true, /the disk is full/],
    ['EIO', 60_000, false, /but the disk failed \(EIO\); the checkpoints before it are intact/],
  ])('with %s after %i bytes leaves those before it as they were', async (code, bytes, full, message) => {
    await saveAll([10, 20, 30]);
    const before = await readdir(directory);
    store = new DirectoryStore(directory, { openFile: failingAfter(bytes, code) });
    for (const step of [30, 40]) {
      const error: unknown = await store
        .save(checkpointOf(step), { best: true })
        .catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(CheckpointWriteError);
      expect(error).toMatchObject({ code: 'CHECKPOINT_NOT_WRITTEN', exitCode: 1, full });
      expect((error as Error).message).toMatch(message);
    }
    expect(await readdir(directory)).toEqual(before);
    expect((await store.loadLatest()).checkpoint).toEqual(checkpointOf(30));
  });

  it('for a number that is not finite leaves those before it as they were', async () => {
    await saveAll([10]);
    const broken = { ...checkpointOf(20), v: new Float32Array(layout.length).fill(NaN) };
    await expect(store.save(broken, { best: false })).rejects.toThrow(NonFiniteCheckpointError);
    expect((await store.loadLatest()).checkpoint.step).toBe(10);
    await saveAll([30]);
    expect(await steps()).toEqual([10, 30]);
  });

  it('because the directory is a file says so', async () => {
    await writeFile(join(directory, 'file'), 'x');
    store = new DirectoryStore(join(directory, 'file'));
    await expect(store.save(checkpointOf(1), { best: false })).rejects.toMatchObject({ full: false });
  });
});

describe('a full disk', () => {
  /** Whether this process may mount a file system of 160 KiB, which two checkpoints of 60 KB fill. */
  const mounts = ((): boolean => {
    const probe = mkdtempSync(join(tmpdir(), 'rocinante-mount-'));
    const mounted = mount(probe);
    if (mounted) spawnSync('umount', [probe]);
    rmSync(probe, { recursive: true });
    return mounted;
  })();

  function mount(path: string): boolean {
    return spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=160k', 'rocinante-test', path]).status === 0;
  }

  it.skipIf(!mounts)(
    'is named, and the last good checkpoint stays (needs the right to mount a tmpfs)',
    async () => {
      expect(mount(directory)).toBe(true);
      try {
        await saveAll([10, 20]);
        const error: unknown = await store
          .save(checkpointOf(30), { best: false })
          .catch((thrown: unknown) => thrown);
        expect(error).toMatchObject({ name: 'CheckpointWriteError', full: true });
        expect((error as Error).message).toBe(
          `${join(directory, checkpointName(30))}: expected to write a checkpoint, but the disk is full (ENOSPC); ` +
            'the checkpoints before it are intact: resume the run once there is room',
        );
        expect((await store.loadLatest()).checkpoint).toEqual(checkpointOf(20));
        expect(await readdir(directory)).toHaveLength(2);
      } finally {
        spawnSync('umount', [directory]);
      }
    },
  );
});
