import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { assert, makeFolder } from '@rocinante/base';
import type { PassedOver } from '@rocinante/checkpoint';
import {
  changedError,
  checkOwn,
  FileChangedError,
  findManifest,
  MirrorQueue,
  restoreRun,
  RunMirror,
  StoreError,
  type FoundManifest,
  type MirrorEnd,
  type MirrorState,
  type ObjectStore,
  type QueueTime,
} from '@rocinante/store';
import { noProgress, type RunConfig, type RunProgress } from '@rocinante/training';
import { isExpected, UsageError } from '../errors.js';
import { replaceFile } from './folders.js';
import type { PreparedRun } from './prepared-run.js';
import { tellAll, type CheckpointSaved, type RunObserver } from './run-observer.js';

const placeSchema = z.strictObject({
  version: z.literal(1),
  /** Where the run was kept last, for people. */
  store: z.string(),
  /** The run's name in every store. */
  run: z.uuid(),
  /** Whether all of it was there at the run's last end. */
  whole: z.boolean(),
});

/** In a run's directory: which run it is in a store. */
const PLACE_FILE = 'store.json';

/** Files of a run's directory that go to the store, beside checkpoints and weights; `run.json` is a daemon's. */
const FILES = ['config.json', 'events.jsonl', 'ledger.jsonl', 'run.json'];

/** Files that lie elsewhere and are the run's too, by their names in the store: a daemon's text, and first weights. */
export type FurtherFiles = ReadonlyMap<string, string>;

/** What a directory may hold that is filled from a store: what a filling left that was cut short. */
const FILLABLE =
  /^(checkpoints|weights|lock|(abandoned-\d+|events|ledger)\.jsonl|run\.json|store\.json|.*\.partial)$/;

const REAL_TIME: QueueTime = {
  now: () => performance.now(),
  wait: (ms, signal) => wait(ms, undefined, { signal }).catch(() => undefined),
};

/** Where a run stands, for its place in a store. */
export interface PlacedRun {
  readonly config: RunConfig;
  readonly progress: () => RunProgress;
}

/** What became of a place at a run's end. */
export interface PlaceEnd {
  /** Whether everything is in the store. */
  readonly isWhole: boolean;
  /** What a person should know of it, in one line; null for nothing. */
  readonly line: string | null;
}

/**
 * A run's place in an object store, as the run sees it: looked for before anything is made, taken when the run is prepared,
 * and kept like the run's directory, beside the run, to its end. Nothing of it holds up a step or ends a run.
 */
export class RunPlace implements RunObserver {
  readonly #objects: ObjectStore;
  readonly #directory: string;
  readonly #run: string;
  readonly #found: FoundManifest | null | undefined;
  /** What was damaged in the store, where the directory was filled from it. */
  readonly passedOver: readonly PassedOver[];
  #mirror: RunMirror | null = null;
  #queue: MirrorQueue | null = null;
  #placed: PlacedRun | null = null;
  /** Whether the directory says since `take` which run of the store it is, and that the store may lack something. */
  #isRecorded = false;
  #isOver = false;

  private constructor(
    objects: ObjectStore,
    directory: string,
    run: string,
    found: FoundManifest | null | undefined,
    passedOver: readonly PassedOver[] = [],
  ) {
    this.#objects = objects;
    this.#directory = directory;
    this.#run = run;
    this.#found = found;
    this.passedOver = passedOver;
  }

  /**
   * Looks for a run in a store, which shows too that the store can be used. A run that is to go on in a directory that has none is
   * brought there.
   * @param goesOn whether a run is to go on; else one begins.
   * @throws {StoreError} the store cannot be used, or has another run, or none where one is to go on.
   * @throws {UsageError} the directory has something else in it.
   */
  static async find(objects: ObjectStore, directory: string, goesOn: boolean): Promise<RunPlace> {
    const found = await findManifest(objects);
    const hasRun = existsSync(join(directory, 'config.json'));
    if (goesOn && !hasRun) return RunPlace.#restored(objects, directory, found);
    const known = goesOn ? (readPlace(directory)?.run ?? null) : null;
    if (found !== null) checkOwn(objects.name, found.manifest, known);
    return new RunPlace(objects, directory, known ?? randomUUID(), found);
  }

  /** A run that a daemon goes on with whether or not the store is there: it is looked for beside the run. */
  static beside(objects: ObjectStore, directory: string): RunPlace {
    return new RunPlace(objects, directory, readPlace(directory)?.run ?? randomUUID(), undefined);
  }

  static async #restored(
    objects: ObjectStore,
    directory: string,
    found: FoundManifest | null,
  ): Promise<RunPlace> {
    if (found === null || found.manifest.latest === null) {
      throw new StoreError(
        'STORE_EMPTY',
        objects.name,
        'there is no checkpoint of a run in it to go on from; begin one without --resume',
      );
    }
    const other = existsSync(directory) && readdirSync(directory).find((name) => !FILLABLE.test(name));
    if (other) {
      throw new UsageError(
        `run directory ${directory}: expected nothing, or a run, received ${other}; use another --run-dir`,
      );
    }
    makeFolder(directory);
    recordPlace(directory, { store: objects.name, run: found.manifest.run, whole: false });
    const { manifest, passedOver } = await restoreRun(objects, found.manifest, directory);
    return new RunPlace(objects, directory, manifest.run, { ...found, manifest }, passedOver);
  }

  /** `s3://bucket/prefix` */
  get name(): string {
    return this.#objects.name;
  }

  /** Begins to keep the run in its place, which is taken beside the run, once the store is there. */
  take(
    { loaded, limits }: Pick<PreparedRun, 'loaded' | 'limits'>,
    further: FurtherFiles = new Map<string, string>(),
  ): void {
    const own = FILES.map((name): [string, string] => [name, join(this.#directory, name)]);
    this.#isRecorded = false;
    this.#mirror = new RunMirror({
      objects: this.#objects,
      directory: this.#directory,
      files: new Map([...own, ...further]),
      run: this.#run,
      writer: randomUUID(),
      keepLast: limits.keepLast,
      keepEverySteps: limits.keepEverySteps,
      damaged: (loaded?.passedOver ?? []).map(({ name }) => name),
      ...(this.#found !== undefined && { found: this.#found }),
    });
  }

  /**
   * The same, but the place is taken before this returns.
   * @throws {StoreError} it is another's by now, or the store is lost.
   * @throws {RunFailedError} the directory does not take the mark of it.
   */
  async takeNow(run: Pick<PreparedRun, 'loaded' | 'limits'>): Promise<void> {
    this.take(run);
    this.#recordFirst();
    await this.#mirror!.take(run.loaded?.progress ?? noProgress).catch((error: unknown): never => {
      throw error instanceof FileChangedError ? changedError(this.name, error) : error;
    });
  }

  /**
   * Follows the run from here on.
   * @param observers told of what goes to the store, and what does not.
   */
  begin(placed: PlacedRun, observers: readonly RunObserver[]): void {
    const mirror = this.#mirror;
    assert(mirror !== null, 'the place is to be taken first');
    this.#placed = placed;
    const told = tellAll(observers);
    this.#queue = new MirrorQueue(
      {
        store: this.name,
        next: async (last) => {
          try {
            this.#recordFirst();
            return await mirror.next(() => this.#state(), last);
          } catch (error) {
            throw this.#asStoreError(error);
          }
        },
        abort: () => this.#objects.end(),
      },
      {
        stored: (stored) => told.stored(stored),
        failed: () => told.storeFailed(),
        lost: (reason, forGood) => {
          this.#isOver = forGood;
          told.storeLost(reason, forGood);
        },
        back: () => told.storeBack(),
      },
      REAL_TIME,
      (error) =>
        setImmediate(() => {
          throw error;
        }),
    );
    // What an earlier activation could not bring there.
    this.#queue.due();
  }

  checkpointSaved({ name }: CheckpointSaved): void {
    this.#mirror?.saved(name);
    this.#queue?.due();
  }

  wentBack(): void {
    this.#queue?.due();
  }

  /** Whether nothing goes there any more, since it is another's. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /**
   * Waits, within limits, until everything is in the store. A disk or a store that fails here fails no run. Where something is
   * missing, the directory says so, unless its disk has not taken that to the last.
   */
  async finish(end: MirrorEnd): Promise<PlaceEnd> {
    const failure = (await this.#queue?.finish(end)) ?? null;
    this.#objects.end();
    if (this.#queue === null || failure !== null) this.#recordLast();
    // A run that never came to follow: nothing is known of what the store has.
    if (this.#queue === null) return { isWhole: false, line: null };
    if (failure === null) {
      try {
        this.#record(true);
        return { isWhole: true, line: null };
      } catch (error) {
        if (!isExpected(error)) throw error;
        return { isWhole: true, line: `all of it is in the store, which cannot be noted: ${error.message}` };
      }
    }
    const missing = await this.#mirror!.missing(this.#state(), end).catch((error: unknown): string[] => {
      if (!isExpected(error)) throw error;
      return ['all that its folder has, which cannot be listed'];
    });
    return { isWhole: false, line: `not in the store: ${missing.join(', ')}; ${failure.message}` };
  }

  /** Waits no longer than so, where `finish` waits. */
  hurry(waitMs: number): void {
    this.#queue?.hurry(waitMs);
  }

  #state(): MirrorState {
    const { config, progress } = this.#placed!;
    const { step, rollbacks, anchorStep } = progress();
    return { step, rollbacks, anchorStep: config.divergence.then === 'rollback' ? anchorStep : null };
  }

  /** A disk that does not give a file, or does not take the mark, is tried again, as a store that does not take it. */
  #asStoreError(error: unknown): unknown {
    if (error instanceof StoreError || error instanceof FileChangedError || !isExpected(error)) return error;
    return new StoreError('STORE_UNREACHABLE', this.name, error.message, { cause: error });
  }

  /** Before anything goes to the store, so that a kill leaves no place in it whose run nobody knows. */
  #recordFirst(): void {
    if (!this.#isRecorded) this.#record(false);
  }

  /** Of a run that was taken and is not whole in the store: without a mark it would count as one that was to be in none. */
  #recordLast(): void {
    if (this.#mirror === null) return;
    try {
      this.#recordFirst();
    } catch (error) {
      if (!isExpected(error)) throw error;
    }
  }

  /** @throws {RunFailedError} the disk does not take it. */
  #record(whole: boolean): void {
    recordPlace(this.#directory, { store: this.name, run: this.#run, whole });
    this.#isRecorded = true;
  }
}

/** Writes down in a run's directory which run of a store it is. @throws {RunFailedError} it cannot be written. */
export function recordPlace(directory: string, place: Omit<z.infer<typeof placeSchema>, 'version'>): void {
  replaceFile(join(directory, PLACE_FILE), `${JSON.stringify({ version: 1, ...place })}\n`);
}

/** Whether a run is whole in a store, or was never to be in one. @throws {UsageError} nobody can say. */
export function isWhole(directory: string): boolean {
  return readPlace(directory)?.whole ?? true;
}

/** Null for a run that was never in a store. @throws {UsageError} nobody can say. */
function readPlace(directory: string): z.infer<typeof placeSchema> | null {
  const path = join(directory, PLACE_FILE);
  if (!existsSync(path)) return null;
  try {
    return placeSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    throw new UsageError(
      `${path}: expected which run this is in a store; remove it, and use an empty prefix`,
      {
        cause: error,
      },
    );
  }
}
