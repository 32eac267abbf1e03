import { fstatSync, ftruncateSync, writeSync } from 'node:fs';

/**
 * Appends bytes to a file, or leaves it as it was: a nearly full disk takes the first part of a line, and then no more.
 * @param file opened for appending; nobody else writes to it.
 * @throws Node's error where the disk does not take all of them.
 */
export function appendWhole(file: number, bytes: Uint8Array): void {
  let written = 0;
  try {
    while (written < bytes.length) written += writeSync(file, bytes, written);
  } catch (error) {
    // A shorter file needs no room.
    if (written > 0) ftruncateSync(file, fstatSync(file).size - written);
    throw error;
  }
}
