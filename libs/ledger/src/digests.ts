import { createHash } from 'node:crypto';
import { bytesOf, sha256 } from '@rocinante/base';
import type { StateHashes } from './record.js';

/** Hexadecimal digits of a digest: 128 bits of a SHA-256, which no accident hits. */
const DIGEST_DIGITS = 32;

/** Node's hash takes less than 2 GiB at a time. */
const HASHED_BYTES_MAX = 2 ** 30;

/** The first 128 bits of the bytes' SHA-256. */
export function digestOf(view: ArrayBufferView): string {
  return sha256(view).slice(0, DIGEST_DIGITS);
}

/** The digest of a vector's ranges: over their CRC-32s as little-endian uint32, in the order of ranges. */
export function checksumsDigest(checksums: ArrayLike<number>): string {
  return digestOf(Uint32Array.from(checksums));
}

/** The hashes of a state; m, v and the parameters are float32, [parameters]. */
export function stateHashes(state: {
  readonly parameters: Float32Array;
  readonly m: Float32Array;
  readonly v: Float32Array;
}): StateHashes {
  const moments = createHash('sha256');
  for (const vector of [state.m, state.v]) {
    const bytes = bytesOf(vector);
    for (let start = 0; start < bytes.length; start += HASHED_BYTES_MAX) {
      moments.update(bytes.subarray(start, start + HASHED_BYTES_MAX));
    }
  }
  return { parameters: sha256(state.parameters), moments: moments.digest('hex') };
}
