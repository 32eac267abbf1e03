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
 * Grants that wait to be sent, and those that were sent and whose range has not come. A worker that is late in sending keeps
 * nobody waiting: what it was granted takes no place, and that is two more ranges at most if it comes after all.
 */
export class GrantQueue {
  readonly #isLate: (worker: string) => boolean;
  #waiting: Grant[] = [];
  #underWay: Grant[] = [];

  /** @param isLate whether what a worker was granted is not counted on. */
  constructor(isLate: (worker: string) => boolean) {
    this.#isLate = isLate;
  }

  add(grant: Grant): void {
    this.#waiting.push(grant);
  }

  /** The next that may be sent, in the order in which they came; null where there is none. */
  take(): Grant | null {
    if (this.#isFull()) return null;
    const grant = this.#waiting.shift() ?? null;
    if (grant !== null) this.#underWay.push(grant);
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

  #isFull(): boolean {
    if (this.#underWay.length < UNDER_WAY_MAX) return false;
    return this.#underWay.filter(({ worker }) => !this.#isLate(worker)).length >= UNDER_WAY_MAX;
  }

  #keep(isKept: (grant: Grant) => boolean): void {
    this.#waiting = this.#waiting.filter(isKept);
    this.#underWay = this.#underWay.filter(isKept);
  }
}
