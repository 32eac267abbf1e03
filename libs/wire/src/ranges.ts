import { bytesOf, crc32 } from '@rocinante/base';
import type { ParameterLayout, ParameterRange } from '@rocinante/parameters';
import { alignedCopy } from './aligned-copy.js';
import { WireError } from './errors.js';
import { encodeContribution, encodeParameters } from './proto.js';

/** A range's elements as they travel: raw little-endian bytes and their CRC-32. */
export interface RangePayload {
  readonly values: Buffer;
  readonly checksum: number;
}

/** One range of a contribution, encoded: the vector may change afterwards. */
export function encodeContributionRange(
  session: string,
  assignment: number,
  vector: Int32Array,
  range: ParameterRange,
): Buffer {
  return encodeContribution({ session, assignment, range: range.index, ...payload(vector, range) });
}

/**
 * One range of a version of the parameters, encoded: the vector may change afterwards.
 * @param checksum its CRC-32, where it is known from when it was made; null to have it worked out.
 */
export function encodeParametersRange(
  version: number,
  vector: Float32Array,
  range: ParameterRange,
  checksum: number | null = null,
): Buffer {
  return encodeParameters({ version, range: range.index, ...payload(vector, range, checksum) });
}

function payload(
  vector: Int32Array | Float32Array,
  range: ParameterRange,
  known: number | null = null,
): RangePayload {
  const elements = bytesOf(vector.subarray(range.start, range.end));
  // The message is encoded before this returns to whoever may ask for the next.
  const bytes = isShared(vector) ? alignedCopy(elements, elements) : elements;
  const values = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { values, checksum: known ?? crc32(values) };
}

/** Copies a payload to the range's place in a vector, after its length and checksum have been checked.
 * @throws {WireError} MALFORMED (no such range, another length) or CHECKSUM_MISMATCH. Nothing is copied.
 */
export function decodeRange(
  payload: { readonly range: number } & RangePayload,
  layout: ParameterLayout,
  vector: Int32Array | Float32Array,
): void {
  const range = checkRange(payload, layout);
  copyInto(vector.subarray(range.start, range.end), payload.values);
}

/**
 * A payload as a range's elements, at the beginning of `room`, since a message's bytes are not aligned.
 * @param room as long as a range may be; what it held is gone.
 * @throws {WireError} as decodeRange.
 */
export function int32Range(
  payload: { readonly range: number } & RangePayload,
  layout: ParameterLayout,
  room: Int32Array,
): Int32Array {
  const range = checkRange(payload, layout);
  const elements = room.subarray(0, range.end - range.start);
  copyInto(elements, payload.values);
  return elements;
}

/** @param elements as many as the bytes are. */
function copyInto(elements: Int32Array | Float32Array, bytes: Uint8Array): void {
  bytesOf(elements).set(isShared(elements) ? alignedCopy(bytes, elements) : bytes);
}

function isShared({ buffer }: ArrayBufferView): boolean {
  return buffer instanceof SharedArrayBuffer;
}

function checkRange(
  { range: index, values, checksum }: { readonly range: number } & RangePayload,
  layout: ParameterLayout,
): ParameterRange {
  const range = layout.ranges[index];
  if (!range) {
    throw new WireError('MALFORMED', `range ${index}: expected 0 to ${layout.ranges.length - 1}`);
  }
  const expected = (range.end - range.start) * 4;
  if (values.byteLength !== expected) {
    throw new WireError(
      'MALFORMED',
      `range ${index}: expected ${expected} bytes, received ${values.byteLength}`,
    );
  }
  const received = crc32(values);
  if (received !== checksum) {
    throw new WireError(
      'CHECKSUM_MISMATCH',
      `range ${index}: expected CRC-32 ${hex(checksum)}, received ${hex(received)}`,
    );
  }
  return range;
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}
