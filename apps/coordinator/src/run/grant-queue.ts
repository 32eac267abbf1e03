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

/** Grants that wait to be sent, and those that were sent and whose range has not come. */
export class GrantQueue {
  #waiting: Grant[] = [];
  #underWay: Grant[] = [];

  add(grant: Grant): void {
    this.#waiting.push(grant);
  }

  /** The next that may be sent, in the order in which they came; null where there is none. */
  take(): Grant | null {
    if (this.#underWay.length >= UNDER_WAY_MAX) return null;
    const grant = this.#waiting.shift() ?? null;
    if (grant !== null) this.#underWay.push(grant);
    return grant;
  }

  /** A range came, whether it is wanted or not. */
  arrived(worker: string, assignment: number, range: number): void {
    const index = this.#underWay.findIndex(
      (grant) => grant.worker === worker && grant.assignment === assignment && grant.range === range,
    );
    if (index >= 0) this.#underWay.splice(index, 1);
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

  #keep(isKept: (grant: Grant) => boolean): void {
    this.#waiting = this.#waiting.filter(isKept);
    this.#underWay = this.#underWay.filter(isKept);
  }
}
