/**
 * Goal: lines are the same wherever the file's reading is cut. Method: real files whose lines lie across the 64 KiB in which a
 * file is read, and on their borders; one that is too long, and one without its end.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ledgerLines, type LedgerLine } from './ledger-lines.js';
import { LINE_BYTES_MAX } from './line.js';
import type { LedgerRecord } from './record.js';
import { begun, linesOf, stepRecord } from './spec-ledger.js';

/** Node reads a file in pieces of this. */
const CHUNK_BYTES = 64 * 1024;

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rocinante-lines-'));
  path = join(folder, 'ledger.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true }));

async function read(text: string): Promise<LedgerLine[]> {
  writeFileSync(path, text);
  const lines: LedgerLine[] = [];
  for await (const line of ledgerLines(path)) lines.push(line);
  return lines;
}

/** A step whose worker has a name of so many characters. */
const named = (step: number, length: number): LedgerRecord =>
  stepRecord(step, { computed: [{ worker: 'w'.repeat(length), microBatches: '0' }] });

/** Records whose second line, with its end, ends at this byte. */
function endingAt(byte: number): LedgerRecord[] {
  const [first, second] = linesOf([begun, named(1, 0)]);
  const records = [begun, named(1, byte - first.length - second.length - 2), stepRecord(2)];
  const [, longer] = linesOf(records);
  expect(first.length + longer.length + 2).toBe(byte);
  return records;
}

describe('lines that are read in pieces', () => {
  it.each([-1, 0, 1])('end %i bytes behind a piece’s end', async (by) => {
    const records = endingAt(CHUNK_BYTES + by);
    const text = linesOf(records).map((line) => `${line}\n`);
    const lines = await read(text.join(''));
    expect(lines.map(({ record, problem, cut }) => ({ record, problem, cut }))).toEqual(
      records.map((record) => ({ record, problem: null, cut: false })),
    );
    const ends = text.map((_, index) => text.slice(0, index + 1).join('').length);
    expect(lines.map(({ end }) => end)).toEqual(ends);
    expect(lines.map(({ begin }) => begin)).toEqual([0, ...ends.slice(0, -1)]);
  });

  it('may be many pieces long, one after another', async () => {
    const records = [begun, ...[1, 2, 3].map((step) => named(step, 3 * CHUNK_BYTES + step))];
    const lines = await read(
      linesOf(records)
        .map((line) => `${line}\n`)
        .join(''),
    );
    expect(lines.map(({ record, problem }) => ({ record, problem }))).toEqual(
      records.map((record) => ({ record, problem: null })),
    );
  });

  it('lack an end where the file was cut, in whatever piece', async () => {
    const text = linesOf([begun, named(1, 2 * CHUNK_BYTES)]).join('\n');
    const lines = await read(text);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatchObject({ number: 1, cut: false, problem: null });
    expect(lines[1]).toMatchObject({
      number: 2,
      begin: lines[0].end,
      end: text.length,
      cut: true,
      record: null,
      hash: '',
      problem: 'the line is cut',
    });
  });

  it('may be empty, which is no record', async () => {
    const lines = await read(`\n${linesOf([begun])[0]}\n`);
    expect(lines.map(({ begin, end, cut }) => [begin, end, cut])).toEqual([
      [0, 1, false],
      [1, lines[1].end, false],
    ]);
    expect(lines[0]).toMatchObject({ record: null, problem: expect.stringContaining('expected') as string });
    expect(lines[1]).toMatchObject({ record: begun, problem: null });
  });

  it('are none where there are none, and none more behind the last one’s end', async () => {
    expect(await read('')).toEqual([]);
    expect(await read(`${linesOf([begun])[0]}\n`)).toHaveLength(1);
  });
});

describe('a line that is longer than one may be', () => {
  it('is cut where it is too long, and those behind it are lines again', async () => {
    const [first, second] = linesOf([begun, stepRecord(1)]);
    const long = 'x'.repeat(LINE_BYTES_MAX + CHUNK_BYTES);
    const text = `${first}\n${long}\n${second}\n`;
    const lines = await read(text);
    expect(lines[1]).toMatchObject({ number: 2, cut: true, record: null, problem: 'the line is cut' });
    // No more of it than one piece beyond is kept.
    expect(lines[1].end - lines[1].begin).toBeGreaterThan(LINE_BYTES_MAX);
    expect(lines[1].end - lines[1].begin).toBeLessThanOrEqual(LINE_BYTES_MAX + CHUNK_BYTES);
    const last = lines.at(-1)!;
    expect(last).toMatchObject({ cut: false, record: stepRecord(1), problem: null, end: text.length });
    for (const [index, line] of lines.entries()) expect(line.begin).toBe(lines[index - 1]?.end ?? 0);
  });

  it('may be of just so many bytes', async () => {
    const [short] = linesOf([named(1, 0)]);
    const record = named(1, LINE_BYTES_MAX - short.length);
    const [line] = linesOf([record]);
    expect(line).toHaveLength(LINE_BYTES_MAX);
    expect(await read(`${line}\n`)).toMatchObject([{ record, problem: null }]);
  });
});
