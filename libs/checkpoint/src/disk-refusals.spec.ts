/**
 * Goal: what a disk refuses costs no checkpoint that is there. Method: a real directory, a disk that fails after some bytes, and (as root
 * on Linux) a file system that really is full.
 */
import { spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkpointOf, failingAfter, layout } from './spec-checkpoint.js';
import { checkpointName, DirectoryStore } from './directory-store.js';
import { CheckpointWriteError, NonFiniteCheckpointError } from './errors.js';

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

const steps = async (): Promise<number[]> => (await store.names()).map((name) => Number(name.slice(5, 13)));

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
