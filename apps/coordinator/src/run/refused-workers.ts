import type { Session } from '../service/session.js';
import type { RunObserver } from './run-observer.js';

/** Finds that all workers that there will ever be cannot work for a run, as local ones of a run that asks for too much memory. */
export class RefusedWorkers implements RunObserver {
  readonly #onAll: (reason: string) => void;
  readonly #refused = new Set<string>();
  #left: readonly string[] | null = null;
  #reason = '';

  /** @param onAll told once, with what the last of them said. */
  constructor(onAll: (reason: string) => void) {
    this.#onAll = onAll;
  }

  /** These workers are there, or will be, and nobody else. */
  left(names: readonly string[]): void {
    this.#left = names;
    this.#look();
  }

  workerRefused({ name }: Session, reason: string): void {
    this.#refused.add(name);
    this.#reason = reason;
    this.#look();
  }

  /** One that was started again may be able to. */
  workerJoined({ name }: Session): void {
    this.#refused.delete(name);
  }

  #look(): void {
    if (this.#left === null || this.#left.length === 0 || this.#refused.size === 0) return;
    if (!this.#left.every((name) => this.#refused.has(name))) return;
    this.#left = null;
    this.#onAll(this.#reason);
  }
}
