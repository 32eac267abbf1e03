import { bytesOf, crc32 } from '@rocinante/base';

/** What a copy of shared memory asks for: V8 copies it by words of so many bytes where both ends are aligned alike, else byte by byte. */
export const WORD_BYTES = 8;

/** The numbers of the last two fields of a range's message (training.proto), in whose order they are encoded. */
interface RangeFields {
  readonly values: number;
  readonly checksum: number;
}
export const CONTRIBUTION_FIELDS: RangeFields = { values: 4, checksum: 5 };
export const PARAMETERS_FIELDS: RangeFields = { values: 3, checksum: 4 };

/** Protobuf's kinds of field: a length and so many bytes, and four bytes. */
const [LENGTH_DELIMITED, FIXED32] = [2, 5];

/** Bytes of a range's message beside its elements, at most: of its other fields, a session's name the longest, and to align it. */
export const BESIDE_ELEMENTS_MAX = 256;

/**
 * A range's message as protobufjs would encode it, but for copies: the elements go straight from their vector, which may lie in
 * shared memory, to where they travel.
 *
 * @param head the fields before the elements, encoded.
 * @param checksum the elements' CRC-32; null to have it worked out.
 * @param room memory to encode it in, as long as that takes; what it held is gone.
 */
export function encodeRange(
  head: Buffer,
  fields: RangeFields,
  elements: Int32Array | Float32Array,
  checksum: number | null,
  room?: Buffer,
): Buffer {
  const front = Buffer.concat([
    head,
    Buffer.of((fields.values << 3) | LENGTH_DELIMITED, ...varint(elements.byteLength)),
  ]);
  const memory = room ?? Buffer.allocUnsafe(elements.byteLength + BESIDE_ELEMENTS_MAX);
  const skew = elements.byteOffset - (memory.byteOffset + front.length);
  const start = ((skew % WORD_BYTES) + WORD_BYTES) % WORD_BYTES;
  const values = start + front.length;
  const end = values + elements.byteLength;
  memory.set(front, start);
  memory.set(bytesOf(elements), values);
  memory[end] = (fields.checksum << 3) | FIXED32;
  memory.writeUInt32LE(checksum ?? crc32(memory.subarray(values, end)), end + 1);
  return memory.subarray(start, end + 5);
}

/** A number as protobuf writes it: seven bits a byte, the lowest first. */
function varint(number: number): number[] {
  const bytes: number[] = [];
  for (; number >= 0x80; number >>>= 7) bytes.push((number & 0x7f) | 0x80);
  return [...bytes, number];
}
