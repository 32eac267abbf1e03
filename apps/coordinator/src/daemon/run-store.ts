import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import {
  assert,
  AssertionError,
  makeFolder,
  oneLine,
  quoted,
  RocinanteError,
  syncFolder,
  systemTrouble,
} from '@rocinante/base';
import { RECORD_BYTES_MAX } from '@rocinante/store';
import { PARTIAL_SUFFIX } from '@rocinante/weights';
import { limits } from '@rocinante/wire';
import { RunFailedError, UsageError } from '../errors.js';
import { folderBytes, PRIVATE_FOLDER_MODE } from '../run/folders.js';
import { ProcessLock } from '../run/process-lock.js';
import { RUN_ID_PATTERN } from '../run/run-id.js';
import { RunStoreError } from './errors.js';
import { notWritten, RecordWriter, writeJson } from './record-writer.js';
import { newStoredRun, storedRunSchema, type NewRun, type StoredRun } from './stored-run.js';

export type { NewRun, StoredRun } from './stored-run.js';

/** A run whose record cannot be read. It can be listed and removed, and nothing else. */
export interface DamagedRun {
  readonly id: string;
  readonly state: 'failed';
  /** One sentence. */
  readonly reason: string;
}

const stateSchema = z.strictObject({
  version: z.literal(1),
  /** The largest number that a run was given. */
  lastRun: z.int().min(0),
});

/** What a run's folder is called while it is removed, so that a kill does not leave a run without its record. */
const REMOVED_SUFFIX = '.removed';
const RECORD = 'run.json';

/** Characters of why a record is none. */
const PROBLEM_LENGTH_MAX = 300;

/**
 * The daemon's runs: `state.json` with the last number given, and a folder `runs/<id>` for each, with its `run.json`.
 *
 * Records are read once and held in memory; each change is written whole, beside and renamed. One process at a time
 * works in a data directory: the store holds its lock.
 */
export class RunStore {
  readonly dataDirectory: string;
  readonly #lock: ProcessLock;
  readonly #records = new Map<string, StoredRun>();
  /** Damaged runs, with what stands in their records. */
  readonly #damaged = new Map<string, DamagedRun & { readonly text: string }>();
  readonly #writer = new RecordWriter(
    (id) => this.#records.get(id),
    (id) => join(this.directory(id), RECORD),
  );
  #creating: Promise<unknown> = Promise.resolve();
  #lastRun = 0;

  private constructor(dataDirectory: string, lock: ProcessLock) {
    this.dataDirectory = dataDirectory;
    this.#lock = lock;
  }

  /** `told` hears when a change was not written; it is tried again until it is. By default the process warns of it. */
  onWriteFailure(told: (error: RunStoreError) => void): void {
    this.#writer.onFailure = told;
  }

  /**
   * Opens a data directory, which is made where it is missing. A damaged record makes its run a damaged one, and keeps
   * no other from being read.
   * @param fill brings runs into a directory that has never had one, before they are read.
   * @throws {UsageError} it is no directory, or `state.json` is another release's.
   * @throws {RunFailedError} it cannot be made or read, or another process works in it.
   */
  static async open(
    dataDirectory: string,
    fill: (isFresh: boolean) => Promise<unknown> = () => Promise.resolve(),
  ): Promise<RunStore> {
    const subject = `data directory ${dataDirectory}`;
    if (existsSync(dataDirectory) && !(await stat(dataDirectory)).isDirectory()) {
      throw new UsageError(`${subject}: expected a directory or nothing, received a file`);
    }
    try {
      makeFolder(join(dataDirectory, 'runs'), PRIVATE_FOLDER_MODE);
    } catch (error) {
      const why = systemTrouble(error, dataDirectory);
      throw new RunFailedError(`${subject}: the folder cannot be made: ${why}; choose another --data`, {
        cause: error,
      });
    }
    const store = new RunStore(dataDirectory, ProcessLock.take(join(dataDirectory, 'lock'), subject));
    try {
      const ids = (await readdir(store.runsDirectory)).filter((name) => RUN_ID_PATTERN.test(name));
      await fill(!existsSync(store.#statePath) && ids.length === 0);
      await store.#read();
    } catch (error) {
      await store.close();
      if (error instanceof RocinanteError) throw error;
      throw new RunFailedError(`${subject}: ${systemTrouble(error, dataDirectory)}`, { cause: error });
    }
    return store;
  }

  /** Waits until every change so far is on the disk, or has failed. */
  async written(): Promise<void> {
    await Promise.allSettled([this.#creating]);
    await this.#writer.settled();
  }

  /** Waits for the changes under way, and lets the next process in. */
  async close(): Promise<void> {
    await this.written();
    await this.#writer.close();
    this.#lock.release();
  }

  /** All runs whose records are sound, in the order in which they came. */
  runs(): StoredRun[] {
    return [...this.#records.values()];
  }

  /** Runs whose records are not, in the order in which they came. */
  damagedRuns(): DamagedRun[] {
    return [...this.#damaged.values()].map(({ id, state, reason }) => ({ id, state, reason }));
  }

  /** The runs of a pool that wait, the next one first: before all others those that were active when the coordinator ended. */
  queue(pool: string): StoredRun[] {
    return this.runs()
      .filter((run) => run.state === 'queued' && run.pool === pool)
      .sort(
        (a, b) =>
          Number(b.unfinishedActivations > 0) - Number(a.unfinishedActivations > 0) ||
          b.priority - a.priority ||
          Date.parse(a.queuedAt) - Date.parse(b.queuedAt) ||
          numberOf(a.id) - numberOf(b.id),
      );
  }

  /**
   * By which moment a run stands in the queue that comes to it now: behind all that are there, also where the clock was set
   * back since they came.
   */
  queueTime(now: string): string {
    const last = this.runs()
      .filter(({ state }) => state === 'queued')
      .map(({ queuedAt }) => Date.parse(queuedAt));
    const latest = Math.max(...last);
    return Date.parse(now) <= latest ? new Date(latest + 1).toISOString() : now;
  }

  /**
   * The run of this id, or else the only one of this name.
   * @throws {RunStoreError} `RUN_NAME`, `NOT_FOUND`, `AMBIGUOUS` or `RUN_DAMAGED`.
   */
  find(reference: string): StoredRun {
    const found = this.#records.get(reference);
    if (found !== undefined) return found;
    const damaged = this.#damaged.get(reference);
    if (damaged !== undefined) throw new RunStoreError('RUN_DAMAGED', `run ${reference}: ${damaged.reason}`);
    const named = this.runs().filter(({ name }) => name === reference);
    if (named.length === 1) return named[0];
    if (named.length === 0 && isPathOrLong(reference)) {
      throw new RunStoreError(
        'RUN_NAME',
        `run: expected an id, or a name of at most ${limits.RUN_NAME_LENGTH_MAX} characters, received ${quoted(reference)}`,
      );
    }
    if (named.length === 0) {
      throw new RunStoreError('NOT_FOUND', `run ${quoted(reference)}: there is none of this id or name`);
    }
    const newest = named.slice(-IDS_NAMED_MAX).map(({ id }) => id);
    const more = named.length > IDS_NAMED_MAX ? ' (the newest; ./rocinante run list has all)' : '';
    throw new RunStoreError(
      'AMBIGUOUS',
      `run ${quoted(reference)}: expected one run of this name, received ${named.length}; ` +
        `give an id: ${newest.join(', ')}${more}`,
    );
  }

  /**
   * Records a run that waits, under a new id. It is there, for whoever asks, once its record is on the disk.
   * @throws {UsageError} a field is out of its bounds.
   * @throws {RunStoreError} `RUN_NOT_WRITTEN`: there is no such run, and its number is not given again.
   */
  create(run: NewRun): Promise<StoredRun> {
    // One after the other: they share `state.json`.
    const created = this.#creating.catch(() => undefined).then(() => this.#create(run));
    this.#creating = created;
    return created;
  }

  async #create(run: NewRun): Promise<StoredRun> {
    const id = `r${this.#lastRun + 1}`;
    const checked = storedRunSchema.safeParse(newStoredRun(id, run, this.queueTime(run.createdAt)));
    if (!checked.success) throw new UsageError(`run: ${problem(checked.error)}`);
    this.#lastRun++;
    const directory = this.directory(id);
    try {
      // First, so that the number is never given again, whatever becomes of the run.
      await writeJson(this.#statePath, { version: 1, lastRun: this.#lastRun });
      await mkdir(directory, { mode: PRIVATE_FOLDER_MODE });
      // Else the run is lost with its folder's name, though its record was flushed.
      await syncFolder(this.runsDirectory);
      await writeJson(join(directory, RECORD), checked.data);
    } catch (error) {
      await rm(directory, { recursive: true, force: true });
      throw error instanceof RunStoreError ? error : notWritten(directory, error);
    }
    this.#writer.read(id, checked.data);
    this.#records.set(id, checked.data);
    return checked.data;
  }

  /** Changes a run's record: at once in memory, and on the disk soon; `onWriteFailure` hears where it is not. */
  update(id: string, changes: Partial<Omit<StoredRun, 'version' | 'id'>>): StoredRun {
    const before = this.#records.get(id);
    assert(before !== undefined, `${id} is no run`);
    const checked = storedRunSchema.safeParse({ ...before, ...changes });
    if (!checked.success) throw new AssertionError(`${id} would be no record: ${problem(checked.error)}`);
    const record = checked.data;
    this.#records.set(id, record);
    this.#writer.keep(id);
    return record;
  }

  /**
   * Removes a run that is not active, a damaged one too, with all that is in its folder.
   * @returns bytes freed.
   * @throws {RunStoreError} the disk did not do it; a part may be left, and goes when the store is opened next.
   */
  async remove(id: string): Promise<number> {
    const run = this.#records.get(id) ?? this.#damaged.get(id);
    assert(run !== undefined && run.state !== 'active', `${id} is a run that is not active`);
    await this.#forget(id);
    const directory = this.directory(id);
    const removed = directory + REMOVED_SUFFIX;
    try {
      await rename(directory, removed);
      const bytes = await folderBytes(removed);
      await rm(removed, { recursive: true, force: true });
      return bytes;
    } catch (error) {
      throw new RunStoreError(
        'RUN_NOT_WRITTEN',
        `${directory}: expected to remove it, but ${systemTrouble(error, directory)}`,
        { cause: error },
      );
    }
  }

  /** Where the runs' folders are. */
  get runsDirectory(): string {
    return join(this.dataDirectory, 'runs');
  }

  /** A run's folder. */
  directory(id: string): string {
    return join(this.runsDirectory, id);
  }

  /**
   * Every SHA-256 that stands in a run's record, whatever of: no content of these is removed. Damaged records count too,
   * since their runs may be mended.
   */
  namedContents(): Set<string> {
    const texts = [
      ...this.runs().map((run) => JSON.stringify(run)),
      ...[...this.#damaged.values()].map(({ text }) => text),
    ];
    return new Set(texts.flatMap((text) => text.match(/(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/g) ?? []));
  }

  async #read(): Promise<void> {
    const folder = this.runsDirectory;
    const numbers: number[] = [];
    for (const name of await readdir(folder)) {
      const id = name.endsWith(REMOVED_SUFFIX) ? name.slice(0, -REMOVED_SUFFIX.length) : name;
      if (!RUN_ID_PATTERN.test(id)) continue;
      numbers.push(numberOf(id));
      if (id !== name || (await isUnbegun(join(folder, name)))) {
        await rm(join(folder, name), { recursive: true, force: true });
      }
    }
    this.#lastRun = Math.max(0, ...numbers, await this.#readLastRun());
    for (const number of numbers.sort((a, b) => a - b)) await this.#readRun(`r${number}`);
  }

  get #statePath(): string {
    return join(this.dataDirectory, 'state.json');
  }

  async #readLastRun(): Promise<number> {
    if (!existsSync(this.#statePath)) return 0;
    try {
      return stateSchema.parse(JSON.parse(await readFile(this.#statePath, 'utf8'))).lastRun;
    } catch (error) {
      // Going on would give a removed run's number again.
      throw new UsageError(
        `${this.#statePath}: expected {"version":1,"lastRun":<the largest number a run was given>}; mend it`,
        { cause: error },
      );
    }
  }

  async #readRun(id: string): Promise<void> {
    if (!existsSync(this.directory(id))) return;
    const path = join(this.directory(id), RECORD);
    let text = '';
    try {
      const { size } = await stat(path);
      if (size > RECORD_BYTES_MAX) throw new Error(`it has ${size} bytes`);
      text = await readFile(path, 'utf8');
      const record = storedRunSchema.parse(JSON.parse(text));
      if (record.id !== id) throw new Error(`it is the record of ${record.id}`);
      this.#records.set(id, record);
      this.#writer.read(id, record);
    } catch (error) {
      this.#damaged.set(id, {
        id,
        state: 'failed',
        reason: `${path}: not a record of this release: ${problem(error)}`,
        text,
      });
    }
  }

  #forget(id: string): Promise<void> {
    this.#records.delete(id);
    this.#damaged.delete(id);
    return this.#writer.forget(id);
  }
}

/** Of several runs of one name, so many are named: the newest. */
const IDS_NAMED_MAX = 5;

/** Whether nobody calls a run so, but whoever tries how far a name reaches. */
function isPathOrLong(reference: string): boolean {
  return reference.length > limits.RUN_NAME_LENGTH_MAX || /^\/|(^|\/)\.\.(\/|$)/.test(reference);
}

function numberOf(id: string): number {
  return Number(RUN_ID_PATTERN.exec(id)![1]);
}

/** Whether this is what a process leaves that was killed before it wrote a new run's record. */
async function isUnbegun(directory: string): Promise<boolean> {
  const files = await readdir(directory).catch(() => ['']);
  return files.every((file) => file === RECORD + PARTIAL_SUFFIX);
}

/** What is wrong with a record, in one line. */
function problem(error: unknown): string {
  if (!(error instanceof z.ZodError)) return oneLine(systemTrouble(error), PROBLEM_LENGTH_MAX);
  const [{ path, message }] = error.issues;
  return oneLine(`${path.length === 0 ? '' : `${path.join('.')}: `}${message}`, PROBLEM_LENGTH_MAX);
}
