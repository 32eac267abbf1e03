import { limits } from '@rocinante/wire';

/** The weight of the newest measurement where it is the quicker one: the last four or so decide. */
const NEWEST_WEIGHT = 0.3;

/** A range of 1 MiB takes a link of 1 Gbit/s 8.4 ms, and one of 512 KiB half of it; processors take it 1 to 2 ms. */
const SLOW_RANGE_MS = 4;

interface Sent {
  readonly at: number;
  /** A shorter range than others says little of how long those take. */
  readonly measures: boolean;
}

/**
 * How many ranges may be under way to one worker: as many as its link takes in UNDER_WAY_MS_MAX, and always one. What is
 * under way lies before a keep-alive, so it is bounded by time; how long a range takes is measured from when it is sent, or the
 * one before it was taken, until it was taken. Until one was measured there is one. All times are in milliseconds of a clock
 * that never goes back; they decide when ranges are sent, and nothing else.
 */
export class LinkPace {
  /** In the order in which they were sent, which is that in which they are taken. */
  #underWay: Sent[] = [];
  #takenAt = 0;
  #rangeMs: number | null = null;

  get underWay(): number {
    return this.#underWay.length;
  }

  /** Whether ranges take the link longer than they take processors. */
  get isSlow(): boolean {
    return this.#rangeMs !== null && this.#rangeMs >= SLOW_RANGE_MS;
  }

  /** Whether another may be sent now. */
  hasRoom(now: number): boolean {
    if (this.#underWay.length === 0) return true;
    if (this.#rangeMs === null) return false;
    // What has not come for longer than that takes longer than that.
    const rangeMs = Math.max(this.#rangeMs, now - this.#since);
    return this.#underWay.length * rangeMs < limits.UNDER_WAY_MS_MAX;
  }

  sent(now: number, measures: boolean): void {
    this.#underWay.push({ at: now, measures });
  }

  /** The worker has taken so many; what is beyond those that are under way it began with. */
  taken(ranges: number, now: number): void {
    for (const { at, measures } of this.#underWay.splice(0, ranges)) {
      if (measures) this.#measured(now - Math.max(at, this.#takenAt));
      this.#takenAt = now;
    }
  }

  /** Ranges of another length begin: what was measured says nothing of them. */
  forget(): void {
    this.#underWay = this.#underWay.map(({ at }) => ({ at, measures: false }));
    this.#rangeMs = null;
  }

  /** A slower one counts at once, a quicker one by and by. */
  #measured(ms: number): void {
    const before = this.#rangeMs ?? ms;
    this.#rangeMs = Math.max(ms, before + NEWEST_WEIGHT * (ms - before));
  }

  /** Since when the first of those that are under way is awaited. */
  get #since(): number {
    return Math.max(this.#underWay[0].at, this.#takenAt);
  }
}
