import { bytesOf, copyBytes, crc32 } from '@rocinante/base';

/** The numbers of a range's last two fields (training.proto): protobufjs encodes fields by their numbers. */
interface RangeFields {
  readonly values: number;
  readonly checksum: number;
}
export const CONTRIBUTION_FIELDS: RangeFields = { values: 4, checksum: 5 };
export const PARAMETERS_FIELDS: RangeFields = { values: 3, checksum: 4 };

/** Protobuf's kinds of field: a length and so many bytes, and four bytes. */
const [LENGTH_DELIMITED, FIXED32] = [2, 5];

/** A vector as it travels, in little-endian bytes: of the run's codec depends which of these it is. */
export type Elements = Int32Array | Float32Array | Int16Array | Uint16Array;

/** Bytes of a message of parameters beside its elements, at most: four numbers of ten bytes, and the fields' own. */
export const BESIDE_ELEMENTS_MAX = 64;

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
  elements: Elements,
  checksum: number | null,
  room?: Buffer,
): Buffer {
  const front = Buffer.concat([
    head,
    Buffer.of((fields.values << 3) | LENGTH_DELIMITED, ...varint(elements.byteLength)),
  ]);
  const end = front.length + elements.byteLength;
  const memory = room ?? Buffer.allocUnsafe(end + 5);
  const values = memory.subarray(front.length, end);
  memory.set(front);
  copyBytes(bytesOf(elements), values);
  memory[end] = (fields.checksum << 3) | FIXED32;
  memory.writeUInt32LE(checksum ?? crc32(values), end + 1);
  return memory.subarray(0, end + 5);
}

/** A number as protobuf writes it: seven bits a byte, the lowest first. */
function varint(number: number): number[] {
  const bytes: number[] = [];
  for (; number >= 0x80; number >>>= 7) bytes.push((number & 0x7f) | 0x80);
  return [...bytes, number];
}
