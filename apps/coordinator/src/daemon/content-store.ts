import { createHash } from 'node:crypto';
import { existsSync, statSync, unlinkSync, utimesSync } from 'node:fs';
import { open, readdir, rename, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { assert, makeFolder, quoted, syncFolder, systemTrouble } from '@rocinante/base';
import { CORPUS_BYTES_MAX } from '@rocinante/corpus';
import { FILE_BYTES_MAX, PARTIAL_SUFFIX, PREFIX_BYTES } from '@rocinante/weights';
import { RunFailedError } from '../errors.js';
import { PRIVATE_FOLDER_MODE } from '../run/folders.js';
import { ContentError } from './errors.js';

/** Bytes of a text, at most: what a run can read. */
export const TEXT_BYTES_MAX = CORPUS_BYTES_MAX;

/** Bytes of a weights file, at most: what a run can read. Known from a text by how it begins. */
export const WEIGHTS_BYTES_MAX = FILE_BYTES_MAX;

/** How long a content that no run names is kept: it is pushed before the run is started that names it. */
export const UNNAMED_KEPT_MS = 3_600_000;

/**
 * Texts and weights files, each a file in `contents` that is named by the SHA-256 of its bytes. What is there is whole.
 * The caller holds the data directory's lock.
 */
export class ContentStore {
  readonly directory: string;
  /** Contents begun in this process's life, so that two that come at the same time do not share a file. */
  #begun = 0;

  private constructor(directory: string) {
    this.directory = directory;
  }

  /**
   * Opens the store, which is made where it is missing, and removes what a killed process left half-written.
   * @throws {RunFailedError} it cannot be made or read.
   */
  static async open(dataDirectory: string): Promise<ContentStore> {
    const store = new ContentStore(join(dataDirectory, 'contents'));
    try {
      makeFolder(store.directory, PRIVATE_FOLDER_MODE);
      for (const file of await readdir(store.directory)) {
        if (file.endsWith(PARTIAL_SUFFIX)) await rm(join(store.directory, file), { force: true });
      }
    } catch (error) {
      throw new RunFailedError(`${store.directory}: ${systemTrouble(error, store.directory)}`, {
        cause: error,
      });
    }
    return store;
  }

  /** Whether it is there. @throws {ContentError} `CONTENT_NAME` */
  has(sha256: string): boolean {
    return existsSync(this.#place(sha256));
  }

  /**
   * Those of these contents that are there. Each counts as pushed now, since whoever asks may start a run over it.
   * @param now milliseconds since 1970.
   * @throws {ContentError} `CONTENT_NAME`
   */
  have(sha256: readonly string[], now: number): string[] {
    const found = sha256.filter((name) => this.has(name));
    for (const name of found) utimesSync(this.#place(name), now / 1000, now / 1000);
    return found;
  }

  /** Where it lies. @throws {ContentError} `CONTENT_MISSING` or `CONTENT_NAME` */
  path(sha256: string): string {
    if (this.has(sha256)) return this.#place(sha256);
    throw new ContentError('CONTENT_MISSING', `content ${sha256}: it is not here; push it`);
  }

  /**
   * Begins to take a content, beside its place until it is whole.
   * @param bytes as many as are announced.
   * @throws {ContentError} its name or length is refused, or the disk does not take it.
   */
  async receive(sha256: string, bytes: number): Promise<ContentWriter> {
    const path = this.#place(sha256);
    if (!Number.isSafeInteger(bytes) || bytes < 0 || bytes > WEIGHTS_BYTES_MAX) {
      throw tooLarge(sha256, WEIGHTS_BYTES_MAX, bytes);
    }
    return ContentWriter.open(path, `${path}.${++this.#begun}${PARTIAL_SUFFIX}`, sha256, bytes);
  }

  /**
   * Removes contents that no run names, but for those that came less than `UNNAMED_KEPT_MS` ago.
   * @param keep what the runs name: asked again before each that goes, since a run may be started meanwhile.
   * @param now milliseconds since 1970.
   * @returns bytes freed.
   * @throws Node's error where one cannot be removed; those before it are.
   */
  async collect(keep: () => ReadonlySet<string>, now: number): Promise<number> {
    let freed = 0;
    const named = keep();
    for (const name of await readdir(this.directory)) {
      if (!isName(name) || named.has(name)) continue;
      freed += this.#removeOld(name, keep, now);
      await setImmediate();
    }
    return freed;
  }

  /** At one go: between looking and removing nobody else has a turn. @returns bytes freed; 0 where it stays, or is gone. */
  #removeOld(name: string, keep: () => ReadonlySet<string>, now: number): number {
    const path = join(this.directory, name);
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined || now - found.mtimeMs < UNNAMED_KEPT_MS || keep().has(name)) return 0;
    unlinkSync(path);
    return found.size;
  }

  #place(sha256: string): string {
    // A name from outside becomes a path: nothing else may pass.
    if (isName(sha256)) return join(this.directory, sha256);
    throw new ContentError(
      'CONTENT_NAME',
      `content: expected a SHA-256 of 64 hexadecimal digits in lower case, received ${quoted(sha256)}`,
    );
  }
}

/**
 * A content on its way into the store. `finish` or `abort` ends it; an error of `write` or `finish` has ended it too, and
 * then nothing of it is left.
 */
export class ContentWriter {
  readonly #hash = createHash('sha256');
  #received = 0;
  #ended = false;
  /** The file's own work, one after the other. */
  #work: Promise<unknown> = Promise.resolve();

  private constructor(
    readonly path: string,
    readonly partial: string,
    readonly sha256: string,
    readonly bytes: number,
    readonly file: FileHandle,
  ) {}

  static async open(path: string, partial: string, sha256: string, bytes: number): Promise<ContentWriter> {
    // Readable by its owner only; and never a file that is there already.
    const file = await open(partial, 'wx', 0o600).catch((error: unknown): never => {
      throw notWritten(path, error);
    });
    return new ContentWriter(path, partial, sha256, bytes, file);
  }

  /**
   * Takes the next bytes, which may change once this has resolved.
   * @throws {ContentError} there are more than announced, or the disk did not take them.
   */
  write(chunk: Uint8Array): Promise<void> {
    return this.#next(async () => {
      if (this.#received === 0 && this.bytes > TEXT_BYTES_MAX && !beginsWeights(chunk)) {
        throw tooLarge(this.sha256, TEXT_BYTES_MAX, this.bytes);
      }
      this.#received += chunk.length;
      if (this.#received > this.bytes) throw this.#wrongLength('more');
      this.#hash.update(chunk);
      for (let written = 0; written < chunk.length;) {
        written += (await this.file.write(chunk, written)).bytesWritten;
      }
    });
  }

  /**
   * Puts the content into its place, once it is whole, is what its name says, and is safe on the disk.
   * @throws {ContentError} it is not.
   */
  finish(): Promise<void> {
    return this.#next(async () => {
      if (this.#received !== this.bytes) throw this.#wrongLength(String(this.#received));
      const received = this.#hash.digest('hex');
      if (received !== this.sha256) {
        throw new ContentError(
          'CONTENT_HASH',
          `content ${this.sha256}: received bytes of SHA-256 ${received}: they have changed; send it again`,
        );
      }
      await this.file.sync();
      await this.file.close();
      await rename(this.partial, this.path);
      this.#ended = true;
      await syncFolder(join(this.path, '..'));
    });
  }

  /** Ends a transfer that came to nothing, and leaves nothing. Does no harm to one that has ended. */
  async abort(): Promise<void> {
    const before = this.#work;
    this.#work = before.then(
      () => this.#discard(),
      () => this.#discard(),
    );
    await this.#work;
  }

  #next(work: () => Promise<void>): Promise<void> {
    const done = this.#work.then(async () => {
      assert(!this.#ended, 'this content has ended');
      try {
        await work();
      } catch (error) {
        await this.#discard();
        throw error instanceof ContentError ? error : notWritten(this.path, error);
      }
    });
    // Whoever called hears of an error; what comes after it is told that the content has ended.
    this.#work = done.catch(() => undefined);
    return done;
  }

  async #discard(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    await this.file.close().catch(() => undefined);
    await rm(this.partial, { force: true });
  }

  #wrongLength(received: string): ContentError {
    return new ContentError(
      'CONTENT_LENGTH',
      `content ${this.sha256}: expected ${this.bytes} bytes, received ${received}; send it again`,
    );
  }
}

function tooLarge(sha256: string, bytesMax: number, bytes: number): ContentError {
  return new ContentError(
    'CONTENT_TOO_LARGE',
    `content ${sha256}: expected at most ${bytesMax} bytes, received ${bytes}`,
  );
}

/** Whether a content begins as a safetensors file does: a header's length, and the header's brace. */
function beginsWeights(chunk: Uint8Array): boolean {
  return chunk[PREFIX_BYTES] === '{'.charCodeAt(0);
}

function notWritten(path: string, cause: unknown): ContentError {
  const { code } = cause as NodeJS.ErrnoException;
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  return new ContentError(
    full ? 'CONTENT_DISK_FULL' : 'CONTENT_NOT_WRITTEN',
    `${path}: expected to write it, but ${systemTrouble(cause, path)}${full ? '; free some space' : ''}`,
    { cause },
  );
}

function isName(name: string): boolean {
  return /^[0-9a-f]{64}$/.test(name);
}
