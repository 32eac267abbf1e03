import { maskedCrc32c } from './crc32c.js';

const LENGTH_BYTES = 8;
const SUM_BYTES = 4;

/** Some bytes as a TFRecord: their length, its checksum, they themselves, and theirs (tensorflow/core/lib/io/record_writer.h). */
export function record(data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(LENGTH_BYTES + SUM_BYTES + data.length + SUM_BYTES);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(LENGTH_BYTES, maskedCrc32c(bytes.subarray(0, LENGTH_BYTES)), true);
  bytes.set(data, LENGTH_BYTES + SUM_BYTES);
  view.setUint32(bytes.length - SUM_BYTES, maskedCrc32c(data), true);
  return bytes;
}
