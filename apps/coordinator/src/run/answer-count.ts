import { WireError } from '@rocinante/wire';

/** Answers beyond what was asked of a worker, before its session ends. None is due to one that keeps to the protocol. */
export const UNASKED_MAX = 16;

/**
 * What was asked of each worker against what it said: a report or an evaluation answers an assignment, and a range a grant. What
 * nobody wants any more is an answer too, and each such is a line of the event log, so there may be no more than was asked for.
 */
export class AnswerCount {
  /** Answers that are still due, or below 0 those too many. */
  readonly #due = new Map<string, number>();

  asked(worker: string): void {
    this.#due.set(worker, this.#dueOf(worker) + 1);
  }

  /** @throws {WireError} MALFORMED: it answers more than it was asked. */
  answered(worker: string): void {
    const due = this.#dueOf(worker) - 1;
    this.#due.set(worker, due);
    if (due >= -UNASKED_MAX) return;
    throw new WireError(
      'MALFORMED',
      `worker ${worker}: expected no more reports and ranges than it was asked for, received ${-due} more`,
    );
  }

  left(worker: string): void {
    this.#due.delete(worker);
  }

  #dueOf(worker: string): number {
    return this.#due.get(worker) ?? 0;
  }
}
