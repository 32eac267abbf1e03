import type { RunLogEntry } from '../run/log/log-entries.js';

/** What is so long ago counts little: a tenth of what is new counts after 2.3 times as long. */
const MEMORY_MS = 300_000;

/** Steps at an activation's start that say little: memory is touched for the first time, step 1 is issued twice. */
const WARM_UP_STEPS = 2;

/** What is before these says nothing of what is after. */
const INTERRUPTIONS: ReadonlySet<RunLogEntry['event']> = new Set([
  'started',
  'worker-joined',
  'worker-left',
  'set-aside',
  'held',
  'released',
  'went-back',
]);

/**
 * How fast a run goes of late, as an exponential mean over the last minutes, begun anew where other workers work for it.
 *
 * The time of a step is from the step before it, by the log's clock: evaluations and checkpoints between steps are in it, as they are
 * in the time that is left. What was known before a change of workers is told until the second step after it.
 */
export class Pace {
  #batch = 1;
  #countedAfter = -Infinity;
  /** The last step, where the next one's time counts. */
  #last: { readonly step: number; readonly at: number } | null = null;
  #sums = NOTHING;
  #told: Sums = NOTHING;

  entry(entry: RunLogEntry): void {
    if (entry.event === 'started') {
      this.#batch = entry.batch;
      this.#countedAfter = entry.atStep + WARM_UP_STEPS;
      this.#told = NOTHING;
    }
    if (entry.event === 'step') this.#step(entry.step, Date.parse(entry.time), entry.windows, entry.seconds);
    else if (INTERRUPTIONS.has(entry.event)) this.#beginAnew();
  }

  /** By the clock; null before the second step that counts. */
  get secondsAStep(): number | null {
    const { steps, elapsedMs } = this.#told;
    return steps > 0 && elapsedMs > 0 ? elapsedMs / steps / 1000 : null;
  }

  /** Over the time from steps' first issue to their close, as `Rate` has it over the whole activation; null as there. */
  get windowsPerSecond(): number | null {
    const { windows, seconds } = this.#told;
    return windows >= this.#batch && seconds > 0 ? windows / seconds : null;
  }

  #beginAnew(): void {
    this.#last = null;
    this.#sums = NOTHING;
  }

  #step(step: number, at: number, windows: number, seconds: number): void {
    const last = this.#last;
    this.#last = step >= this.#countedAfter ? { step, at } : null;
    if (last?.step !== step - 1) return;
    // A clock that was set back tells nothing.
    const elapsedMs = Math.max(0, at - last.at);
    const kept = Math.exp(-elapsedMs / MEMORY_MS);
    const before = this.#sums;
    this.#sums = {
      steps: before.steps * kept + 1,
      elapsedMs: before.elapsedMs * kept + elapsedMs,
      windows: before.windows * kept + windows,
      seconds: before.seconds * kept + seconds,
    };
    this.#told = this.#sums;
  }
}

interface Sums {
  readonly steps: number;
  readonly elapsedMs: number;
  readonly windows: number;
  readonly seconds: number;
}

const NOTHING: Sums = { steps: 0, elapsedMs: 0, windows: 0, seconds: 0 };
