/**
 * Reports that do not count before another worker has computed the same. A report is questioned for micro-batches whose norm
 * lies far outside, and for those that the audit drew; none of its ranges is granted, and its grid is not judged, until then.
 *
 * The second word is an assignment of kind `audit`. Where the two differ a third worker decides; where three say three things
 * nobody is contradicted, and the report leaves the step. Without a third a norm
 * that another did not find is refuted, and a drawn micro-batch stands, with both named. Without a second worker the first
 * computes a far norm again itself, and a drawn micro-batch stands.
 */
import { assign, hasResultsOf, withdraw, type AssignmentFrame, type Desk } from './desk.js';
import type { SecondWordVerdict } from './effects.js';
import type { Holding } from './issue-ledger.js';
import type { AssignmentId, MicroBatchResult, WorkerId } from './work.js';

/** Why a micro-batch is computed a second time: its norm lies far outside, or the audit drew it and bits are compared, or both. */
export interface QuestionCause {
  readonly norm: boolean;
  readonly audit: boolean;
}

/** A report that was questioned, as it came. */
export interface QuestionedReport {
  readonly holding: Holding;
  readonly results: readonly MicroBatchResult[];
  readonly fits: boolean;
}

/** What one worker computed of the micro-batches in question, by micro-batch. */
export interface Word {
  readonly worker: WorkerId;
  readonly results: ReadonlyMap<number, MicroBatchResult>;
}

interface Question extends QuestionedReport {
  readonly causes: ReadonlyMap<number, QuestionCause>;
  /** The report's own first. */
  readonly words: Word[];
  /** The audit that is awaited. */
  asked: { readonly worker: WorkerId; readonly assignment: AssignmentId };
}

/** What becomes of a questioned report. `contradicted`: whom two others, or the second word alone, contradict. */
export interface Settled {
  readonly report: QuestionedReport;
  readonly stands: boolean;
  readonly causes: ReadonlyMap<number, QuestionCause>;
  readonly contradicted: WorkerId | null;
  /** Who said what of it, the questioned one first. */
  readonly words: readonly Word[];
}

/** Norms and losses of one micro-batch that are as near as this are of one gradient, be it of workers of two kinds. */
const SAME_NORM = 1e-3;

/** The questions of one issue of a step. */
export class SecondWords {
  readonly #desk: Desk;
  readonly #frame: AssignmentFrame;
  readonly #settled: (settled: Settled) => void;
  /** By the assignment that is questioned. */
  readonly #questions = new Map<AssignmentId, Question>();

  /** @param settled told of each question when it is answered, once; it may be told before `open` returns. */
  constructor(desk: Desk, frame: AssignmentFrame, settled: (settled: Settled) => void) {
    this.#desk = desk;
    this.#frame = frame;
    this.#settled = settled;
  }

  /** Questions a report. */
  open(report: QuestionedReport, causes: ReadonlyMap<number, QuestionCause>): void {
    const { worker } = report.holding;
    const words = [{ worker, results: wordOf(report.results) }];
    this.#ask({ ...report, causes, words, asked: { worker, assignment: -1 } });
  }

  /**
   * Takes a report in that may be a second word.
   * @returns whether it is one.
   */
  answered(worker: WorkerId, assignment: AssignmentId, results: readonly MicroBatchResult[]): boolean {
    for (const question of this.#questions.values()) {
      const { asked, causes, words } = question;
      if (asked.assignment !== assignment || asked.worker !== worker) continue;
      const microBatches = results.map(({ microBatch }) => microBatch);
      const wanted = { ...this.#frame, id: assignment, microBatches: [...causes.keys()], firstRange: 0 };
      // A wrong one has its worker dismissed, and another asked.
      if (!hasResultsOf(this.#desk, 'report', worker, wanted, microBatches)) return true;
      words.push({ worker, results: wordOf(results) });
      this.#weigh(question);
      return true;
    }
    return false;
  }

  /** What a lost worker was questioned about is void, and what it was asked another is asked. */
  workerLeft(worker: WorkerId): void {
    for (const question of [...this.#questions.values()]) {
      const { id } = question.holding.assignment;
      if (!this.#questions.has(id)) continue;
      if (question.holding.worker === worker) {
        this.#questions.delete(id);
        withdraw(this.#desk, question.asked.worker, question.asked.assignment);
      } else if (question.asked.worker === worker) this.#ask(question);
    }
  }

  /** Asks others where who was asked is late; where there is no other, only what the audit drew does not wait. */
  passOverTheLate(): void {
    for (const question of [...this.#questions.values()]) {
      const { asked, causes } = question;
      if (!this.#desk.roster.isLate(asked.worker, this.#desk.now)) continue;
      if (hasNorm(causes) && this.#desk.roster.size === 1) continue;
      this.#desk.roster.lost(asked.worker, this.#desk.now);
      withdraw(this.#desk, asked.worker, asked.assignment);
      this.#ask(question, asked.worker);
    }
  }

  /** Tells workers that no word is wanted any more. */
  abandon(): void {
    for (const { asked } of this.#questions.values()) withdraw(this.#desk, asked.worker, asked.assignment);
    this.#questions.clear();
  }

  /** Asks the next worker, the one that will have computed it first; without one there is nothing to wait for. */
  #ask(question: Question, without: WorkerId | null = null): void {
    const { holding, words, causes } = question;
    const next = this.#desk.roster
      .candidates(this.#desk.now)
      .filter(({ worker }) => worker !== without && words.every((word) => word.worker !== worker))
      .map(({ worker, rate, load }) => ({ worker, seconds: (load + causes.size) / rate }))
      .reduce<{ worker: WorkerId; seconds: number } | null>(
        (best, candidate) => (best === null || candidate.seconds < best.seconds ? candidate : best),
        null,
      );
    const alone = words.length === 1 && hasNorm(causes) ? holding.worker : null;
    const worker = next?.worker ?? alone;
    if (worker === null) return this.#endWithout(question);
    const id = this.#desk.nextAssignment();
    question.asked = { worker, assignment: id };
    this.#questions.set(holding.assignment.id, question);
    assign(this.#desk, worker, { ...this.#frame, id, microBatches: [...causes.keys()], firstRange: 0 });
  }

  #weigh(question: Question): void {
    const { words, causes } = question;
    const [first, second, third] = words;
    if (third === undefined) {
      if (agree(first, second, causes)) return this.#end(question, 'stands', null);
      // One that contradicts itself needs no third.
      if (first.worker === second.worker) return this.#end(question, 'refuted', first.worker);
      return this.#ask(question);
    }
    if (agree(first, third, causes)) return this.#end(question, 'stands', second.worker);
    if (agree(second, third, causes)) return this.#end(question, 'refuted', first.worker);
    this.#endWithout(question);
  }

  /** Nobody is left who could decide. */
  #endWithout(question: Question): void {
    const { words, causes, holding } = question;
    const [first, second] = words;
    if (second === undefined) return this.#end(question, 'unheld', null);
    // Where three say three things, who is wrong is not known.
    const named = words.length > 2 ? null : holding.worker;
    if (!confirms(first, second, causes)) return this.#end(question, 'refuted', named);
    this.#end(question, 'unsettled', null);
  }

  #end(question: Question, verdict: SecondWordVerdict, contradicted: WorkerId | null): void {
    const { holding, results, fits, causes, words } = question;
    const { id } = holding.assignment;
    const workers = words.map(({ worker }) => worker);
    this.#questions.delete(id);
    this.#desk.emit({
      type: 'second-word',
      step: this.#frame.step,
      assignment: id,
      microBatches: [...causes.keys()],
      cause: hasNorm(causes) ? 'norm' : 'audit',
      verdict,
      workers,
    });
    const report = { holding, results, fits };
    this.#settled({ report, stands: verdict !== 'refuted', causes, contradicted, words });
  }
}

function hasNorm(causes: ReadonlyMap<number, QuestionCause>): boolean {
  return [...causes.values()].some(({ norm }) => norm);
}

function wordOf(results: readonly MicroBatchResult[]): ReadonlyMap<number, MicroBatchResult> {
  return new Map(results.map((result) => [result.microBatch, result]));
}

/** Whether one word says of each micro-batch what the other does, to the bit where the audit drew it. */
function agree(one: Word, other: Word, causes: ReadonlyMap<number, QuestionCause>): boolean {
  const haveSame = [...causes].every(([microBatch, { audit }]) => {
    return !audit || areSame(one.results.get(microBatch)!, other.results.get(microBatch)!);
  });
  return haveSame && confirms(one, other, causes);
}

/** Whether one word bears the other out where its norms lie far outside. */
function confirms(one: Word, other: Word, causes: ReadonlyMap<number, QuestionCause>): boolean {
  return [...causes].every(([microBatch, { norm }]) => {
    return !norm || areNear(one.results.get(microBatch)!, other.results.get(microBatch)!);
  });
}

/** Whether two computed one gradient, if perhaps with other bits. */
function areNear(a: MicroBatchResult, b: MicroBatchResult): boolean {
  const near = (x: number, y: number): boolean =>
    Math.abs(x - y) <= SAME_NORM * Math.max(Math.abs(x), Math.abs(y));
  return a.finite === b.finite && near(a.norm, b.norm) && near(a.lossSum, b.lossSum);
}

/** Whether two computed the same bits. A hash of 0 is none: that gradient is not on the grid, or an earlier release computed it. */
function areSame(a: MicroBatchResult, b: MicroBatchResult): boolean {
  const sums = a.hash === b.hash || a.hash === 0 || b.hash === 0;
  return sums && a.finite === b.finite && a.norm === b.norm && a.lossSum === b.lossSum;
}
