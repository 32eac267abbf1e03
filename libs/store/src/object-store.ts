import type { FileHandle } from 'node:fs/promises';

/** Bytes that lie under one key. */
export interface StoredObject {
  readonly bytes: Uint8Array;
  /** Names these bytes to the server: a condition of the next write. */
  readonly etag: string;
}

/** What a listing says of an object. */
export interface ListedObject {
  readonly key: string;
  readonly etag: string;
  /** By the server's clock. */
  readonly modified: Date;
}

/** Under which condition an object is written: there is none, or it is still the one with this etag. Null: in any case. */
export type WriteCondition = 'absent' | { readonly ifMatch: string } | null;

/** A range of an open file. */
export interface FileRange {
  readonly file: FileHandle;
  readonly from: number;
  readonly bytes: number;
}

/**
 * Objects under one prefix of a bucket; keys are given without it. Every method throws a `StoreError`, after it has tried
 * what may pass by itself a few times.
 */
export interface ObjectStore {
  /** `s3://bucket/prefix`, for messages. */
  readonly name: string;

  /** A small object, whole; null where there is none. @throws {StoreError} `STORE_DAMAGED`: larger than `bytesMax`. */
  read(key: string, bytesMax: number): Promise<StoredObject | null>;

  /** A range of an object; null where there is none. It may be shorter, where the object is. */
  readRange(key: string, from: number, bytes: number): Promise<Uint8Array | null>;

  /** Writes a small object. @returns its etag; null where the condition does not hold, and nothing was written. */
  write(key: string, bytes: Uint8Array, condition: WriteCondition): Promise<string | null>;

  /**
   * Writes an object out of a file, in parts where it is large. It is there whole, or not at all.
   * @throws {FileChangedError} the file is shorter than it was.
   */
  upload(key: string, range: FileRange): Promise<void>;

  /** Those whose keys begin so, up to a limit. */
  list(keyPrefix: string): Promise<ListedObject[]>;

  /** The first parts of keys that have several, between slashes: where each run of many has its place. */
  folders(): Promise<string[]>;

  /** It need not be there. */
  remove(key: string): Promise<void>;

  /**
   * Ends uploads in parts that were begun and neither finished nor given up: a killed process leaves them.
   * @param folders where keys begin, with the slash: what is not in one of them may be another's, and stays.
   */
  abandonUploads(folders: readonly string[]): Promise<void>;

  /** Ends every request under way, and refuses those that come. */
  end(): void;
}
