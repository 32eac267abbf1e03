import { WireError } from '@rocinante/wire';
import { RateAllowance } from './rate-allowance.js';

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
  readonly #rate: RateAllowance;

  /** @param now milliseconds of a clock that never goes back. */
  constructor(worker: string, now: number) {
    this.#worker = worker;
    this.#rate = new RateAllowance(TALK_AT_ONCE, TALK_PER_SECOND, now);
  }

  /** @throws {WireError} MALFORMED: it has said more than that. */
  take(now: number): void {
    if (this.#rate.take(now)) return;
    throw new WireError(
      'MALFORMED',
      `worker ${this.#worker}: expected at most ${TALK_PER_SECOND} messages a second of its own accord ` +
        '(metrics, log, readiness, trouble), received more',
    );
  }
}
