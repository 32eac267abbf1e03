import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
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
