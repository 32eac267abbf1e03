import { assign, withdraw, type AssignmentFrame, type Desk } from './desk.js';
import type { AssignmentId, WorkerId } from './work.js';

/** What workers that were late and are not heard of are asked, so that they are: a micro-batch that nobody waits for. */
export class Probes {
  readonly #desk: Desk;
  readonly #asked = new Map<WorkerId, AssignmentId>();

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  /** Asks each of them that has nothing else to answer. */
  ask(frame: AssignmentFrame): void {
    const { roster } = this.#desk;
    for (const worker of roster.quiet) {
      if (roster.queueOf(worker).length > 0) continue;
      const id = this.#desk.nextAssignment();
      this.#asked.set(worker, id);
      assign(this.#desk, worker, { ...frame, id, microBatches: [0], firstRange: 0 });
    }
  }

  /** @returns whether this answers one; it counts for nothing else. */
  answered(worker: WorkerId, assignment: AssignmentId): boolean {
    return this.#asked.get(worker) === assignment && this.#asked.delete(worker);
  }

  workerLeft(worker: WorkerId): void {
    this.#asked.delete(worker);
  }

  /** None is wanted any more. */
  end(): void {
    for (const [worker, assignment] of this.#asked) withdraw(this.#desk, worker, assignment);
    this.#asked.clear();
  }
}
