// @ts-check
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { SetupFailure } from '../setup/failure.mjs';
import { end, header, padding } from './tar.mjs';

/** @typedef {import('./tar.mjs').Entry} Entry */

const compress = promisify(gzip);

/** How much is compressed at a time, each piece a member of its own of the gzip file, so that all cores have work. */
const PIECE_BYTES = 4 << 20;

/** Pieces under way: Node compresses in four threads. */
const PIECES_MAX = 6;

/**
 * Of the whole bundle's 968 MB on two cores (2026-11-29): level 1 leaves 266 MB in 18 s, 4 leaves 246 in 23, 6 leaves 237 in
 * 33. zstd would leave 202 MB in 15 s, but a machine on which nothing was installed cannot unpack it.
 */
const LEVEL = 4;

/**
 * A hash of all that is in an archive, wherever its files lie: what the bundle is called by.
 * @param {readonly Entry[]} entries
 * @returns {Promise<string>} SHA-256, in hexadecimal digits.
 */
export async function contentHash(entries) {
  const hash = createHash('sha256');
  for (const entry of entries) {
    const { path, link = '', size, executable } = entry;
    const bytes = createHash('sha256');
    for await (const chunk of bytesOf(entry)) bytes.update(chunk);
    hash.update(`${JSON.stringify([path, link, size, executable, bytes.digest('hex')])}\n`);
  }
  return hash.digest('hex');
}

/**
 * Writes an archive: a tar file, compressed by gzip, which every Linux unpacks.
 *
 * The same entries make the same bytes, on the same version of Node. The file is there whole or not at all.
 * @param {string} file
 * @param {string} folder the folder that all entries are in, in the archive.
 * @param {readonly Entry[]} entries sorted; folders before what is in them.
 * @param {(bytes: number) => void} onProgress how many bytes of the entries have been read.
 * @returns {Promise<{ bytes: number, sha256: string }>} the file's.
 * @throws {SetupFailure} a file has changed meanwhile, or does not fit the format.
 */
export async function writeArchive(file, folder, entries, onProgress) {
  const part = `${file}.part`;
  const output = await open(part, 'w', 0o644);
  try {
    const hash = createHash('sha256');
    let bytes = 0;
    /** @param {Buffer} piece */
    const write = async (piece) => {
      hash.update(piece);
      bytes += piece.length;
      await output.writeFile(piece);
    };
    /** @type {Promise<Buffer>[]} */
    const pieces = [];
    for await (const piece of inPieces(tarOf(folder, entries, onProgress))) {
      const compressed = compress(piece, { level: LEVEL });
      // A failure is heard of when it is this piece's turn to be written.
      compressed.catch(() => {});
      pieces.push(compressed);
      if (pieces.length === PIECES_MAX) await write(/** @type {Buffer} */ (await pieces.shift()));
    }
    for (const piece of pieces) await write(await piece);
    await output.sync();
    await output.close();
    await rename(part, file);
    return { bytes, sha256: hash.digest('hex') };
  } catch (error) {
    await output.close();
    await rm(part, { force: true });
    throw error;
  }
}

/**
 * @param {string} folder
 * @param {readonly Entry[]} entries
 * @param {(bytes: number) => void} onProgress
 */
async function* tarOf(folder, entries, onProgress) {
  let done = 0;
  yield header(`${folder}/`, { path: '', size: 0, executable: false });
  for (const entry of entries) {
    yield header(`${folder}/${entry.path}`, entry);
    let size = 0;
    for await (const chunk of bytesOf(entry)) {
      size += chunk.length;
      onProgress((done += chunk.length));
      yield chunk;
    }
    if (size !== entry.size) {
      throw new SetupFailure(
        `${entry.file}: expected ${entry.size} bytes, received ${size}; it changed meanwhile`,
        1,
      );
    }
    yield padding(size);
  }
  yield end;
}

/**
 * @param {Entry} entry
 * @returns {AsyncGenerator<Buffer>}
 */
async function* bytesOf({ file, bytes }) {
  if (bytes !== undefined) yield bytes;
  if (file !== undefined) yield* createReadStream(file, { highWaterMark: 1 << 20 });
}

/**
 * Cuts a stream at fixed places, wherever its chunks end.
 * @param {AsyncIterable<Buffer>} chunks
 */
async function* inPieces(chunks) {
  /** @type {Buffer[]} */
  let held = [];
  let size = 0;
  for await (let chunk of chunks) {
    while (size + chunk.length >= PIECE_BYTES) {
      const room = PIECE_BYTES - size;
      yield Buffer.concat([...held, chunk.subarray(0, room)]);
      chunk = chunk.subarray(room);
      held = [];
      size = 0;
    }
    held.push(chunk);
    size += chunk.length;
  }
  if (size > 0) yield Buffer.concat(held);
}
