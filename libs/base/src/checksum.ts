import { createHash } from 'node:crypto';
import { crc32 as zlibCrc32 } from 'node:zlib';

/** Views a typed array's memory as bytes, without copying. Numbers are little-endian on every platform we support. */
export function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

/** CRC-32 (IEEE 802.3) of bytes, as an unsigned 32-bit number: against accidents, not against forgery. */
export function crc32(view: ArrayBufferView): number {
  return zlibCrc32(bytesOf(view)) >>> 0;
}

/** Node's hash takes less than 2 GiB at a time. */
const HASHED_BYTES_MAX = 2 ** 30;

/** SHA-256 of bytes, in lower-case hexadecimal. */
export function sha256(view: ArrayBufferView): string {
  const bytes = bytesOf(view);
  const hash = createHash('sha256');
  for (let start = 0; start < bytes.length; start += HASHED_BYTES_MAX) {
    hash.update(bytes.subarray(start, start + HASHED_BYTES_MAX));
  }
  return hash.digest('hex');
}
