import { assert } from '@rocinante/base';
import { averaged } from './pace.js';
import type { AssignmentId } from './work.js';

/** What one worker was granted and has not sent, and how long a range takes it, from its grant or the range before it. */
export class Sending {
  /** The assignments of these ranges, in the order of their grants. */
  readonly #owed: AssignmentId[] = [];
  /** Since when the first of them is awaited, in milliseconds. */
  #since = 0;
  #rangeSeconds: number | null = null;

  get owes(): boolean {
    return this.#owed.length > 0;
  }

  /** Since when the next range is awaited; of no meaning where none is. */
  get since(): number {
    return this.#since;
  }

  /** Seconds that a range takes, averaged, the newest most; null before the first. */
  get rangeSeconds(): number | null {
    return this.#rangeSeconds;
  }

  granted(assignment: AssignmentId, now: number): void {
    if (!this.owes) this.#since = now;
    this.#owed.push(assignment);
  }

  /** A range that was granted came. */
  came(assignment: AssignmentId, now: number): void {
    const index = this.#owed.indexOf(assignment);
    assert(index >= 0, `a range of assignment ${assignment} came that is not awaited`);
    this.#owed.splice(index, 1);
    this.#rangeSeconds = averaged(this.#rangeSeconds, (now - this.#since) / 1000);
    this.#since = now;
  }

  /** Nothing more of this assignment is wanted. */
  over(assignment: AssignmentId, now: number): void {
    const left = this.#owed.filter((owed) => owed !== assignment);
    if (left.length === this.#owed.length) return;
    this.#owed.splice(0, this.#owed.length, ...left);
    this.#since = now;
  }

  /** Takes note that the next range has not come by now: it takes no less than this. */
  wasLate(now: number): void {
    this.#rangeSeconds = Math.max(this.#rangeSeconds ?? 0, (now - this.#since) / 1000);
  }
}
