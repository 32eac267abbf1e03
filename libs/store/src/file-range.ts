/** Ranges of files that others may replace or cut meanwhile. */
import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { StoreError } from './errors.js';
import type { FileRange } from './object-store.js';
import { HASH_CHUNK_BYTES } from './limits.js';

/** A file was replaced, cut or removed while it was read, or what a store has is not what it said: look again. */
export class FileChangedError extends Error {
  constructor(what = 'a file changed while it was read', options?: ErrorOptions) {
    super(what, options);
    this.name = 'FileChangedError';
  }
}

/** What a person is told where looking again is of no use. */
export function changedError(store: string, cause: FileChangedError): StoreError {
  return new StoreError('STORE_REFUSED', store, `could not be brought up to date: ${cause.message}`, {
    cause,
  });
}

/** @throws {FileChangedError} the file ends before. */
export async function readExactly(file: FileHandle, from: number, bytes: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(bytes);
  for (let done = 0; done < bytes;) {
    const { bytesRead } = await file.read(buffer, done, bytes - done, from + done);
    if (bytesRead === 0) throw new FileChangedError();
    done += bytesRead;
  }
  return buffer;
}

/** SHA-256 of a range, in lower-case hexadecimal. Between pieces the event loop runs. @throws {FileChangedError} */
export async function hashRange({ file, from, bytes }: FileRange): Promise<string> {
  const hash = createHash('sha256');
  for (let done = 0; done < bytes; done += HASH_CHUNK_BYTES) {
    hash.update(await readExactly(file, from + done, Math.min(HASH_CHUNK_BYTES, bytes - done)));
  }
  return hash.digest('hex');
}

/** Where the last whole line ends, of the file's first `bytes`; 0 where there is none in the last MiB of them. */
export async function wholeLines(file: FileHandle, bytes: number): Promise<number> {
  const from = Math.max(0, bytes - HASH_CHUNK_BYTES);
  const tail = await readExactly(file, from, bytes - from);
  const last = tail.lastIndexOf('\n'.charCodeAt(0));
  return last < 0 ? 0 : from + last + 1;
}
