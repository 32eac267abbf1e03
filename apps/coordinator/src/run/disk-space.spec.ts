import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { diskDecision, diskMessage, freeBytes, neededBytes } from './disk-space.js';

const MB = 1024 ** 2;

describe('the disk', () => {
  it('must have room for two checkpoints and a margin', () => {
    expect(neededBytes(0)).toBe(66 * MB);
    expect(neededBytes(5_271_079) - neededBytes(0)).toBe(2 * 12 * 5_271_079);
  });

  it.each([
    ['starting', 99, 'start-refused'],
    ['starting', 100, 'go-on'],
    ['running', 99, 'hold'],
    ['running', 100, 'go-on'],
    ['held', 99, 'go-on'],
    ['held', 100, 'go-on'],
    ['held', 163, 'go-on'],
    ['held', 164, 'release'],
  ] as const)('%s with %i MiB free of 100 needed: %s', (state, free, decision) => {
    expect(diskDecision(free * MB, 100 * MB, state)).toBe(decision);
  });

  it('is held once and released once, whatever the room does around the mark', () => {
    let state: 'running' | 'held' = 'running';
    const changes: number[] = [];
    for (const free of [200, 110, 99, 101, 95, 120, 163, 100, 165, 101, 100, 160]) {
      const decision = diskDecision(free * MB, 100 * MB, state);
      if (decision !== 'go-on') changes.push(free);
      if (decision === 'hold') state = 'held';
      if (decision === 'release') state = 'running';
    }
    expect(changes).toEqual([99, 165]);
  });

  it('says where, how much, and what to do; never more than there is, nor less than is needed', () => {
    expect(diskMessage('/data', 120_999_999, 189_000_001, '--data')).toBe(
      'disk: /data has 120 MB free, the next checkpoints need 190 MB; free some space or point --data elsewhere',
    );
  });

  it('is asked where a path will lie', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rocinante-disk-'));
    const mounted =
      spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'rocinante-test', folder]).status === 0;
    try {
      const path = join(folder, 'runs', 'r1');
      const before = await freeBytes(path);
      expect(before).toBeGreaterThan(0);
      // No disk: it tells of no blocks at all.
      expect(await freeBytes('/proc/none')).toBe(Infinity);
      if (!mounted) return;
      expect(before).toBe(MB);
      writeFileSync(join(folder, 'x'), new Uint8Array(MB / 2));
      expect(await freeBytes(path)).toBe(MB / 2);
    } finally {
      if (mounted) spawnSync('umount', [folder]);
      rmSync(folder, { recursive: true });
    }
  });
});
