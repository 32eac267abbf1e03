import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { LineFile } from './line-file.js';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rocinante-log-'));
  path = join(folder, 'log.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true }));

const unexpected = (error: Error): never => {
  throw error;
};

it('goes on where the file ends, readable by its owner only', () => {
  for (const line of ['{"n":1}', '{"n":2}']) {
    const file = new LineFile(path, { bytesMax: 100, onFailure: unexpected });
    file.append(line);
    file.close();
  }
  expect(readFileSync(path, 'utf8')).toBe('{"n":1}\n{"n":2}\n');
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

it('ends with one line that says so at its limit', () => {
  const file = new LineFile(path, { bytesMax: 20, onFailure: unexpected });
  for (let n = 1; n <= 5; n++) file.append(`{"n":${n}}`);
  file.close();
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  expect(lines).toHaveLength(3);
  expect(JSON.parse(lines[2])).toMatchObject({
    level: 'warn',
    msg: 'this log has its 20 bytes: what follows is not kept',
  });
});

it('goes on when a full disk has room again, behind a whole line', ({ skip }) => {
  const disk = join(folder, 'disk');
  mkdirSync(disk);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', disk], { stdio: 'pipe' });
  } catch {
    return skip('needs root, to mount a tmpfs');
  }
  try {
    const failures: string[] = [];
    const other = join(disk, 'other');
    writeFileSync(other, Buffer.alloc(8192));
    const own = join(disk, 'log.jsonl');
    const file = new LineFile(own, { bytesMax: 1e6, onFailure: ({ message }) => failures.push(message) });
    const fill = 'x'.repeat(3000);
    for (let n = 0; n < 5; n++) file.append(`{"n":${n},"fill":"${fill}"}`);
    rmSync(other);
    file.append('{"n":5}');
    file.close();
    const lines = readFileSync(own, 'utf8').trimEnd().split('\n');
    expect(lines.at(-1)).toBe('{"n":5}');
    expect(failures).toEqual([expect.stringContaining('ENOSPC')]);
  } finally {
    execFileSync('umount', [disk]);
  }
});

it('tells once that it cannot be written', () => {
  const failures: string[] = [];
  const file = new LineFile('/dev/full', {
    bytesMax: 100,
    onFailure: (error) => failures.push(error.message),
  });
  file.append('{}');
  file.append('{}');
  file.close();
  expect(failures).toEqual([expect.stringContaining('ENOSPC')]);
});
