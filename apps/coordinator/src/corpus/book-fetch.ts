import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { sha256 } from '@rocinante/base';
import { quijotePath, type Environment } from './corpus-file.js';
import { download, type DownloadLimits, type DownloadProgress } from './download.js';
import { BookFetchError } from './errors.js';
import { extractQuijote } from './gutenberg-text.js';

/** Book 2000 of Project Gutenberg, as plain text in UTF-8. */
export const QUIJOTE_URL = 'https://www.gutenberg.org/cache/epub/2000/pg2000.txt';

/** The file has 2.2 MB; a slow line brings it within the total. */
const QUIJOTE_LIMITS: DownloadLimits = {
  answerTimeoutMs: 30_000,
  stallTimeoutMs: 30_000,
  totalTimeoutMs: 600_000,
  bytesMax: 16 * 2 ** 20,
  redirectsMax: 5,
};

export interface FetchOptions {
  /** The `--url` option. Absent: ROCINANTE_QUIJOTE_URL, else QUIJOTE_URL. */
  readonly url?: string | undefined;
  readonly environment: Environment;
  readonly onProgress?: DownloadProgress;
  /** Ends the fetch, with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Changes of QUIJOTE_LIMITS. */
  readonly limits?: Partial<DownloadLimits>;
}

export interface FetchedBook {
  readonly path: string;
  /** The address that was asked, before any redirection. */
  readonly url: string;
  /** Of the file as it was written, without Project Gutenberg's header and trailer. */
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * Fetches Don Quijote into the cache: checked, without Project Gutenberg's header, licence and trailer, mode 0644. The file
 * appears whole or not at all, and replaces an older one.
 * @throws {BookAddressError} the address is not an http or https URL.
 * @throws {BookFetchError} it could not be fetched, is not the book, or could not be written; `failure` says which.
 */
export async function fetchQuijote(options: FetchOptions): Promise<FetchedBook> {
  const { environment, onProgress = () => undefined, signal, limits } = options;
  const url = options.url ?? (environment['ROCINANTE_QUIJOTE_URL'] || QUIJOTE_URL);
  const received = await download(url, { ...QUIJOTE_LIMITS, ...limits }, onProgress, signal);
  const bytes = Buffer.from(extractQuijote(received, url), 'utf8');
  const path = quijotePath(environment);
  await writeWhole(path, bytes);
  return { path, url, bytes: bytes.length, sha256: sha256(bytes) };
}

/** Writes beside, flushes, renames. */
async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const beside = `${path}.${process.pid}-${randomBytes(4).toString('hex')}.part`;
  try {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(beside, 'wx', 0o644);
    try {
      await file.writeFile(bytes);
      await file.chmod(0o644); // Whatever the process's umask.
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true }).catch(() => undefined);
    const reason = error instanceof Error ? error.message : String(error);
    throw new BookFetchError('disk', path, `cannot write the book: ${reason}`, { cause: error });
  }
}
