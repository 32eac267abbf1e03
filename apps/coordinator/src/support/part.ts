import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { systemTrouble } from '@rocinante/base';
import { bytesShown } from '../display/quantities.js';

/** One file of the archive, before secrets are taken out. */
export interface Part {
  readonly name: string;
  readonly text: string;
  /** What is not in it, in a few words; empty where all is. */
  readonly cut: string;
}

/** Something that would be a part and is not there, and why. */
export interface MissingPart {
  readonly name: string;
  readonly why: string;
}

export type PartOrMissing = Part | MissingPart;

export function isPart(one: PartOrMissing): one is Part {
  return 'text' in one;
}

/** An object as a document. */
export function jsonPart(name: string, value: unknown): Part {
  return { name, text: `${JSON.stringify(value, null, 2)}\n`, cut: '' };
}

export interface TailBounds {
  readonly bytesMax: number;
  readonly linesMax?: number;
  /** Why there may be no such file; default: the operating system's words. */
  readonly absent?: string;
}

/** The whole lines at the end of a file, as many as fit. A link is not followed. */
export function tailPart(
  name: string,
  path: string,
  { bytesMax, linesMax, absent }: TailBounds,
): PartOrMissing {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const isAbsent = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return { name, why: (isAbsent ? absent : undefined) ?? systemTrouble(error, path) };
  }
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) return { name, why: 'no file' };
    const length = Math.min(stat.size, bytesMax);
    const bytes = Buffer.alloc(length);
    const read = readSync(file, bytes, 0, length, stat.size - length);
    return tailOf(name, bytes.toString('utf8', 0, read), stat.size, linesMax);
  } finally {
    closeSync(file);
  }
}

/** The whole lines of a text's end, of a text that had so many bytes. */
export function tailOf(name: string, text: string, totalBytes: number, linesMax = Infinity): Part {
  const isCut = Buffer.byteLength(text) < totalBytes;
  const lines = text.split('\n').slice(isCut ? 1 : 0);
  // What stands behind the last end of a line is empty, or a line that is being written.
  const kept = linesMax === Infinity ? lines : lines.slice(-linesMax - 1);
  const tail = kept.join('\n');
  const left = totalBytes - Buffer.byteLength(tail);
  return {
    name,
    text: tail,
    cut: left <= 0 ? '' : `the first ${bytesShown(left)} of ${bytesShown(totalBytes)}`,
  };
}

/** The begin of a text that is too long. */
export function headOf(name: string, text: string, bytesMax: number): Part {
  const bytes = Buffer.from(text);
  if (bytes.length <= bytesMax) return { name, text, cut: '' };
  const head = bytes.toString('utf8', 0, bytesMax);
  return {
    name,
    text: head,
    cut: `the last ${bytesShown(bytes.length - bytesMax)} of ${bytesShown(bytes.length)}`,
  };
}
