import type { EngineRequest } from './engine-messages.js';

/** The engine hangs where it has not answered for so many times what the longest piece of such work took. */
export const LONGEST_FACTOR = 20;

/** An answer is waited for at least so long, in seconds: a machine without memory or processor to spare is slow, and does not hang. */
export const LEAST_SECONDS = 60;

/** What is computed in pieces that take about the same time, and what a piece of it is called. */
const PIECES = {
  train: 'micro-batch',
  evaluate: 'piece of an evaluation',
  sample: 'symbol of a sample',
} as const;
type Kind = keyof typeof PIECES;

/** How much work a request is. Null where no earlier one says how long it takes: loading the engine, laying a network out. */
function workOf(request: EngineRequest): { readonly kind: Kind; readonly pieces: number } | null {
  switch (request.type) {
    // It counts as a micro-batch, though a graph is made in it too, which takes two or three times as long: one waits longer then.
    case 'prove':
      return { kind: 'train', pieces: 1 };
    case 'train':
    case 'evaluate':
      return { kind: request.type, pieces: request.assignment.microBatches.length };
    case 'sample':
      return { kind: 'sample', pieces: request.prompt.length + request.length };
    case 'describe':
    case 'open-run':
    case 'rest':
      return null;
  }
}

/**
 * Finds that the engine's thread hangs: a call of TensorFlow does not return, as with a card or a driver that has failed.
 *
 * What is too long follows from what this engine has taken for the run that is open. Where that is not known nothing is too long:
 * before a run's joining proof, and before its first evaluation and sample. Waiting is counted in ticks, so a process that was
 * stopped, or a machine that slept, has not waited.
 */
export class EngineWatch {
  readonly #leastSeconds: number;
  readonly #now: () => number;
  /** The longest piece of each kind since a run was opened, in seconds. */
  readonly #longest = new Map<Kind, number>();
  /**
   * Of a run's training an answer is waited for at least so long too, in seconds: for as long as the proof took. Null until a whole
   * `train` has been answered since the run was opened, up to which the proof is a measure of others.
   */
  #proofSeconds: number | null = null;
  #request: EngineRequest | null = null;
  #began = 0;
  #ticks = 0;

  /**
   * @param leastSeconds an answer is waited for at least so long.
   * @param now milliseconds of a clock that never goes back.
   */
  constructor(leastSeconds = LEAST_SECONDS, now: () => number = () => performance.now()) {
    this.#leastSeconds = leastSeconds;
    this.#now = now;
  }

  /** The engine's thread begins with a request. */
  begins(request: EngineRequest): void {
    if (request.type === 'open-run') {
      this.#longest.clear();
      this.#proofSeconds = null;
    }
    this.#request = request;
    this.#began = this.#now();
    this.#ticks = 0;
  }

  /**
   * It has answered, be it with an error.
   * @param whole whether all was done that was asked for: the pieces of what was cancelled or failed took longer than it seems.
   */
  ended(whole: boolean): void {
    const request = this.#request;
    const work = request && workOf(request);
    this.#request = null;
    if (!work) return;
    if (request.type === 'train' && whole && this.#proofSeconds === null) {
      // Gradients of this assignment may have been kept from one before it, and say little of how long others take.
      this.#proofSeconds = this.#longest.get(work.kind) ?? 0;
      this.#longest.delete(work.kind);
    }
    // Not longer than it was waited for: a process that was stopped meanwhile did not take so long.
    const seconds = Math.min((this.#now() - this.#began) / 1000, this.#ticks + 1);
    this.#longest.set(work.kind, Math.max(this.#longest.get(work.kind) ?? 0, seconds / work.pieces));
  }

  /**
   * A second has passed in which this process ran.
   * @returns a line that says so where the engine hangs, else null.
   */
  tick(): string | null {
    this.#ticks += 1;
    const work = this.#request && workOf(this.#request);
    const longest = work ? this.#longest.get(work.kind) : undefined;
    if (!work || longest === undefined) return null;
    const least = Math.max(this.#leastSeconds, work.kind === 'train' ? (this.#proofSeconds ?? 0) : 0);
    if (this.#ticks <= Math.max(least, LONGEST_FACTOR * longest * work.pieces)) return null;
    const times = work.pieces === 1 ? '' : `${work.pieces} times `;
    return (
      `the engine hangs: it has not answered for ${this.#ticks} s, where at most ${times}${longest.toPrecision(2)} s ` +
      `were to be expected, as its longest ${PIECES[work.kind]} took; the process ends, to be started again`
    );
  }
}
