import { diskDecision, diskMessage, freeBytes, neededBytes } from './disk-space.js';
import type { TrainingRun } from './training-run.js';

/** How often the disk's free space and the run's time are looked at. */
const WATCH_MS = 1_000;

export interface LimitsWatchParts {
  readonly run: Pick<TrainingRun, 'layout' | 'stop' | 'hold' | 'release' | 'abort'>;
  /** Where the run's files lie. */
  readonly path: string;
  /** The option that puts them elsewhere, for messages. */
  readonly placeOption: string;
  /** Null for none. */
  readonly maxHours: number | null;
  /** For how long the run has been active, earlier activations included. */
  readonly activeSeconds: () => number;
  /** Called as often, for what else changes by itself. */
  readonly alsoLook: () => void;
}

/** Looks at what limits a run from outside: it stops a run whose time is over, and holds one before the disk is full. */
export class LimitsWatch {
  readonly #parts: LimitsWatchParts;
  #timer: NodeJS.Timeout | null = null;
  #heldReason: string | null = null;
  #looking = false;

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
      .catch((error: Error) => this.#parts.run.abort(error))
      .finally(() => (this.#looking = false));
  }

  async #checkDisk(): Promise<void> {
    const { decision, message } = await this.#askDisk(this.#heldReason === null ? 'running' : 'held');
    if (this.#timer === null) return;
    if (decision === 'hold') {
      this.#heldReason = message;
      this.#parts.run.hold(message);
    } else if (decision === 'release') {
      this.#heldReason = null;
      this.#parts.run.release();
    }
  }

  async #askDisk(
    state: 'running' | 'held',
  ): Promise<{ decision: ReturnType<typeof diskDecision>; message: string }> {
    const { run, path, placeOption } = this.#parts;
    const needed = neededBytes(run.layout.length);
    const free = await freeBytes(path);
    return {
      decision: diskDecision(free, needed, state),
      message: diskMessage(path, free, needed, placeOption),
    };
  }
}
