import { LATE_LEAST_MS, SEND_LATE_FACTOR } from '../roster.js';
import type { AssignmentId, WorkerId } from '../work.js';

/** So few ranges under way at once that two workers wait for each other. */
const FEW_UNDER_WAY = 3;

interface Awaited {
  /** Since when the next range is awaited. */
  since: number;
  readonly owed: { readonly assignment: AssignmentId; readonly range: number }[];
}

/** Milliseconds that a time may be off by, since the machine reckons in seconds. */
const ROUNDING_MS = 1;

/** Leave for a worker to send a range. */
interface Grant {
  readonly worker: WorkerId;
  readonly assignment: AssignmentId;
  readonly range: number;
}

/**
 * Grants that are held back while too many ranges are under way, ranges that were granted and have not come, and how long that
 * may take by what was seen. Times are in milliseconds.
 */
export class SimulatedWaits {
  /** Ranges that may be under way at once, but for those of workers that are late. */
  readonly #underWayMax: number;
  #held: Grant[] = [];
  readonly #awaited = new Map<WorkerId, Awaited>();
  /** The longest that a range was waited for in this life, whether it came or was given up. */
  #longest = 0;
  /** Workers that have sent a range; without one the machine cannot know how long that takes. */
  readonly #measured = new Set<WorkerId>();

  /** @param few whether few ranges may be under way at once: in every other run. */
  constructor(few: boolean) {
    this.#underWayMax = few ? FEW_UNDER_WAY : Infinity;
  }

  /** Keeps a grant until `next`. */
  hold(grant: Grant): void {
    this.#held.push(grant);
  }

  /** The next grant that may be sent; null where none may. */
  next(isLate: (worker: WorkerId) => boolean): Grant | null {
    let underWay = 0;
    for (const [worker, { owed }] of this.#awaited) if (!isLate(worker)) underWay += owed.length;
    return underWay < this.#underWayMax ? (this.#held.shift() ?? null) : null;
  }

  /** Ranges that a worker has leave to send, sent or held. */
  outstanding(worker: WorkerId): number {
    return this.owed(worker).length + this.#held.filter((grant) => grant.worker === worker).length;
  }

  /** Ranges that a worker was told of and owes. */
  owed(worker: WorkerId): Awaited['owed'] {
    return this.#awaited.get(worker)?.owed ?? [];
  }

  granted(worker: WorkerId, assignment: AssignmentId, range: number, now: number): void {
    const awaited = this.#awaited.get(worker) ?? { since: now, owed: [] };
    if (awaited.owed.length === 0) awaited.since = now;
    awaited.owed.push({ assignment, range });
    this.#awaited.set(worker, awaited);
  }

  came(worker: WorkerId, assignment: AssignmentId, range: number, now: number): void {
    this.#drop(worker, now, (owed) => owed.assignment === assignment && owed.range === range);
    this.#measured.add(worker);
  }

  /** Nothing more of an assignment is wanted. */
  over(worker: WorkerId, assignment: AssignmentId, now: number): void {
    this.#held = this.#held.filter((grant) => grant.assignment !== assignment);
    this.#drop(worker, now, (owed) => owed.assignment === assignment);
  }

  left(worker: WorkerId): void {
    this.#held = this.#held.filter((grant) => grant.worker !== worker);
    this.#awaited.delete(worker);
    this.#measured.delete(worker);
  }

  /** Another issue begins. */
  clear(): void {
    this.#held = [];
    this.#awaited.clear();
  }

  /** Workers that have owed a range for longer than lateness allows for, were every range as slow as the slowest was. */
  overdue(now: number): WorkerId[] {
    if (this.#measured.size === 0) return [];
    const allowed = Math.max(LATE_LEAST_MS, SEND_LATE_FACTOR * this.#longest) + ROUNDING_MS;
    return [...this.#awaited].flatMap(([worker, { since, owed }]) =>
      owed.length > 0 && since + allowed < now ? [worker] : [],
    );
  }

  #drop(worker: WorkerId, now: number, isDropped: (owed: Awaited['owed'][number]) => boolean): void {
    const awaited = this.#awaited.get(worker);
    if (!awaited?.owed.some(isDropped)) return;
    this.#longest = Math.max(this.#longest, now - awaited.since);
    awaited.owed.splice(0, awaited.owed.length, ...awaited.owed.filter((owed) => !isDropped(owed)));
    awaited.since = now;
  }
}
