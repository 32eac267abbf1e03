/** Goal: a line is in the file whole, or not at all. Method: a real file, and a disk that takes so many bytes and no more. */
import type * as Fs from 'node:fs';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { appendWhole } from './whole-append.js';

/** Bytes that the disk takes at once, and before it is full. */
const disk = vi.hoisted(() => ({ atOnce: Infinity, room: Infinity }));

vi.mock('node:fs', async (importOriginal) => {
  const fs = await importOriginal<typeof Fs>();
  const writeSync = (file: number, bytes: Uint8Array, from = 0): number => {
    const taken = Math.min(bytes.length - from, disk.atOnce, disk.room);
    if (taken === 0) throw Object.assign(new Error('ENOSPC: write'), { code: 'ENOSPC', syscall: 'write' });
    disk.room -= taken;
    return fs.writeSync(file, bytes, from, taken);
  };
  return { ...fs, writeSync };
});

const before = 'what was there before\n';
const line = Buffer.from('a line of some length, with an end\n');

let folder: string;
let path: string;
let file: number;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rocinante-append-'));
  path = join(folder, 'lines.jsonl');
  writeFileSync(path, before);
  file = openSync(path, 'a');
  disk.atOnce = disk.room = Infinity;
});
afterEach(() => {
  closeSync(file);
  rmSync(folder, { recursive: true });
});

it.each([1, 7, line.length])('appends all of a line where the disk takes %i bytes at once', (atOnce) => {
  disk.atOnce = atOnce;
  appendWhole(file, line);
  appendWhole(file, line);
  expect(readFileSync(path, 'utf8')).toBe(`${before}${line.toString()}${line.toString()}`);
});

it.each([0, 1, 10, line.length - 1])('leaves nothing of a line of which the disk takes %i bytes', (room) => {
  disk.atOnce = 4;
  disk.room = room;
  expect(() => appendWhole(file, line)).toThrow('ENOSPC');
  expect(readFileSync(path, 'utf8')).toBe(before);
  // What comes next stands where it would.
  disk.room = Infinity;
  appendWhole(file, line);
  expect(readFileSync(path, 'utf8')).toBe(before + line.toString());
});
