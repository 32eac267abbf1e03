import type { RunEffect } from '../effects.js';
import type { AssignmentId, WorkerId } from '../work.js';

type SecondWord = Extract<RunEffect, { type: 'second-word' }>;

/** What workers of a simulated run computed wrong, and whether second words and strikes are as they must be. */
export class SimulatedWrongs {
  /** Assignments of this issue whose report was kept though something in it was computed wrong. */
  readonly #kept = new Set<AssignmentId>();
  /** What became of the reports of this issue that were questioned. */
  readonly #verdicts = new Map<AssignmentId, SecondWord>();
  /** Workers that have computed something wrong, and how often each was struck. */
  readonly #wrongdoers = new Set<WorkerId>();
  readonly #strikes = new Map<WorkerId, number>();

  beginIssue(): void {
    this.#kept.clear();
    this.#verdicts.clear();
  }

  computedBy(worker: WorkerId): void {
    this.#wrongdoers.add(worker);
  }

  kept(id: AssignmentId): void {
    this.#kept.add(id);
  }

  has(id: AssignmentId): boolean {
    return this.#kept.has(id);
  }

  strikesOf(worker: WorkerId): number {
    return this.#strikes.get(worker) ?? 0;
  }

  /**
   * Takes note of a verdict.
   * @param holder who holds the assignment.
   * @returns which rule it breaks; null for none.
   */
  judged(effect: SecondWord, holder: WorkerId): string | null {
    const { assignment, workers, cause } = effect;
    this.#verdicts.set(assignment, effect);
    if (workers[0] !== holder) return `#${assignment} is questioned as another’s`;
    const alone = workers.length === 2 && workers[0] === workers[1];
    const eachOnce = new Set(workers).size === workers.length;
    return eachOnce || (alone && cause === 'norm') ? null : `a worker has two words about #${assignment}`;
  }

  /**
   * Takes note of a strike.
   * @param mustBeRight whether only a worker that computed something wrong may be struck.
   * @returns which rule it breaks; null for none.
   */
  struck({ worker, strikes }: Extract<RunEffect, { type: 'strike' }>, mustBeRight: boolean): string | null {
    const isCounted = strikes === this.strikesOf(worker) + 1;
    this.#strikes.set(worker, strikes);
    if (!isCounted) return `a strike of ${worker} is not counted`;
    // Of two that differ in a norm, with no third, the second is believed.
    const last = [...this.#verdicts.values()].at(-1);
    const believed = last?.verdict === 'refuted' && last.workers.length === 2 && last.workers[0] === worker;
    const isDue = this.#wrongdoers.has(worker) || believed || !mustBeRight;
    return isDue ? null : `${worker} is struck, who did nothing wrong`;
  }

  /** Whether nobody was there who could contradict what is wrong in an assignment. */
  isUncontradicted(id: AssignmentId): boolean {
    const verdict = this.#verdicts.get(id);
    if (verdict === undefined) return false;
    const { workers } = verdict;
    return ['unheld', 'unsettled'].includes(verdict.verdict) || new Set(workers).size === 1;
  }
}
