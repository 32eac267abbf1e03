/** Goal: a small file outlives a loss of power. Method: real files, with the calls to the system watched in their order. */
import { fsyncSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { syncFolderNow } from '@rocinante/base';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { replaceFile } from './folders.js';

vi.mock('node:fs', { spy: true });
vi.mock('@rocinante/base', { spy: true });

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rocinante-folders-'));
  for (const call of [fsyncSync, renameSync, syncFolderNow]) vi.mocked(call).mockClear();
});
afterEach(() => rmSync(folder, { recursive: true }));

it('flushes the text before it is renamed into place, and the name after', () => {
  const path = join(folder, 'config.json');
  const order = (call: unknown): number[] => vi.mocked(call as () => void).mock.invocationCallOrder;
  replaceFile(path, 'one');
  expect(readFileSync(path, 'utf8')).toBe('one');
  expect(syncFolderNow).toHaveBeenCalledExactlyOnceWith(folder);
  const [text, rename, name] = [fsyncSync, renameSync, syncFolderNow].map((call) => order(call)[0]);
  expect(text).toBeLessThan(rename);
  expect(rename).toBeLessThan(name);
});

it('does not write what is there already', () => {
  const path = join(folder, 'config.json');
  replaceFile(path, 'one');
  replaceFile(path, 'one');
  expect(fsyncSync).toHaveBeenCalledTimes(1);
  replaceFile(path, 'two');
  expect(readFileSync(path, 'utf8')).toBe('two');
});

it('leaves the file as it was where the disk does not take the new one', () => {
  const path = join(folder, 'config.json');
  replaceFile(path, 'one');
  vi.mocked(fsyncSync).mockImplementationOnce(() => {
    throw Object.assign(new Error('EIO'), { code: 'EIO', syscall: 'fsync' });
  });
  expect(() => replaceFile(path, 'two')).toThrow(`${path}: cannot be written`);
  expect(readFileSync(path, 'utf8')).toBe('one');
  expect(readdirSync(folder)).toEqual(['config.json']);
});
