import { assert } from '@rocinante/base';
import { Pace } from './pace.js';
import { Sending } from './sending.js';
import type { Candidate } from './shares.js';
import type { Assignment, AssignmentId, WorkerId } from './work.js';

/** Issues that a worker may be left without work, for its measured slowness, before it is measured again. */
export const IDLE_ISSUES_MAX = 64;

/** A worker is late when what it computes takes more than so many times what was to be expected of it. */
export const LATE_FACTOR = 2;

/**
 * So many times what a range of its contributions takes a worker, it is late in sending. A range is short, and shares its way
 * with those of others: it varies by more than a share of the computing.
 */
export const SEND_LATE_FACTOR = 4;

/** Less than this is the scheduling of processes and messages, and nobody's lateness. */
export const LATE_LEAST_MS = 250;

/** Times that a worker may be found to have computed what is wrong, before it is given no work any more. */
export const STRIKES_MAX = 3;

interface Member {
  /** By what it computes: gradients, or pieces of an evaluation. */
  readonly paces: { readonly train: Pace; readonly evaluate: Pace };
  /** What it was given and has neither reported nor lost, in the order in which it computes it. */
  readonly queue: Assignment[];
  /** Since when it may have been computing the first of these, in milliseconds. */
  since: number;
  readonly sending: Sending;
  idleIssues: number;
  /** Whether it was late, lost its work for it, and has not been heard of since. */
  quiet: boolean;
}

/** A worker as a candidate for work. */
export type WorkerCandidate = Candidate & { readonly worker: WorkerId };

/**
 * The live workers, in the order of joining: what they are computing, how fast each was, how long each may take.
 *
 * Cost: each event of a run asks who is late, so that question may not look at every worker for every worker. What is asked
 * of all of them is worked out once after each change.
 */
export class Roster {
  readonly #members = new Map<WorkerId, Member>();
  /** What so many pieces are expected to take by the mean of all that were measured; void when a pace changes. */
  readonly #meanSeconds = {
    train: new Map<number, number | null>(),
    evaluate: new Map<number, number | null>(),
  };
  /** What a range takes by the mean of all that were measured, null where none was; undefined when one of them changes. */
  #rangeSeconds: number | null | undefined;
  /** When the first worker is late, Infinity for never; null where it is not known since something has changed. */
  #firstDueAt: number | null = null;
  /** Of those too that have left: an id is one session's, and is not given again. */
  readonly #strikes: Map<WorkerId, number>;

  constructor(strikes: ReadonlyMap<WorkerId, number> = new Map()) {
    this.#strikes = new Map(strikes);
  }

  get strikes(): ReadonlyMap<WorkerId, number> {
    return this.#strikes;
  }

  get size(): number {
    return this.#members.size;
  }

  has(worker: WorkerId): boolean {
    return this.#members.has(worker);
  }

  join(worker: WorkerId): void {
    assert(!this.#members.has(worker), `worker ${worker} has joined already`);
    const paces = { train: new Pace(), evaluate: new Pace() };
    const sending = new Sending();
    this.#members.set(worker, { paces, queue: [], since: 0, sending, idleIssues: 0, quiet: false });
  }

  leave(worker: WorkerId): void {
    this.#members.delete(worker);
    this.#pacesChanged();
    this.#rangesChanged();
  }

  /** Takes note of work that a worker is given. */
  given(worker: WorkerId, assignment: Assignment, now: number): void {
    const member = this.#members.get(worker)!;
    if (member.queue.length === 0) member.since = now;
    member.queue.push(assignment);
    this.#firstDueAt = null;
  }

  /** Takes note that a worker need not compute or send this any more; nothing where it does not have it, or is gone. */
  taken(worker: WorkerId, assignment: AssignmentId, now: number): void {
    const member = this.#members.get(worker);
    if (!member) return;
    if (member.sending.owes) {
      member.sending.over(assignment, now);
      this.#firstDueAt = null;
    }
    const index = member.queue.findIndex(({ id }) => id === assignment);
    if (index < 0) return;
    member.queue.splice(index, 1);
    if (index === 0) member.since = now;
    this.#firstDueAt = null;
  }

  /** Takes note of a range that a worker may send when it is told. */
  granted(worker: WorkerId, assignment: AssignmentId, range: number): void {
    this.#members.get(worker)!.sending.granted(assignment, range);
  }

  /** Takes note that a worker was sent a grant; nothing where it is gone, or the grant is void. */
  told(worker: WorkerId, assignment: AssignmentId, range: number, now: number): void {
    this.#members.get(worker)?.sending.told(assignment, range, now);
    this.#firstDueAt = null;
  }

  /** Takes note of a range that was granted and came. */
  sent(worker: WorkerId, assignment: AssignmentId, range: number, now: number): void {
    this.#members.get(worker)!.sending.came(assignment, range, now);
    this.#rangesChanged();
  }

  /** Takes note of a report, whatever it is worth otherwise: its worker lives. A worker's first does not count as speed. */
  heard(worker: WorkerId, assignment: AssignmentId, computeSeconds: number, now: number): void {
    const member = this.#members.get(worker);
    if (!member) return;
    member.quiet = false;
    const index = member.queue.findIndex(({ id }) => id === assignment);
    if (index < 0) return;
    const { kind, microBatches } = member.queue[index];
    const turnaroundSeconds = index === 0 ? (now - member.since) / 1000 : null;
    paceOf(member, kind).measure(microBatches.length, computeSeconds, turnaroundSeconds);
    this.#pacesChanged();
    this.taken(worker, assignment, now);
  }

  /** Takes note that a late worker's work is another's: until it is heard of, it is given none that others wait for. */
  lost(worker: WorkerId, now: number): void {
    const member = this.#members.get(worker)!;
    const [first] = member.queue;
    paceOf(member, first.kind).wasLate(first.microBatches.length, (now - member.since) / 1000);
    member.quiet = true;
    this.#pacesChanged();
  }

  /** As `lost`, of a worker that was late in sending. What it owes of other assignments stays as late as it is. */
  lostInSending(worker: WorkerId, assignment: AssignmentId, now: number): void {
    const member = this.#members.get(worker)!;
    member.sending.wasLate(assignment, now);
    member.quiet = true;
    this.#rangesChanged();
  }

  /** Workers that are not heard of. */
  get quiet(): WorkerId[] {
    return [...this.#members].filter(([, { quiet }]) => quiet).map(([worker]) => worker);
  }

  /** What a worker was given and has not reported, in order. */
  queueOf(worker: WorkerId): readonly Assignment[] {
    return this.#members.get(worker)?.queue ?? [];
  }

  /** Whether a worker has taken too long over what it computes. */
  isLate(worker: WorkerId, now: number): boolean {
    const member = this.#members.get(worker);
    return member !== undefined && now >= this.#reportDueAt(member);
  }

  /** Whether a worker has ranges to send that it was told of, and the next has taken it too long. */
  isLateInSending(worker: WorkerId, now: number): boolean {
    const member = this.#members.get(worker);
    return member !== undefined && now >= this.#rangeDueAt(member);
  }

  /** Seconds that a range takes a worker to send, as it was measured; null before the first. */
  rangeSeconds(worker: WorkerId): number | null {
    return this.#members.get(worker)?.sending.rangeSeconds ?? null;
  }

  /** Whether a worker has ranges to send that it was granted, told of them or not. */
  owesRanges(worker: WorkerId): boolean {
    return this.#members.get(worker)?.sending.owes ?? false;
  }

  /** Workers that are late, in computing or in sending, in the order of joining. */
  late(now: number): WorkerId[] {
    if (now < this.#first()) return [];
    return [...this.#members].flatMap(([worker, member]) => (now >= this.#dueAt(member) ? [worker] : []));
  }

  /** When the next worker will be late, if it is not heard of; null for never. */
  nextDueAt(now: number): number | null {
    let next = this.#first();
    if (next <= now) {
      next = Infinity;
      for (const member of this.#members.values()) {
        for (const dueAt of [this.#reportDueAt(member), this.#rangeDueAt(member)]) {
          if (dueAt > now && dueAt < next) next = dueAt;
        }
      }
    }
    return next === Infinity ? null : next;
  }

  /**
   * Takes note that a worker computed what is wrong.
   * @returns how often it has by now.
   */
  strike(worker: WorkerId): number {
    const strikes = (this.#strikes.get(worker) ?? 0) + 1;
    this.#strikes.set(worker, strikes);
    return strikes;
  }

  /** Takes note of who got work when an issue was handed out. */
  countIdle(): void {
    for (const member of this.#members.values()) {
      member.idleIssues = member.queue.length > 0 ? 0 : member.idleIssues + 1;
    }
  }

  /**
   * All workers as candidates, in the order of joining, without those that are late or quiet where there are others. One not
   * yet measured counts as the mean of those that are.
   */
  candidates(now: number): WorkerCandidate[] {
    const rates = [...this.#members.values()].flatMap(({ paces }) => paces.train.rate ?? []);
    const mean = rates.length === 0 ? 1 : meanOf(rates);
    const members = [...this.#members];
    const timely = members.filter(([, member]) => !member.quiet && now < this.#dueAt(member));
    return (timely.length > 0 ? timely : members).map(([worker, { paces, queue, idleIssues }]) => ({
      worker,
      rate: paces.train.rate ?? mean,
      load: queue.reduce((sum, { microBatches }) => sum + microBatches.length, 0),
      probe: idleIssues >= IDLE_ISSUES_MAX,
    }));
  }

  /** Each worker with its measured speed in micro-batches a second, null where it has none yet; for displays. */
  speeds(): { worker: WorkerId; microBatchesPerSecond: number | null }[] {
    return [...this.#members].map(([worker, { paces }]) => ({
      worker,
      microBatchesPerSecond: paces.train.rate,
    }));
  }

  /**
   * When a worker that has not reported by then is late; Infinity where it computes nothing, or nothing was ever measured: by
   * its own pace, or where it has none by the mean of the others' expectations.
   */
  #reportDueAt(member: Member): number {
    if (member.queue.length === 0) return Infinity;
    const { kind, microBatches } = member.queue[0];
    const own = paceOf(member, kind).expectedSeconds(microBatches.length);
    const expectedSeconds = own ?? this.#meanOfMeasured(paceKind(kind), microBatches.length);
    if (expectedSeconds === null) return Infinity;
    return member.since + Math.max(LATE_LEAST_MS, LATE_FACTOR * expectedSeconds * 1000);
  }

  /** As `#reportDueAt`, of the next range that it was told of. */
  #rangeDueAt({ sending }: Member): number {
    if (!sending.isAwaited) return Infinity;
    const expectedSeconds = sending.rangeSeconds ?? this.#meanRangeSeconds();
    if (expectedSeconds === null) return Infinity;
    return sending.since + Math.max(LATE_LEAST_MS, SEND_LATE_FACTOR * expectedSeconds * 1000);
  }

  #dueAt(member: Member): number {
    return Math.min(this.#reportDueAt(member), this.#rangeDueAt(member));
  }

  /** When the first worker is late, perhaps in the past; Infinity for never. */
  #first(): number {
    if (this.#firstDueAt !== null) return this.#firstDueAt;
    let first = Infinity;
    for (const member of this.#members.values()) first = Math.min(first, this.#dueAt(member));
    this.#firstDueAt = first;
    return first;
  }

  #meanOfMeasured(kind: keyof Member['paces'], pieces: number): number | null {
    const known = this.#meanSeconds[kind].get(pieces);
    if (known !== undefined) return known;
    const all = [...this.#members.values()].flatMap(({ paces }) => paces[kind].expectedSeconds(pieces) ?? []);
    const mean = all.length === 0 ? null : meanOf(all);
    this.#meanSeconds[kind].set(pieces, mean);
    return mean;
  }

  #meanRangeSeconds(): number | null {
    if (this.#rangeSeconds === undefined) {
      const all = [...this.#members.values()].flatMap(({ sending }) => sending.rangeSeconds ?? []);
      this.#rangeSeconds = all.length === 0 ? null : meanOf(all);
    }
    return this.#rangeSeconds;
  }

  /** What was worked out from how long ranges take is void. */
  #rangesChanged(): void {
    this.#rangeSeconds = undefined;
    this.#firstDueAt = null;
  }

  /** What was worked out from paces is void. */
  #pacesChanged(): void {
    this.#meanSeconds.train.clear();
    this.#meanSeconds.evaluate.clear();
    this.#firstDueAt = null;
  }
}

/** Why a worker is set aside, for people. */
export function wrongTooOften(strikes: number): string {
  return `it computed what is wrong ${strikes} times`;
}

function paceOf({ paces }: Member, kind: Assignment['kind']): Pace {
  return paces[paceKind(kind)];
}

function paceKind(kind: Assignment['kind']): keyof Member['paces'] {
  return kind === 'evaluate' ? 'evaluate' : 'train';
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
