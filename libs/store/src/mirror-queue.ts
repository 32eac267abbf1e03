import { assert } from '@rocinante/base';
import { StoreError } from './errors.js';
import { changedError, FileChangedError } from './file-range.js';
import { CHANGES_MAX, RETRY_WAIT_MS, RETRY_WAIT_MS_MAX } from './limits.js';
import type { Stored } from './run-mirror.js';

/** What the end of a run calls for. */
export interface MirrorEnd {
  /** Whether there are final weights. */
  readonly weights: boolean;
  /** How long what is under way may take, and how long a store is waited for that is lost: in milliseconds. */
  readonly waitMs: number;
  readonly lostWaitMs: number;
}

/** What the queue has done: see RunMirror. */
export interface MirrorWork {
  /** The store's name. */
  readonly store: string;
  /** Puts the next thing into the store. @returns null where nothing is missing. */
  readonly next: (last: MirrorEnd | null) => Promise<Stored | null>;
  /** Ends what is under way. */
  readonly abort: () => void;
}

/** Who is told of it. */
export interface MirrorListener {
  stored(stored: Stored): void;
  /** Something did not work; it is tried again, but where it makes no sense. */
  failed(): void;
  /** The first failure of several. @param forGood nothing goes there any more. */
  lost(reason: string, forGood: boolean): void;
  /** What was tried again has worked. */
  back(): void;
}

/** Time, as the queue needs it: specs put their own in its place. */
export interface QueueTime {
  readonly now: () => number;
  /** Resolves after so many milliseconds, or when the signal aborts. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
}

/**
 * Does a mirror's work beside the run, one thing at a time: whenever something was saved, and again and again, at growing
 * intervals, while the store is lost. A save in between does not shorten the interval.
 */
export class MirrorQueue {
  readonly #work: MirrorWork;
  readonly #listener: MirrorListener;
  readonly #time: QueueTime;
  /** There may be something to do. */
  #due = false;
  #end: (MirrorEnd & { readonly lostAt: number }) | null = null;
  #failure: StoreError | null = null;
  #failures = 0;
  /** What changed while it was brought there, since something was. */
  #changes = 0;
  #wake = new AbortController();
  readonly #over: Promise<void>;

  /** @param onFatal told of a programmer's error, and of the disk's. */
  constructor(
    work: MirrorWork,
    listener: MirrorListener,
    time: QueueTime,
    onFatal: (error: unknown) => void,
  ) {
    this.#work = work;
    this.#listener = listener;
    this.#time = time;
    this.#over = this.#run().catch(onFatal);
  }

  /** Something was saved. */
  due(): void {
    this.#due = true;
    if (this.#failures === 0) this.#wake.abort();
  }

  /**
   * Does what is left, within limits, and ends.
   * @returns why something is missing in the store; null where nothing is.
   */
  async finish(end: MirrorEnd): Promise<StoreError | null> {
    assert(this.#end === null, 'a queue ends once');
    this.#end = { ...end, lostAt: this.#time.now() + end.lostWaitMs };
    this.#due = true;
    this.#wake.abort();
    const whole = setTimeout(this.#work.abort, end.waitMs);
    const lost = setTimeout(() => this.#failure !== null && this.#work.abort(), end.lostWaitMs);
    await this.#over;
    clearTimeout(whole);
    clearTimeout(lost);
    return this.#failure;
  }

  /** Ends sooner than `finish` said. */
  hurry(waitMs: number): void {
    if (this.#end === null) return;
    this.#end = { ...this.#end, lostAt: this.#time.now() + waitMs };
    setTimeout(this.#work.abort, waitMs).unref();
  }

  async #run(): Promise<void> {
    for (;;) {
      if (!this.#due) await this.#sleep(null);
      const end = this.#end;
      this.#due = false;
      try {
        const stored = await this.#work.next(end);
        this.#worked(stored);
        // What was saved while this went on, and an end that came meanwhile, are looked at first.
        if (stored === null && end !== null && !this.#due) return;
        if (stored !== null) this.#due = true;
      } catch (error) {
        this.#due = true;
        if (error instanceof FileChangedError && ++this.#changes < CHANGES_MAX) {
          await this.#sleep(RETRY_WAIT_MS);
        } else if (await this.#failed(error)) return;
      }
    }
  }

  #worked(stored: Stored | null): void {
    if (this.#failure !== null) this.#listener.back();
    this.#failure = null;
    this.#failures = 0;
    this.#changes = 0;
    if (stored !== null) this.#listener.stored(stored);
  }

  /** @returns whether that is the end. */
  async #failed(cause: unknown): Promise<boolean> {
    const error = cause instanceof FileChangedError ? changedError(this.#work.store, cause) : cause;
    if (!(error instanceof StoreError)) throw error;
    const isFirst = this.#failure === null;
    // The first of an outage says why; what follows may only say that it was given up.
    if (isFirst || error.forGood) this.#failure = error;
    this.#listener.failed();
    if (isFirst || error.forGood) this.#listener.lost(error.message, error.forGood);
    if (error.forGood) return true;
    const wait = Math.min(RETRY_WAIT_MS * 2 ** this.#failures, RETRY_WAIT_MS_MAX);
    this.#failures += 1;
    if (this.#end !== null && this.#time.now() + wait > this.#end.lostAt) return true;
    await this.#sleep(wait);
    return false;
  }

  /** @param ms null: until there is something to do. */
  async #sleep(ms: number | null): Promise<void> {
    this.#wake = new AbortController();
    const { signal } = this.#wake;
    if (ms !== null) return this.#time.wait(ms, signal);
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
  }
}
