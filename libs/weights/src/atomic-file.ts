/** Files that are either whole or not there: written beside their place, flushed, and renamed into it. */
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder } from '@rocinante/base';

/** Bytes written at once. Between two writes the event loop has its turn. */
export const WRITE_CHUNK_BYTES = 1024 * 1024;

/** What a file that is not whole yet ends in. A process that was killed may leave one behind. */
export const PARTIAL_SUFFIX = '.partial';

/** What writing needs of an open file. */
export interface WritableFile {
  /** Writes all of the bytes at a position. */
  write(bytes: Uint8Array, position: number): Promise<void>;
  /** Returns once what was written is on the disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** Opens a file for writing, empty. Tests put a disk that fails in its place. */
export type OpenWritable = (path: string) => Promise<WritableFile>;

/** Opens a file of the real file system. */
export const openWritable: OpenWritable = async (path) => {
  const handle = await open(path, 'w', 0o644);
  return {
    async write(bytes, position) {
      for (let written = 0; written < bytes.length;) {
        const rest = bytes.subarray(written);
        written += (await handle.write(rest, 0, rest.length, position + written)).bytesWritten;
      }
    },
    sync: () => handle.sync(),
    close: () => handle.close(),
  };
};

/**
 * Writes a file so that its path holds either what it held before or the whole new contents, whatever happens.
 *
 * `fill` writes the contents. Then the file is flushed, renamed into place, and the directory flushed, so that the name
 * survives a loss of power too. Where any of it fails, the partial file is removed and the error passed on as it came.
 */
export async function writeAtomically(
  path: string,
  fill: (file: WritableFile) => Promise<void>,
  openFile: OpenWritable = openWritable,
): Promise<void> {
  const partial = path + PARTIAL_SUFFIX;
  try {
    const file = await openFile(partial);
    try {
      await fill(file);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(partial, path);
  } catch (error) {
    // Where not even this is possible, the first error is the one that says why.
    await rm(partial, { force: true }).catch(() => undefined);
    throw error;
  }
  await syncFolder(dirname(path));
}
