import type { Assignment } from '@rocinante/training';

/** An assignment that this worker holds, from when it was given until its last range is sent or it is withdrawn. */
export interface Contribution {
  readonly assignment: Assignment;
  readonly exponents: Int8Array;
  readonly sum: Int32Array<SharedArrayBuffer>;
  readonly cancelled: Int32Array<SharedArrayBuffer>;
}

/** Vectors kept for the next contribution; a worker seldom holds more than two at once. */
const SPARE_SUMS_MAX = 2;

/** The contributions that a worker holds, and the memory of those that are over. */
export class Contributions {
  readonly #length: number;
  readonly #held = new Map<number, Contribution>();
  readonly #spare: Int32Array<SharedArrayBuffer>[] = [];

  /** @param length elements of a contribution. */
  constructor(length: number) {
    this.#length = length;
  }

  add(assignment: Assignment, exponents: Int8Array): Contribution {
    const bytes = this.#length * Int32Array.BYTES_PER_ELEMENT;
    const contribution = {
      assignment,
      exponents,
      sum: this.#spare.pop() ?? new Int32Array(new SharedArrayBuffer(bytes)),
      cancelled: new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)),
    };
    this.#held.set(assignment.id, contribution);
    return contribution;
  }

  /** How many are held. */
  get count(): number {
    return this.#held.size;
  }

  get(assignment: number): Contribution | undefined {
    return this.#held.get(assignment);
  }

  /** The assignment is not wanted any more: the engine stops at its next micro-batch, if it has begun. */
  cancel(assignment: number): void {
    const contribution = this.#held.get(assignment);
    if (contribution) Atomics.store(contribution.cancelled, 0, 1);
  }

  /** The session is over: nothing that is held is wanted. */
  cancelAll(): void {
    for (const assignment of this.#held.keys()) this.cancel(assignment);
  }

  /** The engine does not write to this contribution any more, and none of its ranges will be sent. */
  release(assignment: number): void {
    const contribution = this.#held.get(assignment);
    this.#held.delete(assignment);
    if (contribution && this.#spare.length < SPARE_SUMS_MAX) this.#spare.push(contribution.sum);
  }
}
