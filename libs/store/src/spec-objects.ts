/** For specs: a store in memory that does what it is told to, and what a checkpoint's file is taken for. */
import { createHash } from 'node:crypto';
import { StoreError } from './errors.js';
import { readExactly } from './file-range.js';
import type { FileRange, ListedObject, ObjectStore, StoredObject, WriteCondition } from './object-store.js';

interface Held {
  readonly bytes: Uint8Array;
  readonly etag: string;
  readonly modified: number;
}

/** Objects in memory, with the conditions and etags of a server. Its clock moves with each write. */
export class SpecObjects implements ObjectStore {
  readonly name = 's3://spec/run';
  readonly held = new Map<string, Held>();
  /** What was written, in order; `-` before what was removed. */
  readonly log: string[] = [];
  /** While it is true every call fails. */
  lost = false;
  /** Called before each write of an object: a spec does in it what happens meanwhile. */
  before: (key: string) => void | Promise<void> = () => {};
  #clock = 0;

  read(key: string): Promise<StoredObject | null> {
    return this.#answer(() => this.held.get(key) ?? null);
  }

  readRange(key: string, from: number, bytes: number): Promise<Uint8Array | null> {
    return this.#answer(() => this.held.get(key)?.bytes.slice(from, from + bytes) ?? null);
  }

  async write(key: string, bytes: Uint8Array, condition: WriteCondition): Promise<string | null> {
    await this.before(key);
    return this.#answer(() => {
      const there = this.held.get(key);
      if (condition === 'absent' && there !== undefined) return null;
      if (condition !== null && condition !== 'absent' && there?.etag !== condition.ifMatch) return null;
      const etag = `"${createHash('md5').update(bytes).digest('hex')}"`;
      this.#clock += 1;
      this.held.set(key, { bytes, etag, modified: this.#clock });
      this.log.push(key);
      return etag;
    });
  }

  async upload(key: string, { file, from, bytes }: FileRange): Promise<void> {
    await this.write(key, await readExactly(file, from, bytes), null);
  }

  list(prefix: string): Promise<ListedObject[]> {
    return this.#answer(() =>
      [...this.held]
        .filter(([key]) => key.startsWith(prefix))
        .map(([key, { etag, modified }]) => ({ key, etag, modified: new Date(modified) })),
    );
  }

  remove(key: string): Promise<void> {
    return this.#answer(() => {
      this.held.delete(key);
      this.log.push(`-${key}`);
    });
  }

  folders(): Promise<string[]> {
    return Promise.resolve([]);
  }

  abandonUploads(): Promise<void> {
    return this.#answer(() => undefined);
  }

  end(): void {
    this.lost = true;
  }

  /** The keys that are there, `latest.json` first. */
  get keys(): string[] {
    return [...this.held.keys()].sort();
  }

  #answer<Result>(answer: () => Result): Promise<Result> {
    if (this.lost) return Promise.reject(new StoreError('STORE_UNREACHABLE', this.name, 'it is lost'));
    return Promise.resolve(answer());
  }
}
