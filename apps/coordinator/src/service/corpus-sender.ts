import type { ServerWritableStream } from '@grpc/grpc-js';
import { bytesOf, crc32 } from '@rocinante/base';
import { limits, WireError, type CorpusChunk, type CorpusRequestMessage } from '@rocinante/wire';
import { READER_STALL_MS, roomIn } from './stream-room.js';
import type { ServedRun } from './worker-pool.js';

/**
 * Answers a request for a piece of the present run's encoded text, chunk by chunk as the worker takes them.
 * @param corpus null between two runs.
 * @param known whether the request's session is there.
 * @throws {WireError} UNKNOWN_SESSION, UNKNOWN_CORPUS (another run's), MALFORMED (too much, or beyond the end), TIMEOUT (the
 * worker took nothing for `stallMs`).
 */
export async function sendCorpus(
  call: ServerWritableStream<CorpusRequestMessage, CorpusChunk>,
  corpus: ServedRun['corpus'] | null,
  known: boolean,
  stallMs = READER_STALL_MS,
): Promise<void> {
  if (!known) throw new WireError('UNKNOWN_SESSION', 'this session is over, or never was');
  const { sha256, offset, bytes } = call.request;
  if (sha256 !== corpus?.sha256) {
    throw new WireError(
      'UNKNOWN_CORPUS',
      `corpus ${sha256}: the present run's is ${corpus?.sha256 ?? 'none'}`,
    );
  }
  const ids = bytesOf(corpus.ids);
  const end = offset + bytes;
  if (bytes > limits.CORPUS_CALL_BYTES_MAX || end > ids.byteLength) {
    throw new WireError('MALFORMED', `corpus: bytes ${offset} to ${end} of ${ids.byteLength}`);
  }
  for (let at = offset; at < end && !call.cancelled; at += limits.CORPUS_CHUNK_BYTES_MAX) {
    const data = Buffer.from(ids.subarray(at, Math.min(end, at + limits.CORPUS_CHUNK_BYTES_MAX)));
    if (!call.write({ offset: at, data, checksum: crc32(data) })) await roomIn(call, stallMs);
  }
  call.end();
}
