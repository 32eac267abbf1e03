import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { sha256, systemTrouble } from '@rocinante/base';
import { UsageError } from '../errors.js';
import { CONTENT_CHUNK_BYTES_MAX } from './limits.js';

/** A text or a weights file that is named by the SHA-256 of its bytes, and is sent only where it is missing. */
export interface Content {
  /** What messages call it: `corpus book.txt`. */
  readonly subject: string;
  readonly sha256: string;
  readonly bytes: number;
  /** Its bytes in order, in pieces of at most CONTENT_CHUNK_BYTES_MAX. */
  pieces(): Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

/** A content that is in memory. */
export function contentOfBytes(subject: string, bytes: Uint8Array): Content {
  return {
    subject,
    sha256: sha256(bytes),
    bytes: bytes.length,
    *pieces() {
      for (let begin = 0; begin < bytes.length; begin += CONTENT_CHUNK_BYTES_MAX) {
        yield bytes.subarray(begin, begin + CONTENT_CHUNK_BYTES_MAX);
      }
    },
  };
}

/**
 * A content that stays on the disk, and is read once to be named and once more to be sent.
 * @throws {UsageError} there is no such file, or it cannot be read.
 */
export async function contentOfFile(subject: string, path: string): Promise<Content> {
  const pieces = (): AsyncIterable<Buffer> =>
    createReadStream(path, { highWaterMark: CONTENT_CHUNK_BYTES_MAX });
  try {
    const status = await stat(path);
    if (!status.isFile()) throw new UsageError(`${subject}: expected a file, received something else`);
    const hash = createHash('sha256');
    for await (const piece of pieces()) hash.update(piece);
    return { subject, sha256: hash.digest('hex'), bytes: status.size, pieces };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${subject}: cannot be read: ${systemTrouble(error, path)}`, { cause: error });
  }
}
