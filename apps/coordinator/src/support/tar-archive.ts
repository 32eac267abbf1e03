import { gzipSync } from 'node:zlib';
import { assert } from '@rocinante/base';

/** A file of an archive. */
export interface TarEntry {
  /** At most 100 bytes. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

const BLOCK_BYTES = 512;
const NAME_BYTES_MAX = 100;

/**
 * Files as a gzipped tar archive (POSIX ustar), readable by their owner only.
 * @param seconds since 1970: when they were changed.
 */
export function tarGz(entries: readonly TarEntry[], seconds: number): Buffer {
  const blocks = entries.flatMap(({ name, bytes }) => [
    header(name, bytes.length, seconds),
    bytes,
    Buffer.alloc((BLOCK_BYTES - (bytes.length % BLOCK_BYTES)) % BLOCK_BYTES),
  ]);
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK_BYTES)]));
}

function header(name: string, size: number, seconds: number): Buffer {
  assert(Buffer.byteLength(name) <= NAME_BYTES_MAX, `${name} is too long for an archive`);
  const block = Buffer.alloc(BLOCK_BYTES);
  const octal = (value: number, digits: number): string => `${value.toString(8).padStart(digits, '0')}\0`;
  block.write(name, 0);
  block.write(octal(0o600, 7), 100);
  block.write(octal(0, 7), 108);
  block.write(octal(0, 7), 116);
  block.write(octal(size, 11), 124);
  block.write(octal(seconds, 11), 136);
  // The sum is over the header with blanks in its own place.
  block.write('        ', 148);
  block.write('0', 156);
  block.write('ustar\0' + '00', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}
