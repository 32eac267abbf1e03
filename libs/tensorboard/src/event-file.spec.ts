/** Goal: the bytes are those of the format. Method: the file is taken apart again. TensorBoard's reader has its own test. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { maskedCrc32c } from './crc32c.js';
import { EventFile } from './event-file.js';

const NOW = 1_764_000_000_500;
let folder: string;
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'rocinante-events-')), 'run');
});
afterEach(() => rmSync(join(folder, '..'), { recursive: true }));

/** The records of a file, with their checksums checked. */
function recordsOf(path: string): Buffer[] {
  const bytes = readFileSync(path);
  const records: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = Number(bytes.readBigUInt64LE(at));
    expect(bytes.readUInt32LE(at + 8)).toBe(maskedCrc32c(bytes.subarray(at, at + 8)));
    const data = bytes.subarray(at + 12, at + 12 + length);
    expect(bytes.readUInt32LE(at + 12 + length)).toBe(maskedCrc32c(data));
    records.push(data);
    at += 16 + length;
  }
  return records;
}

describe('a file of events', () => {
  it('begins with its version, and the step from which on it counts', () => {
    const file = new EventFile(folder, 1, () => NOW);
    const [version, start, ...others] = recordsOf(file.path);
    expect(others).toEqual([]);
    // wall_time, step 0, file_version.
    expect(version[0]).toBe(0x09);
    expect(version.readDoubleLE(1)).toBe(NOW / 1000);
    expect(version.subarray(9)).toEqual(Buffer.from('\x10\0\x1a\x0dbrain.Event:2', 'latin1'));
    // step 1, session_log { status: START }.
    expect(start.subarray(9)).toEqual(Buffer.from([0x10, 1, 0x3a, 2, 0x08, 1]));
  });

  it('has a step’s numbers, whatever the step', () => {
    const file = new EventFile(folder, 1, () => NOW);
    file.scalars(300, [
      ['loss/train', 2.5],
      ['a', -1],
    ]);
    const last = recordsOf(file.path).at(-1)!;
    const value = (tag: string, bytes: number[]): Buffer =>
      Buffer.concat([
        Buffer.from([0x0a, tag.length + 7, 0x0a, tag.length]),
        Buffer.from(tag),
        Buffer.from([0x15, ...bytes]),
      ]);
    const values = Buffer.concat([value('loss/train', [0, 0, 0x20, 0x40]), value('a', [0, 0, 0x80, 0xbf])]);
    expect(last.subarray(9)).toEqual(
      Buffer.concat([Buffer.from([0x10, 0xac, 2, 0x2a, values.length]), values]),
    );
    file.scalars(2 ** 40, []);
    const far = recordsOf(file.path).at(-1)!;
    expect(far.subarray(9)).toEqual(Buffer.from([0x10, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20, 0x2a, 0]));
  });

  it('sorts behind those that are there, also in the same second', () => {
    new EventFile(folder, 1, () => NOW);
    new EventFile(folder, 9, () => NOW);
    new EventFile(folder, 9, () => NOW - 3_600_000);
    writeFileSync(join(folder, 'something-else'), '');
    const times = readdirSync(folder)
      .sort()
      .flatMap((name) => /tfevents\.(\d+)\./.exec(name)?.[1] ?? []);
    expect(times).toEqual(['1764000000', '1764000001', '1764000002']);
    const last = new EventFile(folder, 9, () => NOW).path;
    expect(recordsOf(last)[1].subarray(9, 11)).toEqual(Buffer.from([0x10, 9]));
  });
});
