import { VectorMemory, type SharedInt32 } from '@rocinante/parameters';
import type { Assignment } from '@rocinante/training';

/** An assignment that this worker holds, from when it was given until its last range is sent or it is withdrawn. */
export interface Contribution {
  readonly assignment: Assignment;
  readonly exponents: Int8Array;
  readonly sum: SharedInt32;
  readonly cancelled: Int32Array<SharedArrayBuffer>;
}

/** Sums that a worker holds at once, most of the time. */
export const SUMS_KEPT = 4;

/**
 * Memory for a run's sums: so many are kept in the run's memory, further ones lie beside it while they are held. It outlives sessions,
 * as the run does in the engine.
 */
export class SumRooms {
  readonly #memory: VectorMemory;
  readonly #length: number;
  readonly #kept = new Set<SharedInt32>();
  readonly #free: SharedInt32[] = [];

  /** @param length elements of a sum. */
  constructor(memory: VectorMemory, length: number) {
    this.#memory = memory;
    this.#length = length;
  }

  /** A sum of any values. */
  take(): SharedInt32 {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    if (this.#kept.size === SUMS_KEPT) return VectorMemory.of(null).int32(this.#length);
    const sum = this.#memory.int32(this.#length);
    this.#kept.add(sum);
    return sum;
  }

  giveBack(sum: SharedInt32): void {
    if (this.#kept.has(sum)) this.#free.push(sum);
  }
}

/** The contributions that a worker holds. */
export class Contributions {
  readonly #rooms: SumRooms;
  readonly #held = new Map<number, Contribution>();

  constructor(rooms: SumRooms) {
    this.#rooms = rooms;
  }

  add(assignment: Assignment, exponents: Int8Array): Contribution {
    const contribution = {
      assignment,
      exponents,
      sum: this.#rooms.take(),
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
    if (contribution) this.#rooms.giveBack(contribution.sum);
  }

  /** The same of all that are held. */
  releaseAll(): void {
    for (const assignment of [...this.#held.keys()]) this.release(assignment);
  }
}
