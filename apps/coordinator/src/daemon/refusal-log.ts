/** Within so long a time, so many refusals for one reason are logged: a port scan fills no disk. */
export const REFUSALS_INTERVAL_MS = 10_000;
export const REFUSALS_LOGGED_MAX = 5;

/** @param client what the client calls itself; null or absent where it says nothing. */
export type RefusalWriter = (code: string, message: string, client?: string | null) => void;

/** Lets a few refusals for each reason through to the log, and says how many were left out. All are counted elsewhere. */
export class RefusalLog {
  readonly #write: RefusalWriter;
  readonly #now: () => number;
  /** By code: when its interval began, and how many came in it. */
  readonly #seen = new Map<string, { since: number; count: number }>();

  /** @param now milliseconds of a clock that never goes back. */
  constructor(write: RefusalWriter, now: () => number) {
    this.#write = write;
    this.#now = now;
  }

  refused(code: string, message: string, client?: string | null): void {
    const now = this.#now();
    const seen = this.#seen.get(code);
    if (seen && now - seen.since < REFUSALS_INTERVAL_MS) {
      seen.count += 1;
      if (seen.count <= REFUSALS_LOGGED_MAX) this.#write(code, message, client);
      return;
    }
    const left = (seen?.count ?? 0) - REFUSALS_LOGGED_MAX;
    const said = left > 0 ? `${message} (and ${left} more of ${code} before it)` : message;
    this.#write(code, said, client);
    this.#seen.set(code, { since: now, count: 1 });
  }
}
