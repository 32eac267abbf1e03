/**
 * Goal: what was written is what is read; a damaged tail is mended and a damaged middle refused by its line. Method: real
 * files, changed as accidents change them.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LedgerDamagedError } from './errors.js';
import { findEnd } from './ledger-end.js';
import { LedgerFile } from './ledger-file.js';
import { ledgerLines, type LedgerLine } from './ledger-lines.js';
import { LINE_BYTES_MAX } from './line.js';
import { begun, checkpoint, linesOf, resumed, stepRecord, whole } from './spec-ledger.js';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rocinante-ledger-'));
  path = join(folder, 'ledger.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true }));

const text = (): string => readFileSync(path, 'utf8');
const write = (lines: readonly string[]): void =>
  writeFileSync(path, lines.map((line) => `${line}\n`).join(''));

async function lines(): Promise<LedgerLine[]> {
  const all: LedgerLine[] = [];
  for await (const line of ledgerLines(path)) all.push(line);
  return all;
}

/** Takes the ledger up, appends what says so, and gives what was found. */
async function takenUp(step: number) {
  const found = await findEnd(path, step);
  if (found === null) return null;
  const file = LedgerFile.goOn(path, found);
  file.append(resumed(step, found.lost));
  file.close();
  return found;
}

describe('a ledger', () => {
  it('is the chain of its records, in the order in which they were appended', async () => {
    const file = LedgerFile.begin(path, begun);
    for (const record of whole.slice(1)) file.append(record);
    await file.sync();
    file.close();
    expect(text()).toBe(
      linesOf(whole)
        .map((line) => `${line}\n`)
        .join(''),
    );
    const read = await lines();
    expect(read.map(({ record }) => record)).toEqual(whole);
    expect(read.every(({ problem, cut }) => problem === null && !cut)).toBe(true);
    expect(read.map(({ number }) => number)).toEqual(whole.map((_, index) => index + 1));
    expect(read.at(-1)!.end).toBe(text().length);
  });

  it('that begins takes the place of what was there', async () => {
    write(linesOf(whole));
    LedgerFile.begin(path, begun).close();
    expect((await lines()).map(({ record }) => record)).toEqual([begun]);
  });
});

describe('a line that is out of the chain', () => {
  const all = linesOf(whole);
  const flipped = (line: string): string => line.replace('"windows":4', '"windows":5');

  it.each([
    ['a flipped byte', all.map((line, at) => (at === 3 ? flipped(line) : line)), 4, 'they have changed'],
    ['a missing line', all.filter((_, at) => at !== 3), 4, 'a line is missing, added, or elsewhere'],
    [
      'swapped lines',
      [...all.slice(0, 3), all[4], all[3], ...all.slice(5)],
      4,
      'expected line 3, of SHA-256',
    ],
    ['a line twice', [...all.slice(0, 4), all[3], ...all.slice(4)], 5, 'expected line 4, of SHA-256'],
    ['a missing first line', all.slice(1), 1, 'expected no line before it, received a record that names one'],
    ['an empty line', [...all.slice(0, 3), '', ...all.slice(3)], 4, 'received other text'],
  ])('is named: %s', async (_, damaged, line, problem) => {
    write(damaged);
    const wrong = (await lines()).filter((line) => line.problem !== null);
    expect(wrong).toEqual([
      expect.objectContaining({ number: line, problem: expect.stringContaining(problem) as string }),
    ]);
    const before = text();
    await expect(findEnd(path, 6)).rejects.toThrow(LedgerDamagedError);
    await expect(findEnd(path, 6)).rejects.toThrow(`${path}, line ${line}: `);
    expect(text()).toBe(before);
  });

  it('is no more than so many bytes, and is read no further', async () => {
    writeFileSync(path, 'x'.repeat(3 * LINE_BYTES_MAX));
    const [first, ...others] = await lines();
    expect(first).toMatchObject({ number: 1, cut: true, problem: 'the line is cut', record: null });
    expect(others.every(({ record, problem }) => record === null && problem === null)).toBe(true);
  });
});

describe('a ledger that is taken up', () => {
  it('where the run stopped goes on behind its last record', async () => {
    write(linesOf(whole));
    const found = await takenUp(6);
    expect(found).toMatchObject({ begun, lastStep: 6, lost: 0, state: null, step: stepRecord(6) });
    expect((await lines()).map(({ record }) => record)).toEqual([...whole, resumed(6)]);
  });

  it('before its end loses the records of steps that are taken again, with their checkpoints', async () => {
    write(linesOf([...whole, checkpoint(6)]));
    const found = await takenUp(3);
    expect(found).toMatchObject({ lastStep: 3, lost: 3, state: checkpoint(3), step: stepRecord(3) });
    expect((await lines()).map(({ record, problem }) => [record, problem])).toEqual(
      [...whole.slice(0, 6), resumed(3, 3)].map((record) => [record, null]),
    );
  });

  it('at a checkpoint that was recorded among later steps knows nothing of it', async () => {
    write(linesOf([begun, ...[1, 2, 3].map((step) => stepRecord(step)), checkpoint(2)]));
    expect(await takenUp(2)).toMatchObject({ lastStep: 2, lost: 1, state: null, step: stepRecord(2) });
    expect((await lines()).at(-1)).toMatchObject({ number: 4, problem: null });
  });

  it.each([
    ['cut', (line: string) => line.slice(0, 100)],
    ['cut before its end', (line: string) => line],
    ['of zeros', () => '\0'.repeat(4096)],
    ['changed', (line: string) => `${line.replace('"issue":1', '"issue":2')}\n`],
  ])('is mended where its last line is %s', async (_, damage) => {
    const all = linesOf(whole);
    write(all.slice(0, -1));
    writeFileSync(path, damage(all.at(-1)!), { flag: 'a' });
    expect(await takenUp(5)).toMatchObject({ lastStep: 5, lost: 0 });
    expect((await lines()).map(({ record, problem }) => [record, problem])).toEqual(
      [...whole.slice(0, -1), resumed(5)].map((record) => [record, null]),
    );
  });

  it('and lacks steps says how far it goes', async () => {
    write(linesOf(whole.slice(0, 4)));
    expect(await takenUp(6)).toMatchObject({ lastStep: 2, step: null, state: null, lost: 0 });
  });

  it('is none where there is no file, and where nothing in it is whole', async () => {
    expect(await takenUp(3)).toBeNull();
    expect(existsSync(path)).toBe(false);
    for (const content of ['', '{"kind":"beg', '\0'.repeat(1000)]) {
      writeFileSync(path, content);
      expect(await takenUp(3)).toBeNull();
    }
  });

  it('is refused where it does not say how it began', async () => {
    write(linesOf([stepRecord(1)]));
    await expect(findEnd(path, 1)).rejects.toThrow(
      'line 1: expected how the ledger began, received kind step',
    );
  });
});
