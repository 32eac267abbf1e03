/** Files of JSON in the daemon's data directory, and runs' records, which are written again until the disk takes them. */
import { systemTrouble } from '@rocinante/base';
import { writeAtomically } from '@rocinante/weights';
import { RunStoreError } from './errors.js';
import type { StoredRun } from './stored-run.js';

/** How long after a failure a record is written again. */
const RETRY_INTERVAL_MS = 5_000;

/**
 * Writes runs' records as they change: one write at a time a run, and changes that came together once. What the disk did
 * not take is tried again until it does, since the last change of a run that has ended is followed by no other.
 */
export class RecordWriter {
  /** Told of the first failure of several in a row; until it is mended, the file holds what it held before. */
  onFailure: (error: RunStoreError) => void = (error) => process.emitWarning(error.message);
  readonly #current: (id: string) => StoredRun | undefined;
  readonly #path: (id: string) => string;
  readonly #written = new Map<string, StoredRun>();
  readonly #writing = new Map<string, Promise<void>>();
  readonly #retries = new Map<string, NodeJS.Timeout>();

  /**
   * @param current a run's record as it is now; undefined for one that is gone.
   * @param path where it is written.
   */
  constructor(current: (id: string) => StoredRun | undefined, path: (id: string) => string) {
    this.#current = current;
    this.#path = path;
  }

  /** Its file holds this record. */
  read(id: string, record: StoredRun): void {
    this.#written.set(id, record);
  }

  /**
   * Writes the record as it is when its turn has come.
   * @throws {RunStoreError} `RUN_NOT_WRITTEN`.
   */
  write(id: string): Promise<void> {
    const before = this.#writing.get(id) ?? Promise.resolve();
    const turn = before
      .catch(() => undefined) // Whoever made that change has heard of it.
      .then(async () => {
        const record = this.#current(id);
        if (record === undefined || record === this.#written.get(id)) return;
        await writeJson(this.#path(id), record);
        this.#written.set(id, record);
      })
      .finally(() => {
        if (this.#writing.get(id) === turn) this.#writing.delete(id);
      });
    this.#writing.set(id, turn);
    return turn;
  }

  /** The same, again and again until the disk takes it. */
  keep(id: string): void {
    this.write(id).then(
      () => this.#endRetries(id),
      (error: RunStoreError) => {
        if (!this.#retries.has(id)) this.onFailure(error);
        clearTimeout(this.#retries.get(id));
        this.#retries.set(id, setTimeout(() => this.keep(id), RETRY_INTERVAL_MS).unref());
      },
    );
  }

  /** The run is gone; its file can go once this has resolved. */
  async forget(id: string): Promise<void> {
    this.#written.delete(id);
    this.#endRetries(id);
    await this.#writing.get(id)?.catch(() => undefined);
    this.#endRetries(id);
  }

  /** Waits until every change so far is on the disk, or has failed. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#writing.values());
  }

  /** Tries once more what the disk did not take, and then no more. */
  async close(): Promise<void> {
    await this.settled();
    await Promise.allSettled([...this.#retries.keys()].map((id) => this.write(id)));
    for (const id of this.#retries.keys()) this.#endRetries(id);
  }

  #endRetries(id: string): void {
    clearTimeout(this.#retries.get(id));
    this.#retries.delete(id);
  }
}

/**
 * Writes a file whole, or leaves it as it was.
 * @throws {RunStoreError} `RUN_NOT_WRITTEN`.
 */
export async function writeJson(path: string, value: unknown): Promise<void> {
  const bytes = new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
  await writeAtomically(path, (file) => file.write(bytes, 0)).catch((error: unknown): never => {
    throw notWritten(path, error);
  });
}

export function notWritten(path: string, cause: unknown): RunStoreError {
  const { code } = cause as NodeJS.ErrnoException;
  const advice = code === 'ENOSPC' || code === 'EDQUOT' ? '; free some space' : '';
  const message = `${path}: expected to write it, but ${systemTrouble(cause, path)}${advice}`;
  return new RunStoreError('RUN_NOT_WRITTEN', message, { cause });
}
