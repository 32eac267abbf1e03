import { assert } from '@rocinante/base';
import { averaged } from './pace.js';
import type { AssignmentId } from './work.js';

interface OwedRange {
  readonly assignment: AssignmentId;
  readonly range: number;
  /** Whether the worker was sent its grant: before that it cannot know of it. */
  isTold: boolean;
}

/** What one worker was granted and has not sent, and how long a range takes it, from when it was told or the range before it. */
export class Sending {
  /** In the order of their grants. */
  #owed: OwedRange[] = [];
  /** Since when the first of those that it was told of is awaited, in milliseconds. */
  #since = 0;
  #rangeSeconds: number | null = null;

  /** Whether it has ranges to send, told of them or not. */
  get owes(): boolean {
    return this.#owed.length > 0;
  }

  /** Whether it was told of a range that it has not sent. */
  get isAwaited(): boolean {
    return this.#owed.some(({ isTold }) => isTold);
  }

  /** Since when the next range is awaited; of no meaning where none is. */
  get since(): number {
    return this.#since;
  }

  /** Seconds that a range takes, averaged, the newest most; null before the first. */
  get rangeSeconds(): number | null {
    return this.#rangeSeconds;
  }

  granted(assignment: AssignmentId, range: number): void {
    this.#owed.push({ assignment, range, isTold: false });
  }

  /** The worker was sent a grant; nothing where its range came before, or is not wanted any more. */
  told(assignment: AssignmentId, range: number, now: number): void {
    const owed = this.#owed[this.#indexOf(assignment, range)] as OwedRange | undefined;
    if (owed === undefined) return;
    if (!this.isAwaited) this.#since = now;
    owed.isTold = true;
  }

  /** A range that was granted came. */
  came(assignment: AssignmentId, range: number, now: number): void {
    const index = this.#indexOf(assignment, range);
    assert(index >= 0, `range ${range} of assignment ${assignment} came, and is not awaited`);
    const [wasTold] = this.#owed.splice(index, 1).map(({ isTold }) => isTold);
    if (!wasTold) return;
    this.#rangeSeconds = averaged(this.#rangeSeconds, (now - this.#since) / 1000);
    this.#since = now;
  }

  /** Nothing more of this assignment is wanted. */
  over(assignment: AssignmentId, now: number): void {
    if (this.#isNext(assignment)) this.#since = now;
    this.#owed = this.#owed.filter((owed) => owed.assignment !== assignment);
  }

  /** Takes note that a range of this has not come by now, where it is the next: it takes no less than this. */
  wasLate(assignment: AssignmentId, now: number): void {
    if (!this.#isNext(assignment)) return;
    this.#rangeSeconds = Math.max(this.#rangeSeconds ?? 0, (now - this.#since) / 1000);
  }

  /** Whether the range that is awaited next is of this assignment: workers are told in the order of grants, and send in it. */
  #isNext(assignment: AssignmentId): boolean {
    return this.#owed.find(({ isTold }) => isTold)?.assignment === assignment;
  }

  #indexOf(assignment: AssignmentId, range: number): number {
    return this.#owed.findIndex((owed) => owed.assignment === assignment && owed.range === range);
  }
}
