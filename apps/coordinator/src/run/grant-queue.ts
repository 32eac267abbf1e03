import { limits } from '@rocinante/wire';

/** Leave for a worker to send one range of its contribution. */
export interface Grant {
  readonly worker: string;
  readonly assignment: number;
  readonly range: number;
}

/**
 * Ranges under way at once, from all workers together: 16 MiB, which is 13 ms of a link of 10 Gbit/s. Each worker may have two
 * (libs/training), so this is what counts from 9 workers on: what arrives at once does not grow with their number.
 */
export const UNDER_WAY_MAX = 16;

/**
 * Grants that wait to be sent, and those that were sent and whose range has not come. What is under way lies before a worker's
 * keep-alives: it is sent a second grant while its link takes the first range in less than UNDER_WAY_MS_MAX. A worker that is late in sending keeps
 * nobody waiting: what it was granted takes no place, and that is two more ranges at most if it comes after all.
 */
export class GrantQueue {
  readonly #isLate: (worker: string) => boolean;
  readonly #rangeSeconds: (worker: string) => number | null;
  #waiting: Grant[] = [];
  #underWay: Grant[] = [];

  /**
   * @param isLate whether what a worker was granted is not counted on.
   * @param rangeSeconds what a range takes a worker, null where that was not measured yet.
   */
  constructor(isLate: (worker: string) => boolean, rangeSeconds: (worker: string) => number | null) {
    this.#isLate = isLate;
    this.#rangeSeconds = rangeSeconds;
  }

  add(grant: Grant): void {
    this.#waiting.push(grant);
  }

  /** The next that may be sent, in the order in which they came; null where there is none. */
  take(): Grant | null {
    if (this.#isFull()) return null;
    const index = this.#waiting.findIndex(({ worker }) => this.#hasRoom(worker));
    if (index < 0) return null;
    const [grant] = this.#waiting.splice(index, 1);
    this.#underWay.push(grant);
    return grant;
  }

  /** A range came, whether it is wanted or not, and whether its grant was sent or not. */
  arrived(worker: string, assignment: number, range: number): void {
    this.#keep(
      (grant) => grant.worker !== worker || grant.assignment !== assignment || grant.range !== range,
    );
  }

  /** Nothing more comes of this assignment that is wanted. */
  withdrawn(assignment: number): void {
    this.#keep((grant) => grant.assignment !== assignment);
  }

  /** Nothing more comes from this worker. */
  left(worker: string): void {
    this.#keep((grant) => grant.worker !== worker);
  }

  /** Another issue begins. */
  clear(): void {
    this.#keep(() => false);
  }

  /** Whether a worker may have another under way: always one, and more as its link is quick. */
  #hasRoom(worker: string): boolean {
    const own = this.#underWay.filter((grant) => grant.worker === worker).length;
    if (own === 0) return true;
    const seconds = this.#rangeSeconds(worker);
    return seconds !== null && own * seconds * 1000 < limits.UNDER_WAY_MS_MAX;
  }

  #isFull(): boolean {
    if (this.#underWay.length < UNDER_WAY_MAX) return false;
    return this.#underWay.filter(({ worker }) => !this.#isLate(worker)).length >= UNDER_WAY_MAX;
  }

  #keep(isKept: (grant: Grant) => boolean): void {
    this.#waiting = this.#waiting.filter(isKept);
    this.#underWay = this.#underWay.filter(isKept);
  }
}
