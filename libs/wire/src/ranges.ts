import { copyBytes, crc32 } from '@rocinante/base';
import type { ParameterLayout, ParameterRange } from '@rocinante/parameters';
import { WireError } from './errors.js';
import { encodeContribution, encodeParameters } from './proto.js';
import {
  BESIDE_ELEMENTS_MAX,
  CONTRIBUTION_FIELDS,
  encodeRange,
  PARAMETERS_FIELDS,
  type Elements,
} from './range-bytes.js';

/** A range's elements as they travel: raw little-endian bytes and their CRC-32. */
export interface RangePayload {
  readonly values: Buffer;
  readonly checksum: number;
}

/**
 * One range of a contribution, encoded: the vector may change afterwards.
 * @param vector [layout.length], as the run's codec has it.
 */
export function encodeContributionRange(
  session: string,
  assignment: number,
  vector: Int32Array | Int16Array,
  range: ParameterRange,
): Buffer {
  const head = encodeContribution({ session, assignment, range: range.index });
  return encodeRange(head, CONTRIBUTION_FIELDS, vector.subarray(range.start, range.end), null);
}

/**
 * One range of a version of the parameters, encoded: the vector may change afterwards.
 * @param vector [layout.length], as the run's codec has it.
 * @param checksum its CRC-32, where it is known from when it was made; null to have it worked out.
 * @param room where to encode it, of `parametersRoom`: the message is in it until it is used again. Without it, memory of its own.
 */
export function encodeParametersRange(
  version: number,
  vector: Float32Array | Uint16Array,
  range: ParameterRange,
  checksum: number | null = null,
  room?: Buffer,
): Buffer {
  const head = encodeParameters({ version, range: range.index });
  return encodeRange(head, PARAMETERS_FIELDS, vector.subarray(range.start, range.end), checksum, room);
}

/** Memory for the message of any range of a layout's parameters. */
export function parametersRoom(layout: ParameterLayout): Buffer {
  return Buffer.allocUnsafe(4 * layout.longestRange + BESIDE_ELEMENTS_MAX);
}

/**
 * Copies a payload to the range's place in a vector, after its length and checksum have been checked.
 * @param vector [layout.length], as the run's codec has it.
 * @throws {WireError} MALFORMED (no such range, another length) or CHECKSUM_MISMATCH. Nothing is copied.
 */
export function decodeRange(
  payload: { readonly range: number } & RangePayload,
  layout: ParameterLayout,
  vector: Elements,
): void {
  const range = checkRange(payload, layout, vector.BYTES_PER_ELEMENT);
  copyBytes(payload.values, vector.subarray(range.start, range.end));
}

/**
 * A payload as a range's elements, at the beginning of `room`, since a message's bytes are not aligned.
 * @param room as long as a range may be; what it held is gone.
 * @throws {WireError} as decodeRange.
 */
export function rangeElements<Room extends Elements>(
  payload: { readonly range: number } & RangePayload,
  layout: ParameterLayout,
  room: Room,
): Room {
  const range = checkRange(payload, layout, room.BYTES_PER_ELEMENT);
  const elements = room.subarray(0, range.end - range.start) as Room;
  copyBytes(payload.values, elements);
  return elements;
}

function checkRange(
  { range: index, values, checksum }: { readonly range: number } & RangePayload,
  layout: ParameterLayout,
  elementBytes: number,
): ParameterRange {
  const range = layout.ranges[index];
  if (!range) {
    throw new WireError('MALFORMED', `range ${index}: expected 0 to ${layout.ranges.length - 1}`);
  }
  const expected = (range.end - range.start) * elementBytes;
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
