import { assert } from '@rocinante/base';
import { isAudited } from './audit-draw.js';
import { handOut, liveHolding, reportedHolding, withdraw, type AssignmentFrame, type Desk } from './desk.js';
import { Disagreements } from './disagreements.js';
import type { RunEvent } from './events.js';
import { IssueLedger, type Holding } from './issue-ledger.js';
import type { NormHistory } from './norm-history.js';
import { microBatchCount } from './plan.js';
import { Probes } from './probes.js';
import { raceTheLate, winOver, withdrawIfOutrun } from './race.js';
import { STRIKES_MAX, wrongTooOften } from './roster.js';
import type { RunShape } from './run-state.js';
import { SecondWords, type QuestionCause, type QuestionedReport, type Settled } from './second-words.js';
import { Suspects } from './suspects.js';
import type { MicroBatchResult, WorkerId } from './work.js';

/** How often a step is issued at most: once, and three times again. */
export const ISSUES_MAX = 4;

type Of<Type extends RunEvent['type']> = Extract<RunEvent, { type: Type }>;

/** How a step stands. `lossSum` is over its windows, in nats; norms are its micro-batches'. */
export type StepOutcome =
  | { readonly type: 'open' }
  | { readonly type: 'complete'; readonly lossSum: number; readonly norms: readonly number[] }
  | { readonly type: 'failed' | 'diverged'; readonly reason: string };

/**
 * One step, from its first issue until every range has its Adam.
 *
 * An issue goes through: work handed out; reports in; grid judged, which accepts the issue or begins the next one; sums
 * whole; ranges applied. Ranges travel before the judgement already, and none is applied before it.
 */
export class StepWork {
  readonly #shape: RunShape;
  readonly #step: number;
  readonly #desk: Desk;
  readonly #norms: NormHistory;
  #ledger: IssueLedger;
  #secondWords: SecondWords;
  #issue = 0;
  #grid: 'previous' | 'own' = 'previous';
  /** Whether some report of this issue does not fit its grid: it will not close, and nothing more travels. */
  #misfit = false;
  /** Whether the last judgement of this issue agreed. */
  #accepted = false;
  #judging = false;
  /** Ranges whose Adam was asked for in this issue, and those of them that are not answered yet. */
  readonly #asked = new Set<number>();
  readonly #applying = new Set<number>();
  #reporters = new Set<WorkerId>();
  #reportersBefore = new Set<WorkerId>();
  readonly #suspects = new Suspects();
  /** Micro-batches that are to be computed by another, and by whom not. */
  readonly #elsewhere = new Map<number, WorkerId>();
  /** How often three said three things of a micro-batch that does not count yet. */
  readonly #disagreements = new Disagreements();
  readonly #probes: Probes;
  #outcome: StepOutcome = { type: 'open' };

  /** @param norms what those of the steps before were. */
  constructor(shape: RunShape, step: number, desk: Desk, norms: NormHistory) {
    this.#shape = shape;
    this.#step = step;
    this.#desk = desk;
    this.#norms = norms;
    this.#probes = new Probes(desk);
    this.#ledger = this.#newLedger();
    this.#secondWords = this.#newSecondWords();
    this.#beginIssue('previous', []);
  }

  get issue(): number {
    return this.#issue;
  }

  get outcome(): StepOutcome {
    return this.#outcome;
  }

  /** For each worker how many micro-batches of the issue it holds. */
  shares(): ReadonlyMap<WorkerId, number> {
    return this.#ledger.shares();
  }

  /** Hands out what nobody holds. */
  workersChanged(): void {
    handOut(this.#desk, this.#ledger, this.#frame('train'), this.#elsewhere);
  }

  /** Gives what is late to those that are free, and leave for the next to those that lost what they were to send. */
  timePassed(): void {
    raceTheLate(this.#desk, this.#ledger, this.#frame('train'));
    for (const worker of this.#ledger.takeFreed()) if (this.#desk.roster.has(worker)) this.#grant(worker);
    this.#secondWords.passOverTheLate();
    this.workersChanged();
  }

  /** A lost worker keeps what is summed whole, and after a misfit what is reported, since no more than that is wanted. */
  workerLeft(worker: WorkerId): void {
    for (const holding of this.#ledger.holdings) {
      const stays = this.#ledger.isComplete(holding) || (this.#misfit && holding.state === 'reported');
      if (holding.worker === worker && !stays) this.#ledger.drop(holding.assignment.id);
    }
    this.#probes.workerLeft(worker);
    this.#secondWords.workerLeft(worker);
    this.workersChanged();
  }

  /** Tells workers that what they hold is not wanted any more. */
  abandon(): void {
    for (const holding of this.#ledger.holdings) {
      if (!this.#ledger.isComplete(holding)) withdraw(this.#desk, holding.worker, holding.assignment.id);
    }
    this.#secondWords.abandon();
    this.#probes.end();
  }

  reported({ worker, assignment, results, fits }: Of<'reported'>): void {
    if (this.#secondWords.answered(worker, assignment, results)) return;
    if (this.#probes.answered(worker, assignment)) return;
    const microBatches = results.map(({ microBatch }) => microBatch);
    const holding = reportedHolding(this.#desk, this.#ledger, 'report', worker, assignment, microBatches);
    if (!holding || withdrawIfOutrun(this.#desk, this.#ledger, holding, this.#frame('train'))) return;
    winOver(this.#desk, this.#ledger, holding);
    const notFinite = Suspects.among(results);
    if (notFinite.length > 0) {
      this.#suspect(holding, notFinite);
      return;
    }
    this.#desk.emit({ type: 'keep-report', assignment });
    const causes = this.#causesToQuestion(worker, results);
    if (causes.size > 0) {
      this.#ledger.question(assignment);
      this.#secondWords.open({ holding, results, fits }, causes);
    } else this.#take({ holding, results, fits });
    this.workersChanged();
  }

  rangeArrived({ worker, assignment, range }: Of<'range-arrived'>): void {
    const holding = liveHolding(this.#desk, this.#ledger, 'range', worker, assignment);
    if (!holding) return;
    const granted = range < holding.granted;
    if (range !== holding.added || !granted) {
      const why = !granted
        ? `range ${range} was not granted`
        : range < holding.added
          ? `range ${range} is added already, or was never wanted`
          : `range ${range} came before range ${holding.added}`;
      this.#desk.emit({ type: 'ignore', what: 'range', worker, assignment, why });
      if (granted && range > holding.added) this.#desk.dismiss(worker, `ranges come in order: ${why}`);
      return;
    }
    this.#desk.roster.sent(worker, assignment, range, this.#desk.now);
    this.#ledger.add(assignment, range);
    this.#desk.emit({ type: 'add-range', assignment, range });
    if (this.#ledger.isComplete(holding)) winOver(this.#desk, this.#ledger, holding);
    this.#grant(worker);
    this.#applyWhole();
  }

  gridJudged({ agrees }: Of<'grid-judged'>): void {
    assert(this.#judging, 'grid-judged answers a judge-grid');
    this.#judging = false;
    if (agrees && !this.#misfit) {
      this.#accepted = true;
      this.#applyWhole();
      return;
    }
    if (this.#issue === ISSUES_MAX) {
      const workers = [...new Set([...this.#reportersBefore, ...this.#reporters])].join(', ');
      this.#fail(
        `step ${this.#step + 1} was issued ${ISSUES_MAX} times, and its gradient’s magnitudes were others each time; ` +
          `the last two times it was computed by ${workers}`,
      );
      return;
    }
    if (agrees) this.#dismissMisfits();
    this.#issueAgain(agrees ? this.#grid : 'own');
  }

  /** Answers may come in parts, in any order and late: one of an issue that was given up counts for nothing. */
  applied({ step, issue, ranges, finite }: Of<'applied'>): void {
    if (step !== this.#step || issue !== this.#issue) return;
    for (const range of ranges) {
      assert(
        this.#applying.delete(range),
        `applied answers apply, and range ${range} was not asked for, or twice`,
      );
    }
    if (!finite) {
      this.#diverge(`step ${this.#step + 1} would make a parameter or a moment that is not finite`);
      return;
    }
    if (this.#applying.size > 0 || this.#asked.size < this.#shape.rangeCount) return;
    this.#probes.end();
    this.#outcome = { type: 'complete', lossSum: this.#ledger.lossSum(), norms: this.#ledger.norms(null) };
  }

  #frame(kind: 'train' | 'audit'): AssignmentFrame {
    return {
      kind,
      step: this.#step,
      issue: this.#issue,
      parametersVersion: this.#step,
      magnitudesOnly: kind === 'train' && this.#misfit,
    };
  }

  #newSecondWords(): SecondWords {
    return new SecondWords(this.#desk, this.#frame('audit'), (settled) => this.#settle(settled));
  }

  #newLedger(): IssueLedger {
    return new IssueLedger(microBatchCount(this.#shape, this.#step), this.#shape.rangeCount);
  }

  /** Gives the issue in hand up, and begins the next one: everything of it is void. */
  #issueAgain(grid: 'previous' | 'own'): void {
    const misfits = this.#ledger.holdings.filter(({ state, fits }) => state === 'reported' && !fits);
    const misfitWorkers = new Set(misfits.map(({ worker }) => worker));
    this.abandon();
    this.#ledger = this.#newLedger();
    this.#beginIssue(grid, [...misfitWorkers]);
  }

  #beginIssue(grid: 'previous' | 'own', misfitWorkers: readonly WorkerId[]): void {
    this.#issue += 1;
    this.#grid = grid;
    this.#misfit = false;
    this.#accepted = false;
    this.#asked.clear();
    this.#applying.clear();
    this.#reportersBefore = this.#reporters;
    this.#reporters = new Set();
    this.#secondWords = this.#newSecondWords();
    this.#desk.emit({ type: 'issue', step: this.#step, issue: this.#issue, grid, misfitWorkers });
    this.workersChanged();
    this.#probes.ask(this.#frame('audit'));
    this.#desk.roster.countIdle();
  }

  /** Micro-batches of a report that are to be computed a second time, and why. */
  #causesToQuestion(
    worker: WorkerId,
    results: readonly MicroBatchResult[],
  ): ReadonlyMap<number, QuestionCause> {
    const neighboursOf = (): readonly number[] => this.#ledger.norms(worker);
    const causes = new Map<number, QuestionCause>();
    for (const { microBatch, norm } of results) {
      const isOutlying = this.#shape.normChecks && this.#norms.isOutlying(norm, neighboursOf);
      const audit = isAudited(this.#shape, this.#step, microBatch);
      if (isOutlying || audit) causes.set(microBatch, { norm: isOutlying, audit });
    }
    return causes;
  }

  /** Takes a report in: from now on it counts. */
  #take({ holding: { worker, assignment }, results, fits }: QuestionedReport): void {
    this.#ledger.accept(assignment.id, results, fits);
    this.#reporters.add(worker);
    this.#misfit ||= !fits;
    this.#grant(worker);
    if (this.#ledger.allReported) {
      this.#judging = true;
      // Not those of rivals, which compute what another has reported.
      const reported = this.#ledger.holdings.filter(({ state }) => state === 'reported');
      const assignments = reported.map((held) => held.assignment.id);
      this.#desk.emit({ type: 'judge-grid', assignments });
    }
    // Last, since a worker that is set aside for it loses what it holds.
    this.#clear(worker, results);
  }

  /** A questioned report counts, or leaves the step; who computed what is wrong is named. */
  #settle({ report, stands, causes, contradicted, words }: Settled): void {
    const { worker, assignment } = report.holding;
    if (stands) this.#take(report);
    else {
      withdraw(this.#desk, worker, assignment.id);
      this.#ledger.drop(assignment.id);
      for (const microBatch of causes.keys()) this.#elsewhere.set(microBatch, worker);
      const disagreement = contradicted === null ? this.#disagreements.count(causes.keys(), words) : null;
      if (disagreement !== null) return this.#fail(`step ${this.#step + 1}, ${disagreement}`);
    }
    if (contradicted !== null) {
      const others = words.flatMap((word) => (word.worker === contradicted ? [] : [word.worker]));
      const about = `step ${this.#step + 1}, micro-batch ${[...causes.keys()].join(', ')}`;
      const otherwise = others.length === 0 ? 'it computed again' : `${others.join(' and ')} computed`;
      this.#strike(contradicted, `${about}: what worker ${contradicted} computed is not what ${otherwise}`);
    }
    this.workersChanged();
  }

  /** Names a worker that computed what is wrong, and sets it aside when it is not the first time. */
  #strike(worker: WorkerId, why: string): void {
    const { roster } = this.#desk;
    if (!roster.has(worker)) return;
    const strikes = roster.strike(worker);
    this.#desk.emit({ type: 'strike', worker, strikes, why });
    if (strikes === STRIKES_MAX) this.#desk.setAside(worker, wrongTooOften(strikes));
  }

  #grant(worker: WorkerId): void {
    if (this.#misfit) return;
    for (const { assignment, range } of this.#ledger.grant(worker)) {
      this.#desk.roster.granted(worker, assignment, range);
      this.#desk.emit({ type: 'grant', worker, assignment, range });
    }
  }

  /** Asks for the Adam of every range whose sum is whole; with clipping of all ranges at once. */
  #applyWhole(): void {
    if (!this.#accepted) return;
    const ranges: number[] = [];
    for (let range = 0; range < this.#shape.rangeCount; range++) {
      if (this.#ledger.isWhole(range) && !this.#asked.has(range)) ranges.push(range);
    }
    if (ranges.length === 0 || (this.#shape.clips && ranges.length < this.#shape.rangeCount)) return;
    for (const range of ranges) {
      this.#asked.add(range);
      this.#applying.add(range);
    }
    this.#desk.emit({ type: 'apply', step: this.#step, issue: this.#issue, ranges });
  }

  /** A contribution with a micro-batch that is not finite leaves the step, and another computes it again. */
  #suspect({ worker, assignment }: Holding, notFinite: readonly MicroBatchResult[]): void {
    const before = this.#suspects.suspect(worker, notFinite);
    if (before !== null) {
      const { microBatch, worker: first } = before;
      this.#diverge(
        `step ${this.#step + 1}, micro-batch ${microBatch} has a loss or gradient that is not finite, ` +
          (first === worker ? `computed twice by ${worker}` : `computed by ${first} and by ${worker}`),
      );
      return;
    }
    for (const { microBatch } of notFinite) this.#elsewhere.set(microBatch, worker);
    withdraw(this.#desk, worker, assignment.id);
    this.#ledger.drop(assignment.id);
    this.workersChanged();
  }

  /** A second computation that is finite stands, and the first was wrong. */
  #clear(worker: WorkerId, results: readonly MicroBatchResult[]): void {
    for (const { microBatch } of results) {
      this.#elsewhere.delete(microBatch);
      this.#disagreements.forget(microBatch);
      const first = this.#suspects.clear(microBatch);
      if (first === undefined) continue;
      const why =
        `step ${this.#step + 1}, micro-batch ${microBatch}: worker ${first} computed what is not finite, ` +
        (first === worker
          ? 'and computed it again as finite'
          : `worker ${worker} did not; the second result stands`);
      this.#strike(first, why);
    }
  }

  /** The grid fits what was reported, and these reports say that it does not. */
  #dismissMisfits(): void {
    for (const { worker, fits, assignment } of this.#ledger.holdings) {
      if (fits || !this.#desk.roster.has(worker)) continue;
      this.#desk.dismiss(
        worker,
        `its report on assignment ${assignment.id} says of magnitudes that fit the grid that they do not`,
      );
    }
  }

  #diverge(what: string): void {
    this.#outcome = { type: 'diverged', reason: `diverged: ${what}` };
  }

  #fail(reason: string): void {
    this.#outcome = { type: 'failed', reason };
  }
}
