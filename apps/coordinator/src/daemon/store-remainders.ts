import { join } from 'node:path';
import type { Logger } from '@rocinante/log';
import { END_LOST_WAIT_MS, END_WAIT_MS, STOP_WAIT_MS } from '@rocinante/store';
import { isExpected } from '../errors.js';
import { useCheckpoint } from '../run/checkpoints/checkpoint-reading.js';
import { progressOf } from '../run/checkpoints/saved-progress.js';
import { isWhole, type RunPlace } from '../run/run-place.js';
import type { ContentStore } from './content-store.js';
import { contentsOf, placeOfRun, type DaemonStore } from './daemon-store.js';
import type { RunStore } from './run-store.js';
import type { StoredRun } from './stored-run.js';

/** How often ended runs are looked at that are not whole in the store. */
const LOOK_INTERVAL_MS = 300_000;

export interface RemaindersParts {
  readonly store: RunStore;
  readonly contents: ContentStore;
  readonly logger: Logger;
  readonly outside: DaemonStore;
}

/** Brings into the store what ended runs have that is not there: those that ended while it was lost. One run at a time. */
export class StoreRemainders {
  readonly #parts: RemaindersParts;
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> | null = null;
  #current: { readonly id: string; readonly place: RunPlace; readonly over: Promise<unknown> } | null = null;
  /** Runs whose places are another coordinator's by now. */
  readonly #others = new Set<string>();
  /** Runs that ended without being whole, in this process's life: where the disk was full, their directories may not say so. */
  readonly #left = new Set<string>();
  #ending = false;

  constructor(parts: RemaindersParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#timer = setInterval(() => this.#look(), LOOK_INTERVAL_MS);
    this.#look();
  }

  /** A run has ended, and not all of it is in the store. */
  keep(id: string): void {
    this.#left.add(id);
  }

  /** Has nothing to do with a run any more: it is active again. */
  async leave(id: string): Promise<void> {
    this.#left.delete(id);
    if (this.#current?.id !== id) return;
    this.#current.place.hurry(0);
    await this.#current.over;
  }

  async stop(): Promise<void> {
    this.#ending = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#current?.place.hurry(STOP_WAIT_MS);
    await this.#looking;
  }

  #look(): void {
    this.#looking ??= this.#bringAll().finally(() => (this.#looking = null));
  }

  async #bringAll(): Promise<void> {
    for (const { id } of this.#parts.store.runs()) {
      if (this.#ending) return;
      await this.#bring(id).catch((error: unknown) => {
        if (!isExpected(error)) throw error;
        this.#parts.logger.warn({ run: id }, `not all of it is in the store: ${error.message}`);
      });
    }
  }

  async #bring(id: string): Promise<void> {
    const { store, contents, outside, logger } = this.#parts;
    const directory = store.directory(id);
    if (this.#others.has(id) || (!this.#left.has(id) && isWhole(directory))) return;
    const progress = await useCheckpoint(
      join(directory, 'checkpoints'),
      null,
      progressOf,
      () => !this.#ending,
    );
    if (progress === null) return;
    // From here to where it is the current one nothing else has a turn: it cannot become active meanwhile.
    const run = store.runs().find((one) => one.id === id);
    if (run === undefined || !hasEnded(run) || this.#ending) return;
    const place = placeOfRun(outside, id, directory)!;
    place.take({ loaded: null, limits: run.limits }, contentsOf(run, contents));
    place.begin({ config: run.config, progress: () => progress }, []);
    const end = { weights: run.state === 'done', waitMs: END_WAIT_MS, lostWaitMs: END_LOST_WAIT_MS };
    const over = place.finish(end);
    this.#current = { id, place, over };
    const { isWhole: isThere, line } = await over.finally(() => (this.#current = null));
    if (isThere) this.#left.delete(id);
    if (place.isOver) this.#others.add(id);
    logger.info({ run: id }, line ?? 'all of it is in the store now');
  }
}

function hasEnded({ state }: StoredRun): boolean {
  return state !== 'active' && state !== 'queued';
}
