import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { makeFolder, systemTrouble } from '@rocinante/base';
import { z } from 'zod';
import { identityDifferences, identityOf, runConfigSchema } from '@rocinante/training';
import type { GivenOption } from '../config-issue.js';
import { RunFailedError, UsageError } from '../errors.js';
import { replaceFile } from './folders.js';
import { differencesText, waysOn } from './another-run.js';
import { ProcessLock } from './process-lock.js';

const recordSchema = z.strictObject({
  version: z.literal(1),
  config: runConfigSchema,
  corpus: z.strictObject({
    /** As it was asked for: `bundled`, `quijote` or an absolute path. */
    source: z.string(),
    /** Of the text's bytes. */
    sha256: z.string(),
  }),
});

/** What `config.json` says: the run's configuration, resolved, and its text. */
export type RunRecord = z.infer<typeof recordSchema>;

/**
 * A run's directory: `config.json`, `events.jsonl`, `ledger.jsonl`, `checkpoints/`, `weights/final.safetensors`,
 * `abandoned-<n>.jsonl` for each time that the run went back, and `lock`, which the coordinator that works in it holds.
 */
export class RunDirectory {
  readonly path: string;
  #lock: ProcessLock | null = null;

  constructor(path: string) {
    this.path = resolve(path);
  }

  /** The path as people read it: from where they stand, where it lies below. */
  get shownPath(): string {
    const below = relative(process.cwd(), this.path);
    return below === '' || below.startsWith('..') ? this.path : below;
  }

  get configPath(): string {
    return join(this.path, 'config.json');
  }
  get eventsPath(): string {
    return join(this.path, 'events.jsonl');
  }
  get checkpointsPath(): string {
    return join(this.path, 'checkpoints');
  }
  get finalWeightsPath(): string {
    return join(this.path, 'weights', 'final.safetensors');
  }

  /**
   * The record of the run that is here.
   * @throws {UsageError} there is none, or it is damaged.
   */
  read(): RunRecord {
    if (statSync(this.path, { throwIfNoEntry: false })?.isFile()) this.expectRun();
    let text: string;
    try {
      text = readFileSync(this.configPath, 'utf8');
    } catch (error) {
      throw new UsageError(
        `run directory ${this.path}: nothing to resume, there is no config.json; start without --resume`,
        { cause: error },
      );
    }
    try {
      return recordSchema.parse(JSON.parse(text));
    } catch (error) {
      throw new UsageError(`${this.configPath}: not the record of a run of this release`, { cause: error });
    }
  }

  /** Takes the directory for a new run, with its lock. @throws {UsageError} as `refuseTaken`. @throws {RunFailedError} it cannot be written. */
  create(): void {
    this.refuseTaken();
    this.#makeFolders();
    this.#takeLock();
  }

  /** @throws {UsageError} there is no run: nothing, another folder, or a file, as where a run's weights or log were given. */
  expectRun(): void {
    if (existsSync(this.configPath)) return;
    const there = statSync(this.path, { throwIfNoEntry: false });
    const found = there === undefined ? 'nothing of that name' : 'a folder without config.json';
    const received = there?.isFile() ? 'a file; give the folder that holds config.json' : found;
    throw new UsageError(
      `run directory ${this.path}: expected a run's folder, such as runs/<time>, received ${received}`,
    );
  }

  /**
   * Looks whether a new run may have the directory; nothing is made.
   * @throws {UsageError} something is in it, or it lies in a file.
   */
  refuseTaken(): void {
    const there = nearestThere(this.path);
    if (!statSync(there).isDirectory()) {
      const received = there === this.path ? 'a file' : `a path through the file ${there}`;
      throw new UsageError(
        `--run-dir ${this.path}: expected a folder, or a path where there is nothing yet, received ${received}; choose another --run-dir`,
      );
    }
    if (there === this.path && !this.#isUnbegun()) {
      const here = existsSync(this.configPath)
        ? 'there is a run in it; use --resume or'
        : 'it is not empty; use';
      throw new UsageError(`run directory ${this.path}: ${here} another --run-dir`);
    }
  }

  /**
   * Takes a daemon's directory for its run, whatever is there already: the daemon made it, and knows whose it is.
   * @returns the record that was there, or where that is damaged the one that is given; null for a run that begins.
   * @throws {RunFailedError} it cannot be written, or another coordinator works in it.
   */
  use(record: RunRecord): RunRecord | null {
    this.#makeFolders();
    this.#takeLock();
    const before = existsSync(this.configPath) ? (this.#readable() ?? record) : null;
    this.write(record);
    return before;
  }

  /**
   * Takes the directory for a run that goes on, perhaps for longer; all else must be as it was.
   * @param given options of the command line: what differs is told by them, and else by its key.
   * @throws {UsageError} it is another run's; names the first settings that differ.
   * @throws {RunFailedError} its folders cannot be made, or another coordinator works in it.
   */
  reopen(saved: RunRecord, record: RunRecord, given: readonly GivenOption[] = []): void {
    const differences = identityDifferences(
      identityOf(saved.config, saved.corpus.sha256),
      identityOf(record.config, record.corpus.sha256),
    );
    if (differences.length > 0) {
      throw new UsageError(
        `run directory ${this.path}: it is another run's (${differencesText(differences, given, saved.config)}); ${waysOn(this, differences, given)}`,
      );
    }
    // A person may have cleared the weights of before away with their folder.
    this.#makeFolders();
    this.#takeLock();
  }

  /** Null where the record is damaged. */
  #readable(): RunRecord | null {
    try {
      return this.read();
    } catch (error) {
      if (error instanceof UsageError) return null;
      throw error;
    }
  }

  /** Whether nothing is here but what a coordinator that was killed at once leaves. */
  #isUnbegun(): boolean {
    const leftovers = ['checkpoints', 'config.json.partial', 'lock', 'store.json', 'weights'];
    const isEmpty = (name: string): boolean =>
      !['checkpoints', 'weights'].includes(name) || readdirSync(join(this.path, name)).length === 0;
    return readdirSync(this.path).every((name) => leftovers.includes(name) && isEmpty(name));
  }

  /**
   * Writes `config.json`, whole or not at all.
   * @throws {RunFailedError} it cannot be written.
   */
  write(record: RunRecord): void {
    replaceFile(this.configPath, `${JSON.stringify(record, null, 2)}\n`);
  }

  /** Lets the next coordinator in. */
  release(): void {
    this.#lock?.release();
    this.#lock = null;
  }

  #makeFolders(): void {
    try {
      makeFolder(this.checkpointsPath);
      makeFolder(dirname(this.finalWeightsPath));
    } catch (error) {
      const why = systemTrouble(error, this.path);
      throw new RunFailedError(
        `run directory ${this.path}: the folder cannot be made: ${why}; choose a place where files can be written`,
        { cause: error },
      );
    }
  }

  #takeLock(): void {
    this.#lock = ProcessLock.take(join(this.path, 'lock'), `run directory ${this.path}`);
  }
}

/** A path, or the nearest above it that is there. */
function nearestThere(path: string): string {
  let there = path;
  while (!existsSync(there) && dirname(there) !== there) there = dirname(there);
  return there;
}
