import { execFileSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { AccessError } from './errors.js';
import { othersCanRead, readSmallFile, type SmallFile } from './small-file.js';
import { file, folder, newPath } from './spec-folder.js';

const secret: SmallFile = { what: 'a secret', bytesMax: 8, keepFrom: 'readers' };

function refusal(path: string, asked: SmallFile = secret): AccessError {
  try {
    readSmallFile(path, asked);
  } catch (error) {
    if (error instanceof AccessError) return error;
    throw error;
  }
  throw new Error('it was taken');
}

function pipe(): string {
  const path = newPath();
  execFileSync('mkfifo', ['-m', '600', path]);
  return path;
}

describe('readSmallFile', () => {
  it('gives the bytes, up to the limit, through a link too', () => {
    const path = file('12345678');
    expect(readSmallFile(path, secret).toString()).toBe('12345678');
    const link = newPath();
    symlinkSync(path, link);
    expect(readSmallFile(link, secret).toString()).toBe('12345678');
  });

  it.each([
    [
      'what is longer',
      () => file('123456789'),
      'ACCESS_FILE',
      /expected a secret of at most 8 bytes, received more/,
    ],
    [
      'what is not there',
      () => `${folder}/nothing`,
      'ACCESS_FILE',
      /nothing: expected a secret, received no such file/,
    ],
    ['a folder', () => folder, 'ACCESS_FILE', /expected a secret, received a folder/],
    ['a pipe, without waiting for who writes', pipe, 'ACCESS_FILE', /expected a secret, received a pipe/],
    ['a device', () => '/dev/zero', 'ACCESS_FILE', /expected a secret, received a device/],
    [
      'what others can read',
      () => file('1', 0o644),
      'ACCESS_FILE_MODE',
      /received mode 0644; close it with: chmod 600 \//,
    ],
  ])('refuses %s', (_, make, code, message) => {
    const error = refusal(make());
    expect(error).toMatchObject({ code, exitCode: 2 });
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain('\n');
  });

  it('keeps a book from writers only', () => {
    const book: SmallFile = { ...secret, keepFrom: 'writers' };
    expect(readSmallFile(file('1', 0o644), book).toString()).toBe('1');
    expect(refusal(file('1', 0o646), book)).toMatchObject({ code: 'ACCESS_FILE_MODE' });
    expect(readSmallFile(file('1', 0o666), { ...book, keepFrom: null }).toString()).toBe('1');
  });
});

describe('othersCanRead', () => {
  const asking = 1000;
  it.each([
    [0o600, asking, asking, false],
    [0o400, asking, asking, false],
    [0o640, asking, asking, true],
    [0o604, asking, asking, true],
    // Secrets that Kubernetes mounts: root's, and open to the group of the pod.
    [0o644, 0, asking, false],
    [0o440, 0, asking, false],
    [0o440, 0, 0, false],
    [0o644, 0, 0, true],
    [0o620, 0, 0, true],
  ])('mode %o of user %i, asked by %i', (mode, uid, who, expected) => {
    expect(othersCanRead({ mode, uid }, who)).toBe(expected);
  });
});
