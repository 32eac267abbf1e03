/** So many at once, and so many more each second. */
export class RateAllowance {
  readonly #atOnce: number;
  readonly #perSecond: number;
  #left: number;
  #at: number;

  /** @param now milliseconds of a clock that never goes back. */
  constructor(atOnce: number, perSecond: number, now: number) {
    this.#atOnce = atOnce;
    this.#perSecond = perSecond;
    this.#left = atOnce;
    this.#at = now;
  }

  /** Takes one. @returns false where none is left. */
  take(now: number): boolean {
    this.#grow(now);
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }

  /** Whether it is as it was at first. */
  isWhole(now: number): boolean {
    this.#grow(now);
    return this.#left === this.#atOnce;
  }

  #grow(now: number): void {
    this.#left = Math.min(this.#atOnce, this.#left + ((now - this.#at) / 1000) * this.#perSecond);
    this.#at = now;
  }
}
