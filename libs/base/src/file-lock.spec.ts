import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { lockFile } from './file-lock.js';

const folder = mkdtempSync(join(tmpdir(), 'rocinante-lock-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('gives a lock to one open file at a time, until that one is closed', () => {
  const [first, second] = [0, 1].map(() => openSync(join(folder, 'lock'), 'a'));
  expect(lockFile(first, 0)).toEqual({ outcome: 'taken' });
  expect(lockFile(second, 0)).toEqual({ outcome: 'held' });
  closeSync(first);
  expect(lockFile(second, 1)).toEqual({ outcome: 'taken' });
  closeSync(second);
});

it('says why there is no lock', () => {
  const descriptor = openSync(join(folder, 'lock'), 'a');
  const path = process.env.PATH;
  process.env.PATH = folder;
  try {
    const answer = lockFile(descriptor, 0);
    expect(answer).toMatchObject({
      outcome: 'failed',
      why: 'the command flock is missing; install util-linux',
    });
  } finally {
    process.env.PATH = path;
    closeSync(descriptor);
  }
});
