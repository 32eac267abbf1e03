import { systemTrouble } from '@rocinante/base';
import { isExpected } from '../errors.js';
import { diskDecision, diskMessage, freeBytes, neededBytes } from './disk-space.js';
import type { TrainingRun } from './training-run.js';

/** How often the disk's free space and the run's time are looked at. */
const WATCH_MS = 1_000;
/** A disk that takes nothing though it has room (of another's quota, or without inodes) is tried at so many looks, at the least. */
const LOOKS_BETWEEN_TRIES_MAX = 60;

export interface LimitsWatchParts {
  readonly run: Pick<TrainingRun, 'stop' | 'hold' | 'release' | 'abort'>;
  /** Where the run's files lie. */
  readonly path: string;
  /** Of the run: by it the room is reckoned that it needs. */
  readonly parameterCount: number;
  /** The option that puts them elsewhere, for messages. */
  readonly placeOption: string;
  /** Null for none. */
  readonly maxHours: number | null;
  /** For how long the run has been active, earlier activations included. */
  readonly activeSeconds: () => number;
  /** Called as often, for what else changes by itself. */
  readonly alsoLook: () => void;
  /** Told what people should know, in one line. */
  readonly noticed: (message: string) => void;
  /** Writes what waits for room; null where nothing does any more, else why it still waits. */
  readonly flush: () => string | null;
}

/**
 * Looks at what limits a run from outside: it stops a run whose time is over, and holds one before the disk is full, or where it
 * did not take something. Such a run goes on once there is room and the disk took what had waited.
 */
export class LimitsWatch {
  readonly #parts: LimitsWatchParts;
  #timer: NodeJS.Timeout | null = null;
  #heldReason: string | null = null;
  #looking = false;
  /** Whether the disk could not be asked at the last look: it is told once. */
  #isUnasked = false;
  /** The looks until the disk is tried again that did not take something, and from the next try on; null where it took all. */
  #tries: { readonly looks: number; readonly next: number } | null = null;
  /** Has the save that waits for room try again. */
  #saver: (() => void) | null = null;
  #givenUp = false;

  constructor(parts: LimitsWatchParts) {
    this.#parts = parts;
  }

  /** Why no step is issued; null where steps are. */
  get heldReason(): string | null {
    return this.#heldReason;
  }

  start(): void {
    this.#timer = setInterval(() => this.#look(), WATCH_MS);
  }

  end(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    this.giveUp();
  }

  /** The disk did not take something. @param message why the run is held, in one line. */
  full(message: string): void {
    this.#tries ??= { looks: 1, next: 2 };
    if (this.#heldReason !== null) return;
    this.#heldReason = message;
    this.#parts.run.hold(message);
  }

  /**
   * Waits until a save that found no room may be tried again. One at a time.
   * @returns false where it is not to be: the run ends.
   */
  async untilRoom(message: string): Promise<boolean> {
    this.full(message);
    if (this.#givenUp) return false;
    await new Promise<void>((resolve) => (this.#saver = resolve));
    return true;
  }

  /** What waited for room is written. */
  written(): void {
    this.#tries = null;
  }

  /** A save that waits for room waits no more: it is tried for the last time, as there may be room since the last look. */
  giveUp(): void {
    this.#givenUp = true;
    this.#endWait();
  }

  #endWait(): void {
    this.#saver?.();
    this.#saver = null;
  }

  #look(): void {
    const { maxHours, activeSeconds, alsoLook } = this.#parts;
    if (maxHours !== null && activeSeconds() / 3600 >= maxHours) {
      this.#parts.run.stop(`it has been active for the ${maxHours} hours of --max-hours`);
    }
    alsoLook();
    // A disk that answers late is asked once at a time.
    if (this.#looking) return;
    this.#looking = true;
    this.#checkDisk()
      .catch((error: unknown) => this.#notAsked(error))
      .finally(() => (this.#looking = false));
  }

  /** What was decided stays, and the disk is asked again: one that fails for a moment ends no run. */
  #notAsked(error: unknown): void {
    const { path, run, noticed } = this.#parts;
    if (!isExpected(error)) return run.abort(error as Error);
    if (!this.#isUnasked)
      noticed(`disk: ${path}: its room cannot be asked for: ${systemTrouble(error, path)}`);
    this.#isUnasked = true;
  }

  async #checkDisk(): Promise<void> {
    const { decision, message } = await this.#askDisk(this.#heldReason === null ? 'running' : 'held');
    this.#isUnasked = false;
    if (this.#timer === null) return;
    // It may be held by now by what did not find room while the disk was asked.
    if (decision === 'hold' && this.#heldReason === null) {
      this.#heldReason = message;
      this.#parts.run.hold(message);
    } else if (decision === 'release') {
      this.#tryRelease();
    }
  }

  /** The run goes on only with what had waited on the disk: else it would be held again at once, and again. */
  #tryRelease(): void {
    if (this.#tries !== null) {
      const { looks, next } = this.#tries;
      if (looks > 1) return void (this.#tries = { looks: looks - 1, next });
      this.#tries = { looks: next, next: Math.min(2 * next, LOOKS_BETWEEN_TRIES_MAX) };
    }
    if (this.#parts.flush() !== null) return;
    if (this.#saver !== null) return this.#endWait();
    this.#tries = null;
    this.#heldReason = null;
    this.#parts.run.release();
  }

  async #askDisk(
    state: 'running' | 'held',
  ): Promise<{ decision: ReturnType<typeof diskDecision>; message: string }> {
    const { parameterCount, path, placeOption } = this.#parts;
    const needed = neededBytes(parameterCount);
    const free = await freeBytes(path);
    return {
      decision: diskDecision(free, needed, state),
      message: diskMessage(path, free, needed, placeOption),
    };
  }
}
