import { limits, WireError } from '@rocinante/wire';
import { RateAllowance } from './rate-allowance.js';

/**
 * Sessions that one holder's workers may begin at once, and again each second: each is a line in a run's event log and in the
 * coordinator's, with what the worker says of its engine. All that a coordinator can hold may come twice at once, as after a
 * restart of the network's; a worker that is refused comes again by itself.
 */
export const JOINS_AT_ONCE = 2 * limits.SESSIONS_MAX;
export const JOINS_PER_SECOND = 10;

/** How often workers may join, by whose token they show. */
export class JoinAllowance {
  /** By the holder's name; where nobody is asked for a token there is one. Those that are whole again are forgotten. */
  readonly #holders = new Map<string | null, RateAllowance>();

  /**
   * @param now milliseconds of a clock that never goes back.
   * @throws {WireError} TOO_MANY_SESSIONS: they have joined more often.
   */
  take(holder: string | null, now: number): void {
    let own = this.#holders.get(holder);
    if (own === undefined) {
      for (const [name, allowance] of this.#holders) if (allowance.isWhole(now)) this.#holders.delete(name);
      own = new RateAllowance(JOINS_AT_ONCE, JOINS_PER_SECOND, now);
      this.#holders.set(holder, own);
    }
    if (own.take(now)) return;
    const whose = holder === null ? 'workers' : `workers of ${holder}`;
    throw new WireError(
      'TOO_MANY_SESSIONS',
      `${whose}: expected at most ${JOINS_PER_SECOND} sessions that begin a second, received more; try again later`,
    );
  }
}
