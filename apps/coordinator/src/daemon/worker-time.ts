import type { RunObserver } from '../run/run-observer.js';
import type { Session } from '../service/session.js';

/** For how long workers were a run's, together: what it cost. */
export class WorkerTime implements RunObserver {
  readonly #now: () => number;
  readonly #since = new Map<Session, number>();
  #ended = 0;

  /** @param now milliseconds of a clock that never goes back. */
  constructor(now: () => number) {
    this.#now = now;
  }

  workerJoined(session: Session): void {
    this.#since.set(session, this.#now());
  }

  workerLeft(session: Session): void {
    const since = this.#since.get(session);
    if (since === undefined) return;
    this.#since.delete(session);
    this.#ended += this.#now() - since;
  }

  /** It stays, and is given no work any more. */
  setAside(session: Session): void {
    this.workerLeft(session);
  }

  finished(): void {
    for (const session of [...this.#since.keys()]) this.workerLeft(session);
  }

  get seconds(): number {
    const now = this.#now();
    let ms = this.#ended;
    for (const since of this.#since.values()) ms += now - since;
    return ms / 1000;
  }
}
