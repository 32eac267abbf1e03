import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32, sha256 } from '@rocinante/base';
import {
  FIRST_CORPUS_PIECE_BYTES,
  nextCorpusPieceBytes,
  WireError,
  type CorpusChunkMessage,
  type CorpusDescriptionMessage,
  type TrainingClient,
} from '@rocinante/wire';

/** Corpora up to 1 GB of text; an id takes at most four bytes. */
const ENCODED_BYTES_MAX = 4 * 2 ** 30;

export interface CorpusRequestOptions {
  readonly client: TrainingClient;
  readonly session: string;
  readonly corpus: CorpusDescriptionMessage;
  /** Where encoded corpora are kept, named by their hash; null keeps none. */
  readonly cacheFolder: string | null;
  /** The run has ended meanwhile: nothing more is fetched. */
  readonly signal: AbortSignal;
  /** Hears in a line why the corpus could not be kept. */
  readonly warn: (line: string) => void;
}

/**
 * A run's encoded corpus, in shared memory: from this machine's cache where it is there and whole, else from the
 * coordinator. Either way its SHA-256 is checked. What is kept is readable by its owner only (mode 0600).
 * @throws {WireError} CHECKSUM_MISMATCH, MALFORMED, CONNECTION_LOST, which an abandoned fetch ends with too.
 */
export async function corpusIds(options: CorpusRequestOptions): Promise<SharedArrayBuffer> {
  const { corpus, cacheFolder } = options;
  const size = corpus.length * corpus.idBytes;
  if (!/^[0-9a-f]{64}$/.test(corpus.sha256) || !(size > 0 && size <= ENCODED_BYTES_MAX)) {
    throw new WireError(
      'MALFORMED',
      `corpus: ${corpus.length} ids of ${corpus.idBytes} bytes, ${corpus.sha256}`,
    );
  }
  const ids = new SharedArrayBuffer(size);
  const bytes = new Uint8Array(ids);
  const path = cacheFolder === null ? null : join(cacheFolder, `${corpus.sha256}.ids`);
  if (path !== null && (await readCached(path, bytes, corpus.sha256))) return ids;

  let pieceBytes = FIRST_CORPUS_PIECE_BYTES;
  for (let offset = 0; offset < size;) {
    const [length, start] = [Math.min(pieceBytes, size - offset), performance.now()];
    await fetchPiece(options, bytes, offset, length);
    pieceBytes = nextCorpusPieceBytes(length, performance.now() - start);
    offset += length;
  }
  const received = sha256(bytes);
  if (received !== corpus.sha256) {
    throw new WireError('CHECKSUM_MISMATCH', `corpus: expected ${corpus.sha256}, received ${received}`);
  }
  if (path !== null) await keep(path, cacheFolder!, bytes, options.warn);
  return ids;
}

async function readCached(path: string, into: Uint8Array, expected: string): Promise<boolean> {
  let cached: Buffer;
  try {
    cached = await readFile(path);
  } catch {
    return false; // not kept yet, or not readable: the coordinator has it
  }
  if (cached.byteLength !== into.byteLength || sha256(cached) !== expected) return false;
  into.set(cached);
  return true;
}

function fetchPiece(
  { client, session, corpus, signal }: CorpusRequestOptions,
  into: Uint8Array,
  start: number,
  size: number,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let offset = start;
    const call = client.corpus({ session, sha256: corpus.sha256, offset: start, bytes: size });
    const abandon = (): void => call.cancel();
    if (signal.aborted) abandon();
    signal.addEventListener('abort', abandon);
    call.on('status', () => signal.removeEventListener('abort', abandon));
    call.on('data', (chunk: CorpusChunkMessage) => {
      if (chunk.offset !== offset || offset + chunk.data.byteLength > start + size) {
        call.cancel();
        reject(new WireError('MALFORMED', `corpus: expected bytes from ${offset}, received ${chunk.offset}`));
      } else if (crc32(chunk.data) !== chunk.checksum) {
        call.cancel();
        reject(
          new WireError('CHECKSUM_MISMATCH', `corpus: bytes from ${offset} are not those that were sent`),
        );
      } else {
        into.set(chunk.data, offset);
        offset += chunk.data.byteLength;
      }
    });
    call.on('error', (error) =>
      reject(new WireError('CONNECTION_LOST', `corpus: ${error.message}`, { cause: error })),
    );
    call.on('end', () => {
      if (offset === start + size) resolve();
      else reject(new WireError('MALFORMED', `corpus: expected ${size} bytes, received ${offset - start}`));
    });
  });
}

/** A cache that cannot be written is no reason not to work. */
async function keep(
  path: string,
  folder: string,
  bytes: Uint8Array,
  warn: (line: string) => void,
): Promise<void> {
  const beside = `${path}.${process.pid}`;
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(beside, bytes, { mode: 0o600 });
    await rename(beside, path);
  } catch (error) {
    // A folder that may not be entered refuses this too.
    await rm(beside, { force: true }).catch(() => undefined);
    warn(`the corpus is not kept for the next run: ${(error as Error).message}`);
  }
}
