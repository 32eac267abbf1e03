import { WireError } from '@rocinante/wire';

/**
 * Messages that a worker may send of its own accord at once, and again each second: its metrics, its log, that it is ready,
 * what troubles it. One that keeps to the protocol sends two a second; what a coordinator that stood still finds waiting
 * fits the first.
 */
export const TALK_AT_ONCE = 256;
export const TALK_PER_SECOND = 5;

/** How much a worker may still say that nobody asked of it. What answers work is counted elsewhere (`AnswerCount`). */
export class TalkAllowance {
  readonly #worker: string;
  #left = TALK_AT_ONCE;
  #at: number;

  /** @param now milliseconds of a clock that never goes back. */
  constructor(worker: string, now: number) {
    this.#worker = worker;
    this.#at = now;
  }

  /** @throws {WireError} MALFORMED: it has said more than that. */
  take(now: number): void {
    this.#left = Math.min(TALK_AT_ONCE, this.#left + ((now - this.#at) / 1000) * TALK_PER_SECOND);
    this.#at = now;
    if (this.#left < 1) {
      throw new WireError(
        'MALFORMED',
        `worker ${this.#worker}: expected at most ${TALK_PER_SECOND} messages a second of its own accord ` +
          '(metrics, log, readiness, trouble), received more',
      );
    }
    this.#left -= 1;
  }
}
