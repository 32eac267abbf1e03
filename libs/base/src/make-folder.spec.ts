import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeFolder } from './make-folder.js';

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
