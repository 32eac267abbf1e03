import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { z } from 'zod';
import { identityDifferences, identityOf, runConfigSchema } from '@rocinante/training';
import { RunFailedError, UsageError } from '../errors.js';

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
 * A run's directory: `config.json`, `events.jsonl`, `checkpoints/`, `weights/final.safetensors`, and `lock`, which holds
 * the process id of the coordinator that works in it.
 */
export class RunDirectory {
  readonly path: string;

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
  get #lockPath(): string {
    return join(this.path, 'lock');
  }

  /**
   * The record of the run that is here.
   * @throws {UsageError} there is none, or it is damaged.
   */
  read(): RunRecord {
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

  /**
   * Takes the directory for a new run, with its lock.
   * @throws {UsageError} something is in it. @throws {RunFailedError} it cannot be written.
   */
  create(): void {
    const found = statSync(this.path, { throwIfNoEntry: false });
    if (found && !found.isDirectory()) {
      throw new UsageError(`--run-dir ${this.path}: expected a directory or nothing, received a file`);
    }
    if (found && !this.#isUnbegun()) {
      const here = existsSync(this.configPath)
        ? 'there is a run in it; use --resume or'
        : 'it is not empty; use';
      throw new UsageError(`run directory ${this.path}: ${here} another --run-dir`);
    }
    try {
      makeFolder(join(this.path, 'checkpoints'));
      makeFolder(join(this.path, 'weights'));
    } catch (error) {
      throw new RunFailedError(`run directory ${this.path}: ${(error as Error).message}`, { cause: error });
    }
    this.#lock();
  }

  /**
   * Takes the directory for a run that goes on, perhaps for longer; all else must be as it was.
   * @throws {UsageError} it is another run's; names the first keys that differ.
   * @throws {RunFailedError} another coordinator works in it.
   */
  reopen(saved: RunRecord, record: RunRecord): void {
    const differences = identityDifferences(
      identityOf(saved.config, saved.corpus.sha256),
      identityOf(record.config, record.corpus.sha256),
    );
    if (differences.length > 0) {
      const first = differences
        .slice(0, 3)
        .map(({ key, first, second }) => `${key} is ${first}, not ${second}`)
        .join('; ');
      throw new UsageError(
        `run directory ${this.path}: it is another run's (${first}); leave the option out, or use another --run-dir`,
      );
    }
    this.#lock();
  }

  /** Whether nothing is here but what a coordinator that was killed at once leaves. */
  #isUnbegun(): boolean {
    const leftovers = ['checkpoints', 'config.json.partial', 'lock', 'weights'];
    const isEmpty = (name: string): boolean =>
      !['checkpoints', 'weights'].includes(name) || readdirSync(join(this.path, name)).length === 0;
    return readdirSync(this.path).every((name) => leftovers.includes(name) && isEmpty(name));
  }

  /** Writes `config.json`, whole or not at all. */
  write(record: RunRecord): void {
    const beside = `${this.configPath}.partial`;
    writeFileSync(beside, `${JSON.stringify(record, null, 2)}\n`);
    renameSync(beside, this.configPath);
  }

  /** Lets the next coordinator in. */
  release(): void {
    rmSync(this.#lockPath, { force: true });
  }

  /** A lock whose process is gone, after a `kill -9`, is taken over. */
  #lock(): void {
    for (let attempt = 0; attempt < 2; attempt++) {
      try {
        writeFileSync(this.#lockPath, `${process.pid}\n`, { flag: 'wx' });
        return;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
          throw new RunFailedError(`run directory ${this.path}: ${(error as Error).message}`, {
            cause: error,
          });
        }
      }
      const holder = Number(readFileSync(this.#lockPath, 'utf8'));
      // A container that starts again often gives the same process id to the same program.
      if (holder !== process.pid && isAlive(holder)) {
        throw new RunFailedError(
          `run directory ${this.path}: process ${holder} works in it; stop that one first`,
        );
      }
      rmSync(this.#lockPath, { force: true });
    }
    throw new RunFailedError(`run directory ${this.path}: another coordinator took it at this moment`);
  }
}

/** A folder with those above it. Node's own recursive way goes on for ever where a folder cannot be made, as in /proc. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path);
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
