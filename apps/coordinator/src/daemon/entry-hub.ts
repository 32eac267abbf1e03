import type { RunLogEntry } from '../run/log/log-entries.js';

/** Someone who follows a run. */
export interface RunFollower {
  /** An entry of its event log. */
  entry?(entry: RunLogEntry): void;
  /** A line of its log for people. */
  line?(line: string): void;
  /** The run has ended, or left the queue: nothing more comes. */
  ended(): void;
}

/** What runs say as it happens, for whoever follows one; by the run's id. */
export class EntryHub {
  /** Told of every run's entries, before those who follow one. */
  onEntry: (run: string, entry: RunLogEntry) => void = () => {};
  readonly #followers = new Map<string, Set<RunFollower>>();

  /** @returns a function that ends the subscription. */
  follow(run: string, follower: RunFollower): () => void {
    const followers = this.#followers.get(run) ?? new Set();
    this.#followers.set(run, followers.add(follower));
    return () => {
      followers.delete(follower);
      if (followers.size === 0 && this.#followers.get(run) === followers) this.#followers.delete(run);
    };
  }

  publish(run: string, entry: RunLogEntry): void {
    this.onEntry(run, entry);
    for (const follower of this.#of(run)) follower.entry?.(entry);
  }

  publishLine(run: string, line: string): void {
    for (const follower of this.#of(run)) follower.line?.(line);
  }

  end(run: string): void {
    const followers = this.#of(run);
    this.#followers.delete(run);
    for (const follower of followers) follower.ended();
  }

  /** How many follow a run. */
  followers(run: string): number {
    return this.#of(run).length;
  }

  /** Ends every subscription. */
  close(): void {
    for (const run of [...this.#followers.keys()]) this.end(run);
  }

  #of(run: string): RunFollower[] {
    return [...(this.#followers.get(run) ?? [])];
  }
}
