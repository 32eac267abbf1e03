import { assert, assertNever } from '@rocinante/base';
import { endOf, nextMove, phaseBetween, type Between } from './between.js';
import type { Desk } from './desk.js';
import type { RunEffect, RunOutcome, SaveReason } from './effects.js';
import { EvaluationWork } from './evaluation-work.js';
import type { RunEvent } from './events.js';
import { spikeOf } from './loss-watch.js';
import { NormHistory } from './norm-history.js';
import { checkShape, epochOf, windowsOf } from './plan.js';
import { withEntry, withStep } from './progress.js';
import { Roster, STRIKES_MAX, wrongTooOften } from './roster.js';
import type { RunProgress, RunShape } from './run-state.js';
import type { RunPhase, RunView } from './run-view.js';
import { Saves } from './saves.js';
import { StepWork } from './step-work.js';
import type { AssignmentId, WorkerId } from './work.js';

export interface RunMachineOptions {
  /**
   * The number of the first assignment, 0 by default; the others count on from it. A driver of several runs gives each one
   * that is above all of those before, so that numbers are unique in its life.
   */
  readonly firstAssignment?: AssignmentId;
  /** What workers were found to have computed wrong in an earlier life of the run that their sessions outlast; none by default. */
  readonly strikes?: ReadonlyMap<WorkerId, number>;
}

/**
 * A synchronous run as a pure state machine: events in, effects out, and nothing else in or out.
 *
 * The driver's loop. It hands over one event at a time and carries out the effects in their order before the next one.
 * Three effects are questions. `judge-grid` is answered at once: the answer is handed over before any event from outside.
 * `apply` and `save` are answered whenever they are done, beside other work; several `apply` may be under way. The driver
 * begins with a `tick`, and ends after `finish`: later events give no effects.
 *
 *     queue.push(event);
 *     while ((next = answers.shift() ?? queue.shift())) {
 *       for (const effect of machine.handle(next)) carryOut(effect, answers);
 *     }
 *
 * `keep-report` and `add-range` speak of the report or range that came with the event just handed over. Without them it
 * counts for nothing, and the driver lets it go.
 *
 * A run at step 0 saves before its first issue; one with steps closed goes on where its checkpoint stands, and ends at once
 * where that is its end.
 * @throws {AssertionError} an answer to no question, a worker that joins twice, a shape or progress that cannot be.
 */
export class RunMachine {
  readonly #shape: RunShape;
  readonly #roster: Roster;
  readonly #desk: Desk;
  readonly #norms = new NormHistory();
  #progress: RunProgress;
  #effects: RunEffect[] = [];
  #work: StepWork | EvaluationWork | null = null;
  #nextAssignment: AssignmentId;
  #now: number;
  readonly #saves: Saves;
  /** A save that must begin before the run goes on. */
  #owed: { readonly reason: SaveReason; readonly best: boolean } | null;
  /** The request to end before the end; null without one. */
  #stop: Extract<RunEvent, { type: 'stop-requested' }> | null = null;
  /** Why nothing goes on from the closed state; null where it does. */
  #divergence: string | null = null;
  #held = false;
  #over = false;

  /** @param startedAt the time from which the first interval between checkpoints counts, in milliseconds. */
  constructor(shape: RunShape, progress: RunProgress, startedAt: number, options: RunMachineOptions = {}) {
    checkShape(shape);
    assert(progress.step <= shape.stepsTotal, `${progress.step} of ${shape.stepsTotal} steps are closed`);
    this.#shape = shape;
    this.#roster = new Roster(options.strikes);
    this.#progress = progress;
    this.#now = startedAt;
    this.#nextAssignment = options.firstAssignment ?? 0;
    this.#saves = new Saves(shape, progress.step > 0 ? progress : null, startedAt);
    this.#owed = progress.step > 0 ? null : { reason: 'start', best: false };
    const timeOf = (): number => this.#now;
    this.#desk = {
      roster: this.#roster,
      get now(): number {
        return timeOf();
      },
      emit: (effect) => this.#effects.push(effect),
      nextAssignment: () => this.#nextAssignment++,
      dismiss: (worker, why) => {
        this.#effects.push({ type: 'dismiss', worker, why });
        this.#workerLeft(worker);
      },
      setAside: (worker, why) => {
        this.#effects.push({ type: 'set-aside', worker, why });
        this.#workerLeft(worker);
      },
    };
  }

  /** Where the run stands between steps; a new object after each change. */
  get progress(): RunProgress {
    return this.#progress;
  }

  get view(): RunView {
    const step = this.#work instanceof StepWork ? this.#work : null;
    const shares = step?.shares();
    return {
      phase: this.#phase(),
      issue: step?.issue ?? 0,
      workers: this.#roster
        .speeds()
        .map((speed) => ({ ...speed, microBatches: shares?.get(speed.worker) ?? 0 })),
      spares: Math.max(0, this.#roster.size - this.#shape.microBatchesPerStep),
    };
  }

  /** How often workers were found to have computed what is wrong; those too that are gone. */
  get strikes(): ReadonlyMap<WorkerId, number> {
    return this.#roster.strikes;
  }

  /** What the driver must do now that this has happened, in order. */
  handle(event: RunEvent): RunEffect[] {
    if (this.#over) return [];
    this.#effects = [];
    this.#now = Math.max(this.#now, event.at);
    this.#take(event);
    while (!this.#over && this.#goOn());
    if (!this.#over) this.#work?.timePassed();
    return this.#effects;
  }

  /**
   * When a worker is late that has not been heard of by then, by the clock of events: hand over a `tick` at that time, or soon
   * after. Null where no worker's report is awaited, or nothing is known of how long it takes.
   */
  get wakeAt(): number | null {
    return this.#over ? null : this.#roster.nextDueAt(this.#now);
  }

  /** Whether a worker was sent a grant, and the range has taken it too long, by the time of the last event. */
  isLateInSending(worker: WorkerId): boolean {
    return this.#roster.isLateInSending(worker, this.#now);
  }

  /** Seconds that a range takes a worker to send, as it was measured; null before the first. */
  rangeSeconds(worker: WorkerId): number | null {
    return this.#roster.rangeSeconds(worker);
  }

  #take(event: RunEvent): void {
    if (event.type === 'reported' || event.type === 'evaluated') {
      this.#roster.heard(event.worker, event.assignment, event.computeSeconds, this.#now);
    }
    const step = this.#work instanceof StepWork ? this.#work : null;
    const evaluation = this.#work instanceof EvaluationWork ? this.#work : null;
    switch (event.type) {
      case 'worker-joined':
        this.#workerJoined(event.worker);
        break;
      case 'worker-left':
        this.#workerLeft(event.worker);
        break;
      case 'reported':
        if (step) step.reported(event);
        else this.#ignore('report', event);
        break;
      case 'evaluated':
        if (evaluation) evaluation.evaluated(event);
        else this.#ignore('evaluation', event);
        break;
      case 'range-arrived':
        if (step) step.rangeArrived(event);
        else this.#ignore('range', event);
        break;
      case 'granted':
        this.#roster.told(event.worker, event.assignment, event.range, this.#now);
        break;
      case 'grid-judged':
        assert(step !== null, 'grid-judged comes in a step');
        step.gridJudged(event);
        break;
      case 'applied':
        step?.applied(event);
        break;
      case 'saved':
        this.#saves.done(event.step, event.seconds);
        break;
      case 'save-failed':
        this.#saves.failed(event.step);
        this.#finish('failed', `the checkpoint of step ${event.step} was not saved: ${event.reason}`);
        break;
      case 'stop-requested':
        this.#stop ??= event;
        break;
      case 'step-abandoned':
        if (this.#stop !== null && step !== null) this.#abandon(step);
        break;
      case 'held':
        this.#held = true;
        break;
      case 'released':
        this.#held = false;
        break;
      case 'tick':
        break;
      default:
        assertNever(event);
    }
  }

  #workerJoined(worker: WorkerId): void {
    this.#roster.join(worker);
    const strikes = this.#roster.strikes.get(worker) ?? 0;
    if (strikes >= STRIKES_MAX) return this.#desk.setAside(worker, wrongTooOften(strikes));
    const { microBatchesPerStep } = this.#shape;
    if (this.#roster.size > microBatchesPerStep) {
      const parts = microBatchesPerStep === 1 ? 'one micro-batch' : `${microBatchesPerStep} micro-batches`;
      const message = `worker ${worker} is a spare: ${this.#roster.size} workers, and a step has ${parts}`;
      this.#desk.emit({ type: 'notice', worker, message });
    }
    this.#work?.workersChanged();
  }

  #workerLeft(worker: WorkerId): void {
    if (!this.#roster.has(worker)) return;
    this.#roster.leave(worker);
    this.#work?.workerLeft(worker);
  }

  #ignore(
    what: 'report' | 'evaluation' | 'range',
    { worker, assignment }: { worker: WorkerId; assignment: number },
  ): void {
    this.#desk.emit({ type: 'ignore', what, worker, assignment, why: 'nothing like it is wanted now' });
  }

  /** Takes one transition that needs no event, if there is one. */
  #goOn(): boolean {
    if (this.#work instanceof StepWork) return this.#goOnInStep(this.#work);
    if (this.#work instanceof EvaluationWork) return this.#goOnInEvaluation(this.#work);
    return this.#goOnBetween();
  }

  #goOnInStep(work: StepWork): boolean {
    const { outcome } = work;
    switch (outcome.type) {
      case 'open':
        if (this.#stop === null || this.#roster.size > 0) return false;
        this.#abandon(work);
        return true;
      case 'failed':
        this.#finish('failed', outcome.reason);
        return true;
      case 'diverged':
        this.#divergence = outcome.reason;
        this.#work = null;
        return true;
      case 'complete': {
        const { step } = this.#progress;
        const windows = windowsOf(this.#shape, step);
        this.#progress = withStep(this.#shape, this.#progress, work.issue, outcome.lossSum, windows);
        this.#desk.emit({
          type: 'close-step',
          step,
          issue: work.issue,
          epoch: epochOf(this.#shape, step),
          windows,
          loss: outcome.lossSum / windows,
          norms: outcome.norms,
        });
        this.#norms.closed(outcome.norms);
        this.#work = null;
        this.#divergence = spikeOf(this.#shape, this.#progress);
        return true;
      }
      default:
        return assertNever(outcome);
    }
  }

  #goOnInEvaluation(work: EvaluationWork): boolean {
    if (work.lossSum !== null) {
      this.#work = null;
      this.#record(work.lossSum / this.#shape.evaluationUnits);
      return true;
    }
    if (this.#stop === null) return false;
    this.#abandon(work);
    return true;
  }

  /** Gives the work in hand up: the closed state is what it was. */
  #abandon(work: StepWork | EvaluationWork): void {
    work.abandon();
    this.#work = null;
  }

  #goOnBetween(): boolean {
    const move = nextMove(this.#between());
    switch (move.type) {
      case 'wait':
        return false;
      case 'save':
        this.#owed = null;
        this.#save(move.reason, move.best);
        return true;
      case 'record':
        this.#record(null);
        return true;
      case 'evaluate':
        this.#work = new EvaluationWork(this.#desk, this.#progress.step, this.#shape.evaluationPieces);
        return true;
      case 'train':
        this.#work = new StepWork(this.#shape, this.#progress.step, this.#desk, this.#norms);
        return true;
      case 'finish':
        this.#finish(move.outcome, move.reason);
        return true;
      default:
        return assertNever(move);
    }
  }

  #between(): Between {
    return {
      shape: this.#shape,
      progress: this.#progress,
      workers: this.#roster.size,
      saves: this.#saves,
      owed: this.#owed,
      stop: this.#stop,
      divergence: this.#divergence,
      held: this.#held,
      now: this.#now,
    };
  }

  #phase(): RunPhase {
    if (this.#over) return 'over';
    // Between steps the run goes on by itself, but for what it says it waits for.
    if (this.#work === null) return phaseBetween(this.#between());
    if (this.#roster.size === 0) return 'waiting';
    return this.#work instanceof StepWork ? 'training' : 'evaluating';
  }

  #record(validationLoss: number | null): void {
    const { progress, entry, best } = withEntry(this.#shape, this.#progress, validationLoss);
    this.#progress = progress;
    this.#desk.emit({ type: 'record', entry, best });
    this.#owed = { reason: endOf(this.#shape, this.#progress) === null ? 'evaluation' : 'end', best };
  }

  #save(reason: SaveReason, best: boolean): void {
    this.#saves.begin(this.#progress, this.#now);
    this.#desk.emit({ type: 'save', step: this.#progress.step, reason, best, progress: this.#progress });
  }

  #finish(outcome: RunOutcome, reason: string): void {
    this.#over = true;
    this.#work = null;
    this.#desk.emit({ type: 'finish', outcome, reason });
  }
}
