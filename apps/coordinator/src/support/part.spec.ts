import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { pack } from './support-archive.js';
import { headOf, tailPart, type Part } from './part.js';
import { Redactor } from './redactor.js';

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'rocinante-part-'))));
afterAll(() => rmSync(folder, { recursive: true }));

it('keeps the whole lines of a file’s end, and says what is missing', () => {
  const path = join(folder, 'log');
  writeFileSync(path, 'one\ntwo\nthree\nfour\n');
  expect(tailPart('log', path, { bytesMax: 100 })).toEqual({
    name: 'log',
    text: 'one\ntwo\nthree\nfour\n',
    cut: '',
  });
  expect(tailPart('log', path, { bytesMax: 11 })).toMatchObject({
    text: 'four\n',
    cut: 'the first 0.0 kB of 0.0 kB',
  });
  expect(tailPart('log', path, { bytesMax: 100, linesMax: 2 })).toMatchObject({ text: 'three\nfour\n' });
  expect(tailPart('log', join(folder, 'none'), { bytesMax: 100 })).toEqual({
    name: 'log',
    why: 'there is no such file or folder (ENOENT)',
  });
});

it('follows no link: a run’s folder may hold one to anything', () => {
  const link = join(folder, 'link');
  symlinkSync('/etc/passwd', link);
  expect(tailPart('log', link, { bytesMax: 100 })).toEqual({
    name: 'log',
    why: 'it is a link, or a circle of links (ELOOP)',
  });
  expect(tailPart('log', folder, { bytesMax: 100 })).toEqual({ name: 'log', why: 'no file' });
});

it('leaves out what goes beyond the archive’s size, and says so', () => {
  const long: Part = { name: 'a', text: `${' '.repeat(200_000)}\n`.repeat(66), cut: '' };
  const { parts, missing } = pack(
    'f',
    [long, { ...long, name: 'b' }, headOf('c', 'abc', 2)],
    new Redactor({ secrets: [], home: null }),
    new Date(0),
  );
  expect(parts.map(({ name }) => name)).toEqual(['a', 'c']);
  expect(missing.map(({ name }) => name)).toEqual(['b']);
});
