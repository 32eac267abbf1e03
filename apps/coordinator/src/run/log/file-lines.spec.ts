/** Goal: whoever begins to follow has each line once. Method: a real file, changed while it is read. */
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { LINE_LENGTH_MAX, linesOf } from './file-lines.js';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rocinante-lines-'));
  path = join(folder, 'lines');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function all(lines: AsyncIterable<string>): Promise<string[]> {
  const read: string[] = [];
  for await (const line of lines) read.push(line);
  return read;
}

it('gives whole lines, also those longer than a piece of the file', async () => {
  const long = 'ñ'.repeat(100_000);
  writeFileSync(path, `a\n\n${long}\nb\ncut`);
  expect(await all(linesOf(path))).toEqual(['a', '', long, 'b']);
});

it('leaves out a line that is longer than any of ours', async () => {
  const longest = 'x'.repeat(LINE_LENGTH_MAX);
  writeFileSync(path, `a\n${longest}\n${longest}x\nb\n${longest.repeat(3)}\nc\n`);
  const read = await all(linesOf(path));
  expect(read.map((line) => line.slice(0, 1))).toEqual(['a', 'x', 'b', 'c']);
  expect(read[1]).toHaveLength(LINE_LENGTH_MAX);
});

it('gives none of a file that is not there, or empty', async () => {
  expect(await all(linesOf(path))).toEqual([]);
  writeFileSync(path, '');
  expect(await all(linesOf(path))).toEqual([]);
});

it('leaves out what comes after the first call of next', async () => {
  writeFileSync(path, 'a\nb\n');
  const lines = linesOf(path);
  const first = lines.next();
  appendFileSync(path, 'c\n');
  expect((await first).value).toBe('a');
  expect(await all(lines)).toEqual(['b']);
});

it('reads on where the file is replaced or removed', async () => {
  writeFileSync(path, 'a\nb\n');
  const lines = linesOf(path);
  const first = lines.next();
  writeFileSync(`${path}.partial`, 'x\n');
  renameSync(`${path}.partial`, path);
  rmSync(folder, { recursive: true });
  expect((await first).value).toBe('a');
  expect(await all(lines)).toEqual(['b']);
});

it('throws where the file cannot be read', async () => {
  await expect(all(linesOf(folder))).rejects.toMatchObject({ code: 'EISDIR' });
});
