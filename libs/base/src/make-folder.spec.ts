import { fsyncSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { makeFolder } from './make-folder.js';

// The real ones, watched: what a loss of power would leave cannot be seen here.
vi.mock('node:fs', { spy: true });

it('makes a folder with those above it, and leaves one that is there', () => {
  const root = mkdtempSync(join(tmpdir(), 'folders-'));
  try {
    const path = join(root, 'a', 'b');
    makeFolder(path, 0o700);
    expect(statSync(join(root, 'a')).mode & 0o777).toBe(0o700);
    makeFolder(path, 0o755);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    writeFileSync(join(root, 'file'), '');
    expect(() => makeFolder(join(root, 'file', 'c'))).toThrow('ENOTDIR');
  } finally {
    rmSync(root, { recursive: true });
  }
});

it('says where none can be made', () => {
  expect(() => makeFolder('/proc/nowhere/at-all')).toThrow('ENOENT');
});

it('flushes the name of each folder that it made, and of no other', () => {
  const root = mkdtempSync(join(tmpdir(), 'folders-'));
  try {
    vi.mocked(openSync).mockClear();
    vi.mocked(fsyncSync).mockClear();
    makeFolder(join(root, 'a', 'b'));
    expect(vi.mocked(openSync).mock.calls).toEqual([
      [root, 'r'],
      [join(root, 'a'), 'r'],
    ]);
    const opened = vi.mocked(openSync).mock.results.map(({ value }) => [value as number]);
    expect(vi.mocked(fsyncSync).mock.calls).toEqual(opened);
    makeFolder(join(root, 'a', 'b'));
    expect(fsyncSync).toHaveBeenCalledTimes(2);
  } finally {
    rmSync(root, { recursive: true });
  }
});

it('makes one in a folder that it may write into and not read', () => {
  const root = mkdtempSync(join(tmpdir(), 'folders-'));
  try {
    // As root every folder can be read.
    vi.mocked(openSync).mockImplementationOnce(() => {
      throw Object.assign(new Error('EACCES'), { code: 'EACCES' });
    });
    makeFolder(join(root, 'a'));
    expect(statSync(join(root, 'a')).isDirectory()).toBe(true);
  } finally {
    rmSync(root, { recursive: true });
  }
});
