import type { ServerReadableStream } from '@grpc/grpc-js';
import { WireError, type PushChunkMessage, type PushResponse } from '@rocinante/wire';
import { UsageError } from '../errors.js';
import { refuseFullDisk } from '../run/disk-space.js';
import type { ContentStore, ContentWriter } from './content-store.js';

/** For so long a sender may send nothing before it is given up. */
const SENDER_STALL_MS = 60_000;

/**
 * Takes one content from an operator into the store. Nothing is kept of one that does not come whole, and one that is
 * there already is not taken again.
 * @throws {ContentError | DiskFullError | UsageError} it is refused.
 * @throws {WireError} TIMEOUT: its sender said nothing for `stallMs`.
 */
export async function takeContent(
  call: ServerReadableStream<PushChunkMessage, PushResponse>,
  contents: ContentStore,
  stallMs = SENDER_STALL_MS,
): Promise<PushResponse> {
  let writer: ContentWriter | null = null;
  const timer = setTimeout(
    () => call.destroy(new WireError('TIMEOUT', `push: nothing came for ${stallMs / 1000} s; send it again`)),
    stallMs,
  );
  try {
    for await (const { sha256, bytes, data } of call as AsyncIterable<PushChunkMessage>) {
      timer.refresh();
      if (writer === null) {
        if (contents.have([sha256], Date.now()).length > 0) return { sha256, known: true };
        writer = await contents.receive(sha256, bytes);
        await refuseFullDisk(contents.directory, '--data', bytes);
      }
      if (data.length > 0) await writer.write(data);
    }
    if (writer === null) throw new UsageError('push: expected a content, received nothing');
    await writer.finish();
    return { sha256: writer.sha256, known: false };
  } catch (error) {
    await writer?.abort();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
