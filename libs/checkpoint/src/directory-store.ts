import { readdir, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { assert, isSystemError, makeFolder, systemTrouble } from '@rocinante/base';
import { PARTIAL_SUFFIX, type OpenWritable } from '@rocinante/weights';
import { isMarkedBest } from './best-marks.js';
import { isDamage, isUnreadable, readCheckpointFile, writeCheckpointFile } from './checkpoint-file.js';
import type { Checkpoint } from './checkpoint.js';
import type {
  CheckpointStore,
  LoadedCheckpoint,
  NotRemoved,
  SavedCheckpoint,
  SaveOptions,
} from './checkpoint-store.js';
import {
  CheckpointWriteError,
  DamagedCheckpointError,
  NoGoodCheckpointError,
  type PassedOver,
} from './errors.js';

/** What is kept of the checkpoints of a run, beside the best. */
export interface Retention {
  /** How many of the newest good ones. At least 1, and without it `KEPT_CHECKPOINTS`. */
  readonly keepLast?: number;
  /** Those of steps that are multiples of this, for good; 0 for none, as without it. */
  readonly keepEverySteps?: number;
}

/** The newest checkpoints that are kept where nothing else is said. */
const KEPT_CHECKPOINTS = 3;

/** Digits enough for a run of 99,999,999 steps to sort by name; longer numbers are read too. */
const STEP_DIGITS = 8;
const NAME_PATTERN = /^step-(\d{8,15})\.safetensors$/;

/** The name of a step's checkpoint: `step-00000060.safetensors`. */
export function checkpointName(step: number): string {
  return `step-${String(step).padStart(STEP_DIGITS, '0')}.safetensors`;
}

/** The checkpoints' names among those of a folder's files, by step, oldest first. */
export function checkpointsAmong(files: readonly string[]): string[] {
  return files.filter((file) => NAME_PATTERN.test(file)).sort((a, b) => stepOf(a) - stepOf(b));
}

/**
 * Checkpoints in a directory of a local file system.
 *
 * After each save it removes what retention does not keep, and the damaged ones that `loadLatest` passed over (it has named
 * them, and there is a good one now). What the disk does not remove is named to who saves, and tried again by the next. What
 * was just saved is always kept, and what is newer than the best and cannot be read now: it may be the best. The best is the
 * newest that says so in its own header, so no second file can contradict it.
 */
export class DirectoryStore implements CheckpointStore {
  readonly directory: string;
  readonly #keepLast: number;
  readonly #keepEverySteps: number;
  readonly #openFile: OpenWritable | undefined;
  readonly #damaged: Set<string>;
  #saving = false;

  /**
   * @param options.damaged names of checkpoints that another store's `loadLatest` passed over.
   * @param options.openFile opens files for writing; tests put a disk that fails in its place.
   */
  constructor(
    directory: string,
    options: Retention & { readonly damaged?: readonly string[]; readonly openFile?: OpenWritable } = {},
  ) {
    const { keepLast = KEPT_CHECKPOINTS, keepEverySteps = 0, damaged = [], openFile } = options;
    assert(Number.isInteger(keepLast) && keepLast >= 1, `at least one checkpoint is kept, not ${keepLast}`);
    assert(Number.isInteger(keepEverySteps) && keepEverySteps >= 0, `every n steps, not ${keepEverySteps}`);
    this.directory = directory;
    this.#keepLast = keepLast;
    this.#keepEverySteps = keepEverySteps;
    this.#damaged = new Set(damaged);
    this.#openFile = openFile;
  }

  async save(checkpoint: Checkpoint, options: SaveOptions): Promise<SavedCheckpoint> {
    assert(!this.#saving, 'a checkpoint is being saved already');
    this.#saving = true;
    try {
      return await this.#save(checkpoint, options);
    } finally {
      this.#saving = false;
    }
  }

  async #save(
    checkpoint: Checkpoint,
    { best, hashed, alsoKept = null }: SaveOptions,
  ): Promise<SavedCheckpoint> {
    const { step } = checkpoint;
    const name = checkpointName(step);
    const path = join(this.directory, name);
    const { stillBest, partial } = await this.#prepare(name, best).catch((error: unknown): never => {
      throw isSystemError(error) ? new CheckpointWriteError(path, error) : error;
    });
    const { bytes, hashes } = await writeCheckpointFile(path, checkpoint, stillBest, {
      hashed,
      openFile: this.#openFile,
    });
    this.#damaged.delete(name);
    const old = await this.#removeOld(name, alsoKept === null ? name : checkpointName(alsoKept));
    return { name, step, bytes, hashes, notRemoved: [...partial, ...old] };
  }

  /** What comes before a checkpoint is written: room for it, and whether it is the best that is there. */
  async #prepare(name: string, best: boolean): Promise<{ stillBest: boolean; partial: NotRemoved[] }> {
    makeFolder(this.directory);
    const partial = await this.#removePartial();
    // A step that is saved again, as on resume, is the same state: it stays the best if it was.
    return { stillBest: best || (await this.best()) === name, partial };
  }

  async loadLatest(): Promise<LoadedCheckpoint> {
    const passedOver: PassedOver[] = [];
    for (const name of (await this.names()).reverse()) {
      try {
        return { name, checkpoint: await this.load(name), passedOver };
      } catch (error) {
        if (!(error instanceof DamagedCheckpointError)) throw error;
        this.#damaged.add(name);
        passedOver.push({ name, reason: error.reason });
      }
    }
    throw new NoGoodCheckpointError(this.directory, passedOver);
  }

  async load(name: string): Promise<Checkpoint> {
    assert(NAME_PATTERN.test(name), `${name} is no checkpoint's name`);
    const checkpoint = await readCheckpointFile(join(this.directory, name), name);
    if (checkpointName(checkpoint.step) !== name) {
      throw new DamagedCheckpointError(
        name,
        `expected another name for step ${checkpoint.step}: the file was renamed`,
      );
    }
    return checkpoint;
  }

  async names(): Promise<string[]> {
    const files = await this.#files();
    return checkpointsAmong(files);
  }

  async best(): Promise<string | undefined> {
    return (await this.#findBest()).best;
  }

  /** The best, and those newer than it that cannot be read now: one of them may be it. */
  async #findBest(): Promise<{ readonly best: string | undefined; readonly unread: readonly string[] }> {
    const unread: string[] = [];
    for (const name of (await this.names()).reverse()) {
      if (this.#damaged.has(name)) continue;
      try {
        if (await isMarkedBest(join(this.directory, name))) return { best: name, unread };
      } catch (error) {
        if (isUnreadable(error)) unread.push(name);
        else if (!isDamage(error)) throw error;
      }
    }
    return { best: undefined, unread };
  }

  async removeAfter(step: number): Promise<void> {
    // The newest first: what is left by a kill in between is whole up to some step.
    for (const name of (await this.names()).reverse()) {
      if (stepOf(name) > step) await removeFile(join(this.directory, name));
    }
  }

  /** Removes what need not be kept, once `saved` is safe on the disk. @returns what of it is still there. */
  async #removeOld(saved: string, alsoKept: string): Promise<NotRemoved[]> {
    try {
      const left = await this.#remove(await this.#old(saved, alsoKept));
      const stays = new Set(left.map(({ name }) => name));
      for (const name of this.#damaged) if (!stays.has(name)) this.#damaged.delete(name);
      return left;
    } catch (error) {
      if (!isSystemError(error)) throw error;
      return [{ name: basename(this.directory), reason: systemTrouble(error, this.directory) }];
    }
  }

  /** What need not be kept once `saved` is safe on the disk. */
  async #old(saved: string, alsoKept: string): Promise<string[]> {
    const names = await this.names();
    const good = names.filter((name) => !this.#damaged.has(name));
    // A remainder of 0 steps is NaN: none.
    const forGood = good.filter((name) => stepOf(name) % this.#keepEverySteps === 0);
    const { best, unread } = await this.#findBest();
    const keep = new Set([saved, alsoKept, best, ...unread, ...good.slice(-this.#keepLast), ...forGood]);
    return names.filter((name) => !keep.has(name));
  }

  /** Removes what a process left behind that was killed while it wrote. @returns what of it is still there. */
  async #removePartial(): Promise<NotRemoved[]> {
    const files = await this.#files();
    const isPartial = (file: string): boolean =>
      file.endsWith(PARTIAL_SUFFIX) && NAME_PATTERN.test(file.slice(0, -PARTIAL_SUFFIX.length));
    return this.#remove(files.filter(isPartial));
  }

  /** Removes files, each whatever becomes of the others. @returns those that the system does not remove. */
  async #remove(names: readonly string[]): Promise<NotRemoved[]> {
    const left: NotRemoved[] = [];
    for (const name of names) {
      const path = join(this.directory, name);
      await removeFile(path).catch((error: unknown) => {
        if (!isSystemError(error)) throw error;
        left.push({ name, reason: systemTrouble(error, path) });
      });
    }
    return left;
  }

  async #files(): Promise<string[]> {
    return readdir(this.directory).catch((error: NodeJS.ErrnoException): string[] => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
  }
}

/** Removes a file that may be gone already. Node's `rm` tries another way where it may not, and says why that failed. */
async function removeFile(path: string): Promise<void> {
  await unlink(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}

function stepOf(name: string): number {
  return Number(NAME_PATTERN.exec(name)![1]);
}
